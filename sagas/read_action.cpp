#include "sagas/definition_limits.h"
#include "sagas/object_reader.h"
#include "sagas/parsed_definition.h"
#include "sagas/path.h"
#include "sagas/utf8.h"

namespace skald::sagas {
namespace {

constexpr const char* kUntilHint = "an expression that gives an RFC 3339 time: \"$input.ship_at\"";

/// A text without expressions must be the time itself.
void check_literal_time(const Json& until, const std::string& pointer, Problems& problems) {
    const auto& text = until.get_ref<const std::string&>();
    const Result<std::vector<TextPart>> parts = read_text(text);
    if (!parts) return;  // Told already.
    const bool is_literal = parts->empty() || (parts->size() == 1 && !is_whole_path(text) &&
                                               std::holds_alternative<std::string>(parts->front()));
    if (!is_literal || parse_rfc3339(text)) return;
    problems.add("bad-time", pointer, in_quotes(text) + " is no RFC 3339 time", kUntilHint);
}

/// One of the three is there.
void check_one_wait(ObjectReader& reader, Problems& problems) {
    const int count = (reader.any("for") != nullptr ? 1 : 0) +
                      (reader.any("until") != nullptr ? 1 : 0) +
                      (reader.any("event") != nullptr ? 1 : 0);
    if (count > 1) {
        problems.add("one-wait", reader.pointer(),
                     "more than one of \"for\", \"until\" and \"event\"", "keep one of them");
    } else if (count == 0 && reader.is_object()) {
        problems.add("missing-field", reader.pointer(),
                     "none of \"for\", \"until\" and \"event\" is there",
                     R"(write {"for": "10m"}, {"until": "$input.ship_at"} or {"event": {...}})");
    }
}

ParsedWait read_wait(const Json& json, const std::string& pointer, Problems& problems) {
    ParsedWait wait;
    wait.pointer = pointer;
    ObjectReader reader(json, pointer, problems);
    wait.duration = reader.duration("for", kWaitMin, kWaitMax);
    if (const Json* const until = reader.any("until")) {
        wait.uses = read_text_template(*until, reader.pointer("until"), problems);
        if (until->is_string()) check_literal_time(*until, reader.pointer("until"), problems);
    }
    if (const Json* const event = reader.any("event")) {
        wait.event = read_awaited(*event, reader.pointer("event"), AwaitedPlace::OfWait, problems);
        wait.uses.insert(wait.uses.end(), wait.event->uses.begin(), wait.event->uses.end());
    }
    check_one_wait(reader, problems);
    reader.refuse_others();
    return wait;
}

ParsedChild read_child(const Json& json, const std::string& pointer, Problems& problems) {
    constexpr const char* kRule = "the name of a definition that is registered";
    ParsedChild child;
    child.pointer = pointer;
    ObjectReader reader(json, pointer, problems);
    reader.require("definition", kRule);
    if (const std::string* const name = reader.text("definition")) {
        child.definition = *name;
        if (!is_good_name(*name)) {
            problems.add("bad-name", reader.pointer("definition"),
                         in_quotes(*name) + " can't name a definition", kRule);
        }
    }
    if (const Json* const input = reader.any("input")) {
        child.uses = read_template(*input, reader.pointer("input"), problems);
    }
    reader.refuse_others();
    return child;
}

}  // namespace

std::optional<ParsedAction> read_action(ObjectReader& reader, ActionPlace place,
                                        Problems& problems) {
    std::vector<ParsedAction> found;
    if (const Json* const http = reader.any("http")) {
        found.emplace_back(read_call(*http, reader.pointer("http"), problems));
    }
    if (place == ActionPlace::OfStep) {
        if (const Json* const wait = reader.any("wait")) {
            found.emplace_back(read_wait(*wait, reader.pointer("wait"), problems));
        }
    }
    if (const Json* const saga = reader.any("saga")) {
        found.emplace_back(read_child(*saga, reader.pointer("saga"), problems));
    }
    if (const Json* const event = reader.any("event")) {
        found.emplace_back(read_event(*event, reader.pointer("event"), problems));
    }
    if (found.size() > 1) {
        problems.add("one-action", reader.pointer(), "more than one kind of action",
                     "keep one of them");
    } else if (found.empty() && reader.is_object()) {
        problems.add("missing-field", reader.pointer(),
                     place == ActionPlace::OfStep
                         ? "none of \"http\", \"wait\", \"saga\" and \"event\" is there"
                         : "none of \"http\", \"saga\" and \"event\" is there",
                     R"(write {"http": {"method": "POST", "url": "http://..."}})");
    }
    if (found.empty()) return std::nullopt;
    return std::move(found.front());
}

}  // namespace skald::sagas
