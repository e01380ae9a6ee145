#include <algorithm>

#include "sagas/ascii.h"
#include "sagas/definition_limits.h"
#include "sagas/object_reader.h"
#include "sagas/parsed_definition.h"
#include "sagas/path.h"
#include "sagas/utf8.h"

namespace skald::sagas {
namespace {

constexpr std::string_view kOwnTopics = "skald.";
constexpr const char* kTopicRule =
    "a topic is a lower-case letter and up to 126 letters, digits, _, . and -";
constexpr const char* kTypeRule =
    "a type is written out, such as \"order.placed\": without $ and control characters";
constexpr const char* kEventPathHint = "a value in the event, such as \"$event.data.order_id\"";

void append_all(std::vector<Template::Use>& uses, std::vector<Template::Use> more) {
    uses.insert(uses.end(), std::make_move_iterator(more.begin()),
                std::make_move_iterator(more.end()));
}

void check_type(const std::string& type, const std::string& pointer, Problems& problems) {
    const bool is_literal = std::none_of(type.begin(), type.end(), [](char byte) {
        const auto code = static_cast<std::uint8_t>(byte);
        return byte == '$' || code < 0x20 || code == 0x7F;
    });
    if (type.size() > kTypeBytesMax) {
        problems.add("too-long", pointer,
                     std::to_string(type.size()) + " bytes; at most " +
                         std::to_string(kTypeBytesMax) + " are allowed");
    } else if (type.empty() || !is_literal) {
        problems.add("bad-value", pointer, in_quotes(type) + " can't be the type of an event",
                     kTypeRule);
    }
}

using Types = std::vector<std::string>;

/// One more of those that `outcome` names; `others` are taken already.
void read_type(const Json& json, const std::string& pointer, Types& others, Problems& problems) {
    if (!json.is_string()) {
        problems.add("wrong-type", pointer, expected("the type of an event", json), kTypeRule);
        return;
    }
    const auto& type = json.get_ref<const std::string&>();
    check_type(type, pointer, problems);
    if (std::find(others.begin(), others.end(), type) != others.end()) {
        problems.add("duplicate-type", pointer, in_quotes(type) + " is named twice",
                     "an event of one type says one thing: leave one of them out");
    }
    others.push_back(type);
}

/// The `type` of `success` or `failure`: one, or several in an array.
void read_types(const Json& json, const std::string& pointer, Types& taken, Problems& problems) {
    ObjectReader reader(json, pointer, problems);
    reader.require("type", "the type of the event, or several in an array");
    const Json* const types = reader.any("type");
    reader.refuse_others();
    if (types == nullptr) return;
    const std::string at = reader.pointer("type");
    if (!types->is_array()) return read_type(*types, at, taken, problems);
    if (types->empty()) {
        problems.add("bad-value", at, "no type is named", "name one at least");
    } else if (types->size() > kTypesMax) {
        problems.add("too-many", at,
                     std::to_string(types->size()) + " types; at most " +
                         std::to_string(kTypesMax) + " are allowed");
    } else {
        for (std::size_t i = 0; i < types->size(); ++i) {
            read_type((*types)[i], at + '/' + std::to_string(i), taken, problems);
        }
    }
}

/// `match.event`: one path that leads into the event.
void read_event_path(const Json& json, const std::string& pointer, Problems& problems) {
    if (!json.is_string()) {
        problems.add("wrong-type", pointer, expected("an expression", json), kEventPathHint);
        return;
    }
    const auto& text = json.get_ref<const std::string&>();
    if (!is_whole_path(text)) {
        problems.add("bad-expression", pointer, in_quotes(text) + " is not one expression",
                     kEventPathHint);
        return;
    }
    const Result<PathText> read = read_path(text, PathPlace::Whole);
    if (!read) {
        problems.add("bad-expression", pointer, read.error().message);
    } else if (read->path.root.kind != RootKind::Event) {
        problems.add(
            "root-not-here", pointer,
            in_quotes(text) + ": there is no " + root_text(read->path.root) + " in an event",
            kEventPathHint);
    } else if (read->path.segments.empty()) {
        problems.add("bad-expression", pointer, in_quotes(text) + " is the event as a whole",
                     kEventPathHint);
    }
}

/// `match.saga`: what a text, number or boolean is made of.
std::vector<Template::Use> read_own_value(const Json& json, const std::string& pointer,
                                          Problems& problems) {
    if (json.is_string()) return read_template(json, pointer, problems);
    if (json.is_number() || json.is_boolean()) return {};
    problems.add("wrong-type", pointer, expected("a text, number or boolean", json),
                 "what the saga knows, such as \"$input.order_id\"");
    return {};
}

std::vector<Template::Use> read_match(const Json& json, const std::string& pointer,
                                      Problems& problems) {
    constexpr const char* kRule =
        "a match has \"event\" (a path into the event) and \"saga\" (what it must be equal to)";
    std::vector<Template::Use> uses;
    ObjectReader reader(json, pointer, problems);
    reader.require("event", kRule);
    reader.require("saga", kRule);
    if (const Json* const event = reader.any("event")) {
        read_event_path(*event, reader.pointer("event"), problems);
    }
    if (const Json* const saga = reader.any("saga")) {
        uses = read_own_value(*saga, reader.pointer("saga"), problems);
    }
    reader.refuse_others();
    return uses;
}

/// What is published on a topic is seen by who waits there, also when that published it.
void check_own_answer(const ParsedEvent& event, Problems& problems) {
    const ParsedAwaited& reply = *event.reply;
    const bool is_named =
        std::find(reply.types.begin(), reply.types.end(), event.type) != reply.types.end();
    if (event.topic.empty() || event.type.empty() || reply.topic != event.topic || !is_named) {
        return;
    }
    problems.add(
        "duplicate-type", reply.pointer,
        in_quotes(event.type) + " is published on the same topic: the event would answer itself",
        "let the answer have a type of its own, or another topic");
}

}  // namespace

bool is_good_topic(std::string_view name) {
    constexpr std::size_t kLengthMax = 127;
    if (name.empty() || name.size() > kLengthMax || name[0] < 'a' || name[0] > 'z') return false;
    return !name.starts_with(kOwnTopics) && std::all_of(name.begin(), name.end(), [](char byte) {
        return (byte >= 'a' && byte <= 'z') || is_digit(byte) || byte == '_' || byte == '.' ||
               byte == '-';
    });
}

std::string read_topic(ObjectReader& reader, Problems& problems, const char* of_skald) {
    reader.require("topic", kTopicRule);
    const std::string* const topic = reader.text("topic");
    if (topic == nullptr) return {};
    if (is_good_topic(*topic)) return *topic;
    const bool is_own = topic->starts_with(kOwnTopics);
    problems.add("bad-name", reader.pointer("topic"),
                 in_quotes(*topic) + (is_own ? " is not for definitions" : " can't name a topic"),
                 is_own ? of_skald : kTopicRule);
    return {};
}

std::string read_event_type(ObjectReader& reader, Problems& problems) {
    reader.require("type", kTypeRule);
    const std::string* const type = reader.text("type");
    if (type == nullptr) return {};
    check_type(*type, reader.pointer("type"), problems);
    return *type;
}

ParsedAwaited read_awaited(const Json& json, const std::string& pointer, AwaitedPlace place,
                           Problems& problems) {
    ParsedAwaited awaited;
    awaited.pointer = pointer;
    ObjectReader reader(json, pointer, problems);
    awaited.topic = read_topic(reader, problems);
    reader.require("success", R"(by which event it succeeds: {"type": "order.placed"})");
    for (const char* const outcome : {"success", "failure"}) {
        if (const Json* const types = reader.any(outcome)) {
            read_types(*types, reader.pointer(outcome), awaited.types, problems);
        }
    }
    if (const Json* const match = reader.any("match")) {
        awaited.uses = read_match(*match, reader.pointer("match"), problems);
    }
    if (place == AwaitedPlace::OfWait) {
        reader.require("timeout", "how long it waits at most: \"7d\"");
    }
    awaited.timeout = reader.duration("timeout", kReplyTimeoutMin, kReplyTimeoutMax);
    reader.refuse_others();
    return awaited;
}

ParsedEvent read_event(const Json& json, const std::string& pointer, Problems& problems) {
    ParsedEvent event;
    event.pointer = pointer;
    ObjectReader reader(json, pointer, problems);
    event.topic = read_topic(reader, problems);
    event.type = read_event_type(reader, problems);
    if (const Json* const subject = reader.any("subject")) {
        event.uses = read_text_template(*subject, reader.pointer("subject"), problems);
    }
    if (const Json* const data = reader.any("data")) {
        append_all(event.uses, read_template(*data, reader.pointer("data"), problems));
    }
    if (const Json* const reply = reader.any("reply")) {
        event.reply = read_awaited(*reply, reader.pointer("reply"), AwaitedPlace::OfCall, problems);
        append_all(event.uses, event.reply->uses);
        check_own_answer(event, problems);
    }
    reader.refuse_others();
    return event;
}

}  // namespace skald::sagas
