#include <utility>

#include "sagas/json_text.h"
#include "store/codec.h"

namespace skald::store {

namespace {

using namespace sagas;

/// What a record holds is of participants, too, and must not fail to be written.
void append_text(std::string& out, std::string_view text) {
    append_json_string(out, text, NotUtf8::Replaced);
}
void append_value(std::string& out, const Json& value) {
    append_json(out, value, NotUtf8::Replaced);
}

void append_step(std::string& out, StepIndex step) {
    if (const auto item = item_of(step)) {
        out += '[';
        append_number(out, to_size(step));
        out += ',';
        append_number(out, *item);
        out += ']';
    } else {
        append_number(out, to_size(step));
    }
}

/// Writes the members of an object, one after the other.
class Members {
 public:
    explicit Members(std::string& out) : out_(out) { out_ += '{'; }
    void close() { out_ += '}'; }

    std::string& member(std::string_view name) {
        if (out_.back() != '{') {
            out_ += ',';
        }
        out_ += '"';
        out_ += name;
        out_ += "\":";
        return out_;
    }
    void number(std::string_view name, std::int64_t value) { append_number(member(name), value); }
    void text(std::string_view name, std::string_view value) { append_text(member(name), value); }
    void text_unless_empty(std::string_view name, std::string_view value) {
        if (!value.empty()) {
            text(name, value);
        }
    }
    void value_if_any(std::string_view name, const Value& value) {
        if (value) {
            append_value(member(name), *value);
        }
    }
    void step(StepIndex step) { append_step(member("s"), step); }
    void attempt(Phase phase, std::uint32_t attempt) {
        if (phase == Phase::Compensation) {
            number("p", 1);
        }
        if (attempt != 1) {
            number("a", attempt);
        }
    }
    void key(const std::optional<RequestKey>& request) {
        if (request) {
            std::string& out = member("key");
            out += '[';
            append_text(out, request->key);
            out += ',';
            append_text(out, request->body_hash);
            out += ']';
        }
    }
    void who(const Operator& who) {
        text("by", who.by);
        text_unless_empty("why", who.reason);
        key(who.request);
    }

 private:
    std::string& out_;
};

struct WriteCause {
    Members& to;

    void operator()(const Begin& cause) const {
        to.key(cause.request);
        if (cause.replay) {
            to.text("of", cause.replay->of);
            to.text("by", cause.replay->by);
            to.text_unless_empty("why", cause.replay->reason);
        }
        if (cause.lock) {
            to.text("lock", *cause.lock);
        }
        if (cause.parent) {
            parent(*cause.parent);
        }
        if (!cause.pins.empty()) {
            Members pins(to.member("pins"));
            for (const auto& [name, version] : cause.pins) {
                pins.number(name, version);
            }
            pins.close();
        }
    }
    void operator()(const LockGranted&) const {}
    void operator()(const ParentTurned&) const {}
    void operator()(const AnsweredCause& cause) const {
        to.step(cause.step);
        to.attempt(cause.phase, cause.attempt);
        to.text("o", sagas::to_text(cause.outcome));
        if (cause.http_status != 0) {
            to.number("h", cause.http_status);
        }
        to.text_unless_empty("e", cause.error);
        to.value_if_any("out", cause.output);
    }
    void operator()(const UnsendableCause& cause) const {
        to.step(cause.step);
        to.attempt(cause.phase, cause.attempt);
        to.text("e", cause.error);
    }
    void operator()(const Due& cause) const {
        to.step(cause.step);
        to.attempt(cause.phase, cause.attempt);
    }
    void operator()(const DeadlinePassed&) const {}
    void operator()(const Cancel& cause) const { to.who(cause.who); }
    void operator()(const Retry& cause) const {
        if (cause.step) {
            to.step(*cause.step);
        }
        to.who(cause.who);
    }
    void operator()(const Resolve& cause) const {
        to.step(cause.step);
        to.text("as", sagas::to_text(cause.as));
        to.value_if_any("out", cause.output);
        to.who(cause.who);
    }
    void operator()(const Abandon& cause) const { to.who(cause.who); }
    void operator()(const Suspend& cause) const { to.who(cause.who); }
    void operator()(const Resume& cause) const { to.who(cause.who); }
    void operator()(const LateCause& cause) const {
        (*this)(AnsweredCause{cause.step, cause.phase, cause.attempt, cause.outcome,
                              cause.http_status, cause.error, nullptr});
        event(cause.event);
    }
    void operator()(const CalledBackCause& cause) const {
        (*this)(AnsweredCause{cause.step, cause.phase, cause.attempt, cause.outcome,
                              /*http_status=*/0, cause.error, cause.output});
        event(cause.event);
    }

 private:
    void event(const std::optional<EventRef>& event) const {
        if (event) {
            std::string& out = to.member("ev");
            out += '[';
            append_text(out, event->topic);
            out += ',';
            append_number(out, event->offset);
            out += ']';
        }
    }
    void parent(const Parent& parent) const {
        std::string& out = to.member("parent");
        out += '[';
        append_text(out, parent.saga);
        append_step(out += ',', parent.step);
        out += parent.phase == Phase::Compensation ? ",1," : ",0,";
        append_number(out, parent.attempt);
        out += ']';
    }
};

/// Writes a state behind its step's index.
struct WriteState {
    std::string& out;

    void word(std::string_view word) const {
        out += ",\"";
        out += word;
        out += '"';
    }
    void number(std::int64_t value) const {
        out += ',';
        append_number(out, value);
    }

    void operator()(const Pending&) const { word("pending"); }
    void operator()(const Calling& state) const {
        word("calling");
        if (state != Calling{1, 1, false}) {
            number(state.attempt);
            number(state.budget_from);
            number(state.is_doubtful ? 1 : 0);
        }
    }
    void operator()(const BackingOff& state) const {
        word("backing_off");
        number(state.attempt);
        number(state.budget_from);
        number(state.is_doubtful ? 1 : 0);
        number(state.due_at.time_since_epoch().count());
    }
    void operator()(const Waiting& state) const {
        word("waiting");
        number(state.due_at.time_since_epoch().count());
    }
    void operator()(const AwaitingCallback& state) const {
        word("awaiting_callback");
        number(state.attempt);
        number(state.budget_from);
        number(state.is_doubtful ? 1 : 0);
        number(state.due_at.time_since_epoch().count());
    }
    void operator()(const Iterating&) const { word("iterating"); }
    void operator()(const Settling& state) const {
        word("settling");
        if (state != Settling{1, false}) {
            number(state.attempt);
            number(state.is_doubtful ? 1 : 0);
        }
    }
    void operator()(const Succeeded&) const { word("succeeded"); }
    void operator()(const Skipped&) const { word("skipped"); }
    void operator()(const Failed&) const { word("failed"); }
    void operator()(const InDoubt&) const { word("in_doubt"); }
    void operator()(const Cancelled&) const { word("cancelled"); }
    void operator()(const StuckAction& state) const {
        word("stuck");
        number(static_cast<std::int64_t>(state.reason));
        number(state.attempt);
        number(state.is_doubtful ? 1 : 0);
    }
    void operator()(const Compensating& state) const {
        word("compensating");
        if (state != Compensating{1, 1}) {
            number(state.attempt);
            number(state.budget_from);
        }
    }
    void operator()(const CompensationBackingOff& state) const {
        word("undo_backing_off");
        number(state.attempt);
        number(state.budget_from);
        number(state.due_at.time_since_epoch().count());
    }
    void operator()(const CompensationAwaitingCallback& state) const {
        word("undo_awaiting_callback");
        number(state.attempt);
        number(state.budget_from);
        number(state.due_at.time_since_epoch().count());
    }
    void operator()(const StuckCompensation& state) const {
        word("undo_stuck");
        number(static_cast<std::int64_t>(state.reason));
        number(state.attempt);
    }
    void operator()(const Compensated& state) const {
        word("compensated");
        if (state.by != UndoneBy::Call) {
            number(static_cast<std::int64_t>(state.by));
        }
    }
};

void append_failure(std::string& out, const Failure& failure) {
    out += '[';
    append_text(out, failure.reason);
    if (failure.step) {
        append_step(out += ',', *failure.step);
    }
    out += ']';
}

void write_decision(Members& to, const Decision& decision) {
    if (!decision.items.empty()) {
        std::string& out = to.member("items");
        char separator = '[';
        for (const auto& [step, items] : decision.items) {
            out += separator;
            append_step(out += '[', step);
            append_value(out += ',', *items);
            out += ']';
            separator = ',';
        }
        out += ']';
    }
    if (!decision.steps.empty()) {
        std::string& out = to.member("to");
        char separator = '[';
        for (const StepChange& change : decision.steps) {
            out += separator;
            append_step(out += '[', change.step);
            std::visit(WriteState{out}, change.state);
            out += ']';
            separator = ',';
        }
        out += ']';
    }
    if (!decision.errors.empty()) {
        std::string& out = to.member("err");
        char separator = '[';
        for (const auto& [step, error] : decision.errors) {
            out += separator;
            append_step(out += '[', step);
            append_text(out += ',', error);
            out += ']';
            separator = ',';
        }
        out += ']';
    }
    if (decision.turned) {
        append_failure(to.member("turn"), *decision.turned);
    }
    if (decision.wanted == Wanted::Set && decision.turn_wanted) {
        append_failure(to.member("want"), *decision.turn_wanted);
    } else if (decision.wanted == Wanted::Lapsed) {
        to.member("lapsed") += "true";
    }
    if (decision.end) {
        Members end(to.member("end"));
        end.text("st", sagas::to_text(decision.end->status));
        end.value_if_any("out", decision.end->output);
        end.text_unless_empty("err", decision.end->output_error);
        end.close();
    }
}

}  // namespace

std::string encode(const Record& record) {
    std::string out;
    out.reserve(256);
    Members members(out);
    std::visit(WriteCause{members}, record.cause);
    write_decision(members, record.decision);
    members.close();
    return out;
}

}  // namespace skald::store
