#include <array>
#include <cstdint>
#include <optional>
#include <utility>

#include "sagas/definition_limits.h"
#include "store/codec.h"

namespace skald::store {

namespace {

using namespace sagas;

/// What a row lacks or has too much; caught by `decode`, never leaves this file.
struct Malformed {
    std::string what;
};

template <typename T>
T number_of(const Json& json) {
    const bool is_integer = json.is_number_integer() &&
                            !(json.is_number_unsigned() && json.get<std::uint64_t>() > INT64_MAX);
    const std::int64_t number = is_integer ? json.get<std::int64_t>() : 0;
    if (!is_integer || !std::in_range<T>(number)) {
        throw Malformed{"not a number that fits: " + json.dump()};
    }
    return static_cast<T>(number);
}

std::string text_of(const Json& json) {
    if (!json.is_string()) {
        throw Malformed{"not a string: " + json.dump()};
    }
    return json.get<std::string>();
}

const Json& need(const Json& object, const char* name) {
    const auto found = object.find(name);
    if (found == object.end()) {
        throw Malformed{std::string("no member \"") + name + '"'};
    }
    return *found;
}

std::string text_or_empty(const Json& object, const char* name) {
    const auto found = object.find(name);
    return found == object.end() ? std::string() : text_of(*found);
}

Value value_or_none(const Json& object, const char* name) {
    const auto found = object.find(name);
    return found == object.end() ? nullptr : make_value(*found);
}

template <typename T>
T number_or(const Json& object, const char* name, T otherwise) {
    const auto found = object.find(name);
    return found == object.end() ? otherwise : number_of<T>(*found);
}

StepIndex plain_step(const Json& json) {
    const auto number = number_of<std::uint32_t>(json);
    if (number >= kStepsMax) {
        throw Malformed{"no step has the number " + std::to_string(number)};
    }
    return StepIndex{number};
}

StepIndex step_in(const Json& json) {
    if (!json.is_array()) {
        return plain_step(json);
    }
    if (json.size() != 2) {
        throw Malformed{"neither a step nor an element of one: " + json.dump()};
    }
    const auto item = number_of<std::uint32_t>(json[1]);
    if (item >= kItemsMax) {
        throw Malformed{"no element has the number " + std::to_string(item)};
    }
    return element_of(plain_step(json[0]), item);
}

Phase phase_in(const Json& data) {
    return number_or<int>(data, "p", 0) == 0 ? Phase::Action : Phase::Compensation;
}

std::uint32_t attempt_in(const Json& data) { return number_or<std::uint32_t>(data, "a", 1); }

template <typename Enum, std::size_t N>
Enum one_of(const std::string& text, const std::array<Enum, N>& all) {
    for (const Enum each : all) {
        if (to_text(each) == text) {
            return each;
        }
    }
    throw Malformed{"unknown word \"" + text + '"'};
}

Outcome outcome_in(const Json& data) {
    static constexpr std::array kAll = {Outcome::Success, Outcome::Failure, Outcome::Retry,
                                        Outcome::Unknown};
    return one_of(text_of(need(data, "o")), kAll);
}

std::optional<RequestKey> key_in(const Json& data) {
    const auto found = data.find("key");
    if (found == data.end()) {
        return std::nullopt;
    }
    if (!found->is_array() || found->size() != 2) {
        throw Malformed{"key: not a pair"};
    }
    return RequestKey{text_of((*found)[0]), text_of((*found)[1])};
}

Operator who_in(const Json& data) {
    return {text_of(need(data, "by")), text_or_empty(data, "why"), key_in(data)};
}

AnsweredCause answered_in(const Json& data) {
    return {step_in(need(data, "s")),
            phase_in(data),
            attempt_in(data),
            outcome_in(data),
            number_or<int>(data, "h", 0),
            text_or_empty(data, "e"),
            value_or_none(data, "out")};
}

std::optional<EventRef> event_in(const Json& data) {
    const auto found = data.find("ev");
    if (found == data.end()) {
        return std::nullopt;
    }
    if (!found->is_array() || found->size() != 2) {
        throw Malformed{"ev: not a topic and an offset"};
    }
    return EventRef{text_of((*found)[0]), number_of<std::int64_t>((*found)[1])};
}

Resolve resolve_in(const Json& data) {
    static constexpr std::array kAll = {ResolveAs::Succeeded, ResolveAs::Compensated,
                                        ResolveAs::Skipped};
    return {step_in(need(data, "s")), one_of(text_of(need(data, "as")), kAll),
            value_or_none(data, "out"), who_in(data)};
}

std::optional<Replay> replay_in(const Json& data) {
    if (!data.contains("of")) {
        return std::nullopt;
    }
    return Replay{text_of(data["of"]), text_of(need(data, "by")), text_or_empty(data, "why")};
}

Retry retry_in(const Json& data) {
    const auto step = data.find("s");
    return {step == data.end() ? std::nullopt : std::optional(step_in(*step)), who_in(data)};
}

std::optional<Parent> parent_in(const Json& data) {
    const auto found = data.find("parent");
    if (found == data.end()) {
        return std::nullopt;
    }
    if (!found->is_array() || found->size() != 4) {
        throw Malformed{"parent: not a saga, a step, a phase and an attempt"};
    }
    const auto phase = number_of<std::uint32_t>((*found)[2]);
    if (phase > 1) {
        throw Malformed{"parent: unknown phase " + std::to_string(phase)};
    }
    return Parent{text_of((*found)[0]), step_in((*found)[1]),
                  phase == 0 ? Phase::Action : Phase::Compensation,
                  number_of<std::uint32_t>((*found)[3])};
}

Pins pins_in(const Json& data) {
    Pins pins;
    const auto found = data.find("pins");
    if (found == data.end()) {
        return pins;
    }
    if (!found->is_object()) {
        throw Malformed{"pins: not an object"};
    }
    for (const auto& [name, version] : found->items()) {
        pins[name] = number_of<std::uint32_t>(version);
    }
    return pins;
}

Begin begin_in(const Json& data) {
    const auto lock = data.find("lock");
    return {key_in(data), replay_in(data),
            lock == data.end() ? std::nullopt : std::optional(text_of(*lock)), parent_in(data),
            pins_in(data)};
}

Cause cause_of(RecordType type, const Json& data) {
    switch (type) {
        case RecordType::Begun:
            return begin_in(data);
        case RecordType::Answered:
            return answered_in(data);
        case RecordType::Unsendable:
            return UnsendableCause{step_in(need(data, "s")), phase_in(data), attempt_in(data),
                                   text_of(need(data, "e"))};
        case RecordType::Due:
            return Due{step_in(need(data, "s")), phase_in(data), attempt_in(data)};
        case RecordType::DeadlinePassed:
            return DeadlinePassed{};
        case RecordType::Cancelled:
            return Cancel{who_in(data)};
        case RecordType::Retried:
            return retry_in(data);
        case RecordType::Resolved:
            return resolve_in(data);
        case RecordType::Abandoned:
            return Abandon{who_in(data)};
        case RecordType::Suspended:
            return Suspend{who_in(data)};
        case RecordType::Resumed:
            return Resume{who_in(data)};
        case RecordType::Late: {
            AnsweredCause cause = answered_in(data);
            return LateCause{cause.step,    cause.phase,       cause.attempt,
                             cause.outcome, cause.http_status, std::move(cause.error),
                             event_in(data)};
        }
        case RecordType::LockGranted:
            return LockGranted{};
        case RecordType::CalledBack: {
            AnsweredCause cause = answered_in(data);
            return CalledBackCause{cause.step,
                                   cause.phase,
                                   cause.attempt,
                                   cause.outcome,
                                   std::move(cause.error),
                                   std::move(cause.output),
                                   event_in(data)};
        }
        case RecordType::ParentTurned:
            return ParentTurned{};
    }
    throw Malformed{"unknown type of row " + std::to_string(static_cast<int>(type))};
}

/// The values behind a state's word; what was left out is a default.
class Values {
 public:
    explicit Values(const Json& array) : array_(array) {}

    std::uint32_t count(std::uint32_t otherwise) {
        const Json* json = next();
        return json == nullptr ? otherwise : number_of<std::uint32_t>(*json);
    }
    bool flag() { return count(0) != 0; }
    Timestamp time() {
        const Json* json = next();
        if (json == nullptr) {
            throw Malformed{"state without its time"};
        }
        return Timestamp(Milliseconds(number_of<std::int64_t>(*json)));
    }
    StuckReason reason() {
        const std::uint32_t number = count(0);
        if (number > static_cast<std::uint32_t>(StuckReason::GivenUp)) {
            throw Malformed{"unknown reason " + std::to_string(number)};
        }
        return static_cast<StuckReason>(number);
    }

 private:
    const Json* next() { return at_ < array_.size() ? &array_[at_++] : nullptr; }
    const Json& array_;
    std::size_t at_ = 2;
};

StepState state_of(const Json& array) {
    const std::string word = text_of(array[1]);
    Values values(array);
    // Braces: an initialiser list is evaluated from left to right.
    if (word == "pending") return Pending{};
    if (word == "calling") return Calling{values.count(1), values.count(1), values.flag()};
    if (word == "settling") return Settling{values.count(1), values.flag()};
    if (word == "backing_off") {
        return BackingOff{values.count(1), values.count(1), values.flag(), values.time()};
    }
    if (word == "waiting") return Waiting{values.time()};
    if (word == "awaiting_callback") {
        return AwaitingCallback{values.count(1), values.count(1), values.flag(), values.time()};
    }
    if (word == "iterating") return Iterating{};
    if (word == "succeeded") return Succeeded{};
    if (word == "skipped") return Skipped{};
    if (word == "failed") return Failed{};
    if (word == "in_doubt") return InDoubt{};
    if (word == "cancelled") return Cancelled{};
    if (word == "stuck") return StuckAction{values.reason(), values.count(0), values.flag()};
    if (word == "compensating") return Compensating{values.count(1), values.count(1)};
    if (word == "undo_backing_off") {
        return CompensationBackingOff{values.count(1), values.count(1), values.time()};
    }
    if (word == "undo_awaiting_callback") {
        return CompensationAwaitingCallback{values.count(1), values.count(1), values.time()};
    }
    if (word == "undo_stuck") return StuckCompensation{values.reason(), values.count(0)};
    if (word == "compensated") {
        const std::uint32_t by = values.count(0);
        if (by > static_cast<std::uint32_t>(UndoneBy::Waived)) {
            throw Malformed{"unknown way of undoing " + std::to_string(by)};
        }
        return Compensated{static_cast<UndoneBy>(by)};
    }
    throw Malformed{"unknown state \"" + word + '"'};
}

const Json& need_array(const Json& json, std::size_t size_min) {
    if (!json.is_array() || json.size() < size_min) {
        throw Malformed{"not an array of " + std::to_string(size_min) + ": " + json.dump()};
    }
    return json;
}

Failure failure_of(const Json& json) {
    need_array(json, 1);
    return {json.size() > 1 ? std::optional(step_in(json[1])) : std::nullopt, text_of(json[0])};
}

End end_of(const Json& json, Timestamp at) {
    static constexpr std::array kAll = {Status::Completed, Status::Compensated, Status::Abandoned};
    return {one_of(text_of(need(json, "st")), kAll), at, value_or_none(json, "out"),
            text_or_empty(json, "err")};
}

std::pair<StepIndex, Value> items_of(const Json& json) {
    need_array(json, 2);
    if (need_array(json[1], 0).size() > kItemsMax) {
        throw Malformed{"a step of " + std::to_string(json[1].size()) + " elements"};
    }
    return {plain_step(json[0]), make_value(json[1])};
}

StepChange change_of(const Json& json) {
    need_array(json, 2);
    StepChange change{step_in(json[0]), state_of(json)};
    if (item_of(change.step) && std::holds_alternative<Iterating>(change.state)) {
        throw Malformed{"an element with elements of its own"};
    }
    return change;
}

Decision decision_of(const Json& data, Timestamp at) {
    Decision decision;
    if (const auto found = data.find("items"); found != data.end()) {
        for (const Json& items : need_array(*found, 0)) {
            decision.items.push_back(items_of(items));
        }
    }
    if (const auto found = data.find("to"); found != data.end()) {
        for (const Json& change : need_array(*found, 0)) {
            decision.steps.push_back(change_of(change));
        }
    }
    if (const auto found = data.find("err"); found != data.end()) {
        for (const Json& error : need_array(*found, 0)) {
            need_array(error, 2);
            decision.errors.emplace_back(step_in(error[0]), text_of(error[1]));
        }
    }
    if (const auto found = data.find("turn"); found != data.end()) {
        decision.turned = failure_of(*found);
    }
    if (const auto found = data.find("want"); found != data.end()) {
        decision.wanted = Wanted::Set;
        decision.turn_wanted = failure_of(*found);
    } else if (data.contains("lapsed")) {
        decision.wanted = Wanted::Lapsed;
    }
    if (const auto found = data.find("end"); found != data.end()) {
        decision.end = end_of(*found, at);
    }
    return decision;
}

}  // namespace

Result<Record> decode(RecordType type, Timestamp at, std::string_view data) {
    const Json json = Json::parse(data, nullptr, /*allow_exceptions=*/false);
    if (!json.is_object()) {
        return fail(ErrorCode::Corruption, "journal row: not a JSON object");
    }
    try {
        return Record{at, cause_of(type, json), decision_of(json, at)};
    } catch (const Malformed& malformed) {
        return fail(ErrorCode::Corruption, "journal row: " + malformed.what);
    }
}

}  // namespace skald::store
