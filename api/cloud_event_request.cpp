#include "api/cloud_event_request.h"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "api/cloud_event.h"
#include "api/http/target.h"
#include "api/request_body.h"
#include "engine/base64.h"
#include "sagas/ascii.h"
#include "sagas/event_match.h"
#include "sagas/object_reader.h"
#include "sagas/utf8.h"

namespace skald::api {
namespace {

using sagas::Json;
using Way = SentEvents::Way;

constexpr std::string_view kAttributePrefix = "ce-";

/// By sagas::size_of: escapes make texts, and digits numbers, at most six times as long.
constexpr std::size_t kSurelyFits = sagas::kEventBytesMax / 8;

// ---- Media types -------------------------------------------------------------------------------

std::string_view without_blanks(std::string_view text) {
    const std::size_t first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// "text/plain" of "Text/Plain; charset=utf-8".
std::string media_type(std::string_view content_type) {
    return sagas::to_lower(without_blanks(content_type.substr(0, content_type.find(';'))));
}

/// Whether it says nothing of the charset, or UTF-8.
bool is_in_utf8(std::string_view content_type) {
    const std::string lower = sagas::to_lower(content_type);
    const std::size_t at = lower.find("charset=");
    if (at == std::string::npos) return true;
    std::string charset = lower.substr(at + 8, lower.find(';', at) - at - 8);
    std::erase(charset, '"');
    const std::string_view name = without_blanks(charset);
    return name == "utf-8" || name == "us-ascii";
}

bool is_json_type(std::string_view type) {
    return type == "application/json" || type == "text/json" || type.ends_with("+json");
}

Way way_of(const Request& request) {
    const std::string type = media_type(request.header("content-type").value_or(""));
    if (type == "application/cloudevents+json") return Way::Structured;
    return type == "application/cloudevents-batch+json" ? Way::Batch : Way::Binary;
}

// ---- Binary ------------------------------------------------------------------------------------

/// What stands in double quotes, without them and their backslashes (RFC 9110, 5.6.4).
std::string unquoted(std::string_view value) {
    if (value.size() < 2 || value.front() != '"' || value.back() != '"') return std::string(value);
    value = value.substr(1, value.size() - 2);
    std::string text;
    for (std::size_t i = 0; i < value.size(); ++i) {
        if (value[i] == '\\' && i + 1 < value.size()) ++i;
        text += value[i];
    }
    return text;
}

/// The attributes of a binary event, with what is wrong with their headers.
Json read_attributes(const Request& request, sagas::Problems& problems) {
    Json event = Json::object();
    for (const auto& [header, value] : request.headers) {
        if (!header.starts_with(kAttributePrefix)) continue;
        const std::string name = header.substr(kAttributePrefix.size());
        const std::string pointer = '/' + sagas::escape_pointer_token(name);
        auto text = http::decode(unquoted(value));
        if (!text) {
            problems.add("wrong-value", pointer,
                         "header " + header + ": has a broken %-escape, or is not UTF-8",
                         "encode \"%\" as %25");
        } else if (event.contains(name)) {
            problems.add("wrong-value", pointer, "header " + header + ": was sent twice", "");
        } else if (name == "data" || name == "data_base64" || name == "datacontenttype") {
            problems.add("bad-name", pointer, "header " + header + ": is no attribute",
                         "the body is the data, and Content-Type its type");
        } else {
            event[name] = std::move(*text);
        }
    }
    return event;
}

/// How deep it is nested, which parse_json bounds.
std::size_t levels_of(const Json& json) {
    if (!json.is_structured()) return 0;
    std::size_t deepest = 0;
    for (const Json& child : json) deepest = std::max(deepest, levels_of(child));
    return deepest + 1;
}

/// Sets the data to the body. Problems: MalformedJson, UnsupportedMediaType.
std::optional<Problem> set_data(const Request& request, Json& event) {
    const auto content_type = request.header("content-type");
    if (!content_type) {
        if (request.body.empty()) return std::nullopt;
        return make_problem(ProblemType::UnsupportedMediaType,
                            "The data of a binary event needs the header Content-Type.");
    }
    if (!sagas::is_utf8(*content_type)) {
        return make_problem(ProblemType::InvalidRequest, "header content-type: is not UTF-8");
    }
    event["datacontenttype"] = *content_type;
    if (request.body.empty()) return std::nullopt;
    const std::string type = media_type(*content_type);
    if (is_json_type(type) && is_in_utf8(*content_type)) {
        auto data = sagas::parse_json(request.body);
        if (!data) return make_problem(ProblemType::MalformedJson, "body: " + data.error().message);
        if (levels_of(*data) == sagas::kJsonDepthMax) {
            return make_problem(ProblemType::MalformedJson,
                                "body: nested too deep: at most " +
                                    std::to_string(sagas::kJsonDepthMax - 1) + " levels");
        }
        event["data"] = std::move(*data);
    } else if (type.starts_with("text/") && is_in_utf8(*content_type) &&
               sagas::is_utf8(request.body)) {
        event["data"] = request.body;
    } else {
        event["data_base64"] = engine::to_base64(request.body);
    }
    return std::nullopt;
}

// ---- What is wrong -----------------------------------------------------------------------------

/// The position in the batch that `pointer` begins with.
std::string_view position_in(std::string_view pointer) {
    return pointer.substr(0, std::min(pointer.find('/', 1), pointer.size()));
}

Problem faulty(std::vector<sagas::Problem> errors, std::size_t count, Way way) {
    std::string detail = "The event has faults";
    if (way == Way::Batch) {
        std::size_t faulty = 0;
        std::string_view last;
        for (const sagas::Problem& error : errors) {
            if (error.pointer.empty()) continue;  // That there are more.
            faulty += position_in(error.pointer) != last;
            last = position_in(error.pointer);
        }
        detail = std::to_string(faulty) + " of " + std::to_string(count) +
                 (faulty == 1 ? " events has faults" : " events have faults");
    }
    const sagas::Problem& first = errors.front();
    detail += "; the first: " + (first.pointer.empty() ? "" : first.pointer + ": ") + first.detail +
              ". Nothing was published.";
    return {ProblemType::InvalidRequest, std::move(detail), std::move(errors), nullptr};
}

Problem too_large(std::string pointer, std::size_t bytes) {
    const std::string detail = "has " + std::to_string(bytes) + " bytes as JSON; at most " +
                               std::to_string(sagas::kEventBytesMax);
    return {
        ProblemType::BodyTooLarge,
        "An event " + detail + ". Nothing was published.",
        {{"too-large", std::move(pointer), detail, "keep what is large elsewhere, and name it"}},
        nullptr};
}

// ---- Either way --------------------------------------------------------------------------------

/// What the body holds, not yet looked at.
Parsed<std::vector<Json>> read_body(const Request& request, Way way, sagas::Problems& problems) {
    std::vector<Json> sent;
    if (way == Way::Binary) {
        Json event = read_attributes(request, problems);
        if (auto problem = set_data(request, event)) return tl::unexpected(std::move(*problem));
        sent.push_back(std::move(event));
        return sent;
    }
    auto body = read_json(request);
    if (!body) return tl::unexpected(body.error());
    if (way == Way::Structured) {
        sent.push_back(std::move(*body));
        return sent;
    }
    if (!body->is_array() || body->empty() || body->size() > kEventBatchMax) {
        return refuse(ProblemType::InvalidRequest, "A batch must be an array of 1 to " +
                                                       std::to_string(kEventBatchMax) +
                                                       " events. Nothing was published.");
    }
    for (Json& event : *body) sent.push_back(std::move(event));
    return sent;
}

}  // namespace

std::string SentEvents::pointer(std::size_t position) const {
    return way == Way::Batch ? '/' + std::to_string(position) : std::string();
}

Parsed<SentEvents> read_sent_events(const Request& request, sagas::Timestamp now, EventsFrom from) {
    SentEvents sent;
    sent.way = way_of(request);
    sagas::Problems problems;
    auto events = read_body(request, sent.way, problems);
    if (!events) return tl::unexpected(events.error());
    for (std::size_t i = 0; i < events->size(); ++i) {
        auto event =
            read_cloud_event(std::move((*events)[i]), sent.pointer(i), now, problems, from);
        if (event) sent.events.push_back(std::move(*event));
    }
    if (!problems.is_empty()) {
        return tl::unexpected(faulty(problems.take(), events->size(), sent.way));
    }
    for (std::size_t i = 0; i < sent.events.size(); ++i) {
        if (sagas::size_of(sent.events[i]) < kSurelyFits) continue;
        const std::size_t bytes = sent.events[i].dump().size();
        if (bytes > sagas::kEventBytesMax) return tl::unexpected(too_large(sent.pointer(i), bytes));
    }
    return sent;
}

}  // namespace skald::api
