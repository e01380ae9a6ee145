#include "api/saga_filter.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "api/query_parameters.h"
#include "api/start_request.h"

namespace skald::api {
namespace {

constexpr sagas::Status kStatuses[] = {sagas::Status::Running,     sagas::Status::Compensating,
                                       sagas::Status::Stuck,       sagas::Status::Completed,
                                       sagas::Status::Compensated, sagas::Status::Abandoned};

Parsed<std::vector<sagas::Status>> read_statuses(const Request& request) {
    std::vector<sagas::Status> statuses;
    for (const std::string& text : read_list(request, "status")) {
        const auto* found = std::find_if(std::begin(kStatuses), std::end(kStatuses),
                                         [&](auto each) { return sagas::to_text(each) == text; });
        if (found == std::end(kStatuses)) {
            std::string allowed;
            for (const sagas::Status each : kStatuses) {
                allowed.append(allowed.empty() ? "" : ", ").append(sagas::to_text(each));
            }
            return refuse(ProblemType::InvalidRequest,
                          "status: there is no status \"" + text + "\"; use any of " + allowed);
        }
        if (std::find(statuses.begin(), statuses.end(), *found) == statuses.end()) {
            statuses.push_back(*found);
        }
    }
    return statuses;
}

Parsed<store::Labels> read_labels(const Request& request) {
    store::Labels labels;
    for (const auto& [name, value] : request.query) {
        if (name != "label") continue;
        const std::size_t colon = value.find(':');
        const std::string key = value.substr(0, colon);
        if (colon == std::string::npos || !is_label_key(key)) {
            return refuse(ProblemType::InvalidRequest,
                          "label: \"" + value + "\" is not of the form NAME:VALUE");
        }
        if (!labels.emplace(key, value.substr(colon + 1)).second) {
            return refuse(ProblemType::InvalidRequest,
                          "label: " + key + " was given twice; a saga has one value for it");
        }
    }
    return labels;
}

Parsed<std::optional<sagas::Timestamp>> read_time(const Request& request, const char* name) {
    const auto text = read_text(request, name);
    if (!text) return tl::unexpected(text.error());
    if (!*text) return std::nullopt;
    const auto time = sagas::parse_rfc3339(**text);
    if (!time) {
        return refuse(ProblemType::InvalidRequest, std::string(name) + ": \"" + **text +
                                                       "\" is no time; write it like "
                                                       "2026-11-21T22:32:28Z");
    }
    return *time;
}

Parsed<std::optional<sagas::Timestamp>> read_failing(const Request& request, sagas::Timestamp now) {
    const auto text = read_text(request, "failing");
    if (!text) return tl::unexpected(text.error());
    if (!*text) return std::nullopt;
    const auto longer_than = sagas::parse_duration(**text);
    if (!longer_than) {
        return refuse(ProblemType::InvalidRequest, "failing: " + longer_than.error().message);
    }
    return now - *longer_than;
}

Parsed<std::optional<std::string>> read_short_text(const Request& request, const char* name) {
    auto text = read_text(request, name);
    if (text && *text && ((*text)->empty() || (*text)->size() > kErrorTextBytesMax)) {
        return refuse(ProblemType::InvalidRequest, std::string(name) + ": must have 1 to " +
                                                       std::to_string(kErrorTextBytesMax) +
                                                       " bytes");
    }
    return text;
}

/// Everything but what cursors are.
std::string selection_text(const Request& request) {
    std::vector<std::string> parts;
    for (const auto& [name, value] : request.query) {
        if (name != "cursor" && name != "limit" && name != "count") {
            parts.push_back(" " + name + "=" + value);
        }
    }
    std::sort(parts.begin(), parts.end());
    std::string text = "sagas";
    for (const std::string& part : parts) text += part;
    return text;
}

/// Puts what was read where it belongs; false: a problem.
template <typename T, typename Place>
bool put(Parsed<T>&& read, Place& place, std::optional<Problem>& problem) {
    if (read) {
        place = std::move(*read);
    } else {
        problem = std::move(read.error());
    }
    return !problem;
}

}  // namespace

Parsed<SagaSelection> read_saga_selection(const Request& request, sagas::Timestamp now) {
    SagaSelection selection;
    store::SagaFilter& filter = selection.filter;
    std::optional<Problem> problem;
    const bool is_read =
        put(read_statuses(request), filter.statuses, problem) &&
        put(read_text(request, "definition"), filter.definition, problem) &&
        put(read_integer(request, "version", kVersionMax), filter.version, problem) &&
        put(read_labels(request), filter.labels, problem) &&
        put(read_time(request, "started_after"), filter.started_from, problem) &&
        put(read_time(request, "started_before"), filter.started_before, problem) &&
        put(read_short_text(request, "step"), filter.step, problem) &&
        put(read_short_text(request, "error"), filter.error, problem) &&
        put(read_failing(request, now), filter.failing_since, problem);
    if (!is_read) return tl::unexpected(std::move(*problem));
    if (filter.version && !filter.definition) {
        return refuse(ProblemType::InvalidRequest,
                      "version: say of which definition, too: ?definition=NAME&version=N");
    }
    selection.text = selection_text(request);
    return selection;
}

}  // namespace skald::api
