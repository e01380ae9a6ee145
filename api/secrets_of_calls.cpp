#include "api/secrets_of_calls.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "sagas/expression.h"
#include "sagas/sensitive.h"

namespace skald::api {
namespace {

using sagas::Json;

/// Every way in which one of the secrets may be written, the longest first: a shorter one that
/// stands in it must not leave a rest.
std::vector<std::string> ways_to_write(const std::vector<std::string>& secrets) {
    std::vector<std::string> ways;
    for (const std::string& secret : secrets) {
        if (secret.size() < kScrubbedBytesMin) continue;
        ways.push_back(secret);
        ways.push_back(sagas::percent_encode(secret));
        const std::string json = Json(secret).dump(-1, ' ', false, Json::error_handler_t::replace);
        ways.push_back(json.substr(1, json.size() - 2));
    }
    std::sort(ways.begin(), ways.end(), [](const std::string& one, const std::string& other) {
        return one.size() != other.size() ? one.size() > other.size() : one < other;
    });
    ways.erase(std::unique(ways.begin(), ways.end()), ways.end());
    return ways;
}

class Scrubber {
 public:
    explicit Scrubber(std::vector<std::string> ways)
        : ways_(std::move(ways)),
          any_is_number_(std::any_of(ways_.begin(), ways_.end(),
                                     [](const std::string& way) { return Json::accept(way); })) {}

    void operator()(sagas::Reply& reply) const {
        for (sagas::Header& header : reply.headers) scrub(header.value);
        if (auto* const error = std::get_if<sagas::BodyError>(&reply.body)) {
            scrub(error->message);
            return;
        }
        auto& body = std::get<sagas::Value>(reply.body);
        if (body && holds_any(*body)) body = sagas::make_value(scrubbed_json(*body));
    }
    void operator()(sagas::NotSent& answer) const { scrub(answer.reason); }
    void operator()(sagas::Lost& answer) const { scrub(answer.reason); }
    void operator()(sagas::ChildEnd&) const {}  // No participant wrote it.

 private:
    bool text_holds_any(std::string_view text) const {
        return std::any_of(ways_.begin(), ways_.end(), [text](const std::string& way) {
            return text.find(way) != std::string_view::npos;
        });
    }

    bool is_any(const Json& number) const {
        return any_is_number_ &&
               std::find(ways_.begin(), ways_.end(), number.dump()) != ways_.end();
    }

    bool holds_any(const Json& json) const {
        if (json.is_string()) return text_holds_any(json.get_ref<const std::string&>());
        if (json.is_number()) return is_any(json);
        if (json.is_array()) {
            return std::any_of(json.begin(), json.end(),
                               [this](const Json& element) { return holds_any(element); });
        }
        if (!json.is_object()) return false;
        const auto& members = json.get_ref<const Json::object_t&>();
        return std::any_of(members.begin(), members.end(), [this](const auto& member) {
            return text_holds_any(member.first) || holds_any(member.second);
        });
    }

    void scrub(std::string& text) const {
        for (const std::string& way : ways_) {
            for (auto at = text.find(way); at != std::string::npos;
                 at = text.find(way, at + sagas::kMasked.size())) {
                text.replace(at, way.size(), sagas::kMasked);
            }
        }
    }

    Json scrubbed_json(const Json& json) const {
        if (json.is_number()) return is_any(json) ? Json(sagas::kMasked) : json;
        if (json.is_string()) {
            std::string text = json.get<std::string>();
            scrub(text);
            return text;
        }
        Json clean = json;
        if (json.is_array()) {
            for (Json& element : clean) element = scrubbed_json(element);
        } else if (json.is_object()) {
            clean.clear();
            for (const auto& [name, value] : json.get_ref<const Json::object_t&>()) {
                std::string clean_name = name;
                scrub(clean_name);
                clean[clean_name] = scrubbed_json(value);
            }
        }
        return clean;
    }

    const std::vector<std::string> ways_;
    const bool any_is_number_;
};

}  // namespace

sagas::Answer scrubbed(sagas::Answer answer, const std::vector<std::string>& secrets) {
    std::vector<std::string> ways = ways_to_write(secrets);
    if (!ways.empty()) std::visit(Scrubber(std::move(ways)), answer);
    return answer;
}

std::optional<std::string> SecretsOfCalls::find(std::string_view name) const {
    std::optional<std::string> value = secrets_.find(name);
    if (value && std::find(found_.begin(), found_.end(), *value) == found_.end()) {
        found_.push_back(*value);
    }
    return value;
}

void SecretsOfCalls::add(std::string secret) { found_.push_back(std::move(secret)); }

void SecretsOfCalls::call_leaves(engine::CallId id) {
    if (!found_.empty()) by_call_.emplace(id, std::exchange(found_, {}));
}

sagas::Answer SecretsOfCalls::answered(engine::CallId id, sagas::Answer answer) {
    const auto sent = by_call_.extract(id);
    return sent.empty() ? std::move(answer) : scrubbed(std::move(answer), sent.mapped());
}

std::string CallbackUrlsOfCalls::url(std::string_view saga_id, sagas::StepIndex step,
                                     sagas::Phase phase) const {
    std::string url = urls_.url(saga_id, step, phase);
    secrets_.add(url.substr(url.rfind('/') + 1));
    return url;
}

void SecretsCaller::call(engine::CallId id, sagas::Request request, std::uint32_t attempt) {
    secrets_.call_leaves(id);
    caller_->call(id, std::move(request), attempt);
}

}  // namespace skald::api
