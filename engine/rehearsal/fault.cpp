#include "engine/rehearsal/fault.h"

#include <algorithm>
#include <span>

namespace skald::rehearsal {
namespace {

constexpr FaultKind kCallKinds[] = {
    FaultKind::Refused, FaultKind::LostBefore, FaultKind::LostAfter,
    FaultKind::Late,    FaultKind::Twice,      FaultKind::Unreachable,
    FaultKind::Gone,    FaultKind::Failing,    FaultKind::FailingAfter};

constexpr FaultKind kCallbackKinds[] = {FaultKind::CallbackRefused, FaultKind::CallbackLost,
                                        FaultKind::CallbackOwed,    FaultKind::CallbackFirst,
                                        FaultKind::CallbackTwice,   FaultKind::CallbackLate};

constexpr FaultKind kEventKinds[] = {FaultKind::EventRefused,    FaultKind::EventLost,
                                     FaultKind::EventOwed,       FaultKind::EventIgnored,
                                     FaultKind::EventUnanswered, FaultKind::EventLate,
                                     FaultKind::EventTwice,      FaultKind::EventAgain};

constexpr FaultKind kNoEventKinds[] = {FaultKind::EventAgain, FaultKind::EventHeardLate};

constexpr FaultKind kSignalKinds[] = {FaultKind::SignalRefuses, FaultKind::SignalLost,
                                      FaultKind::SignalEarly, FaultKind::SignalLate,
                                      FaultKind::SignalTwice};

/// Beyond those of every HTTP call.
std::span<const FaultKind> kinds_of(Way way) {
    switch (way) {
        case Way::Reply:
            return {};
        case Way::Callback:
            return kCallbackKinds;
        case Way::Event:
            return kEventKinds;
        case Way::NoEvent:
            return kNoEventKinds;
        case Way::Signal:
            return kSignalKinds;
    }
    return {};
}

void add_faults(const Reached& call, bool has_parallel, std::vector<Fault>& faults) {
    const auto add = [&](FaultKind kind) { faults.push_back({kind, call.place, 0}); };
    const bool is_http = call.way == Way::Reply || call.way == Way::Callback;
    if (is_http) {
        for (const FaultKind kind : kCallKinds) add(kind);
    }
    if (has_parallel && (is_http || call.way == Way::Event)) add(FaultKind::Slow);
    for (const FaultKind kind : kinds_of(call.way)) {
        const bool is_refusal = kind == FaultKind::EventRefused || kind == FaultKind::SignalRefuses;
        if (!is_refusal || call.can_refuse) add(kind);
    }
}

bool is_cancel(FaultKind kind) {
    return kind == FaultKind::CancelDuring || kind == FaultKind::CancelAfter;
}

bool is_crash(FaultKind kind) {
    return kind == FaultKind::CrashBefore || kind == FaultKind::CrashAfter;
}

/// Before the first commit is durable there is no saga that anybody could cancel.
bool is_moment(FaultKind kind, std::uint32_t commit, std::uint32_t commits) {
    return commit >= (kind == FaultKind::CancelDuring ? 2u : 1u) && commit <= commits;
}

const char* text_of(FaultKind kind) {
    switch (kind) {
        case FaultKind::Refused:
            return "refused";
        case FaultKind::LostBefore:
            return "time-out, and nothing was done";
        case FaultKind::LostAfter:
            return "time-out, and it took effect";
        case FaultKind::Late:
            return "time-out, and it arrives an hour later";
        case FaultKind::Twice:
            return "delivered again an hour later";
        case FaultKind::Unreachable:
            return "connection refused once";
        case FaultKind::Gone:
            return "connection refused for ever";
        case FaultKind::Failing:
            return "500 for ever, and nothing is done";
        case FaultKind::FailingAfter:
            return "500 for ever, though it took effect";
        case FaultKind::Slow:
            return "slow";
        case FaultKind::CallbackRefused:
            return "refused by its callback";
        case FaultKind::CallbackLost:
            return "never calls back, and nothing was done";
        case FaultKind::CallbackOwed:
            return "never calls back, though it took effect";
        case FaultKind::CallbackFirst:
            return "calls back before its 202";
        case FaultKind::CallbackTwice:
            return "calls back again an hour later";
        case FaultKind::CallbackLate:
            return "works, and calls back, an hour too late";
        case FaultKind::EventRefused:
            return "refused by its answer";
        case FaultKind::EventLost:
            return "not answered once, and nothing was done";
        case FaultKind::EventOwed:
            return "not answered once, though it took effect";
        case FaultKind::EventIgnored:
            return "never answered, and nothing was done";
        case FaultKind::EventUnanswered:
            return "never answered, though it took effect";
        case FaultKind::EventLate:
            return "works, and answers, an hour too late";
        case FaultKind::EventTwice:
            return "answers again an hour later";
        case FaultKind::EventAgain:
            return "heard again an hour later";
        case FaultKind::EventHeardLate:
            return "heard an hour later";
        case FaultKind::SignalRefuses:
            return "says no";
        case FaultKind::SignalLost:
            return "never comes";
        case FaultKind::SignalEarly:
            return "comes before it is waited for";
        case FaultKind::SignalLate:
            return "comes an hour too late";
        case FaultKind::SignalTwice:
            return "comes again an hour later";
        case FaultKind::CrashBefore:
            return "crash before commit ";
        case FaultKind::CrashAfter:
            return "crash after commit ";
        case FaultKind::CancelDuring:
            return "cancelled during commit ";
        case FaultKind::CancelAfter:
            return "cancelled after commit ";
        case FaultKind::Deadline:
            return "deadline passes after commit ";
    }
    return "";
}

/// For each step, those that it comes after, directly or not.
std::vector<std::vector<bool>> ancestors_of(const sagas::Definition& definition) {
    const std::size_t count = definition.steps.size();
    std::vector<std::vector<bool>> ancestors(count, std::vector<bool>(count));
    for (const StepIndex index : definition.order) {
        std::vector<bool>& mine = ancestors[to_size(index)];
        for (const StepIndex before : definition.step(index).after) {
            mine[to_size(before)] = true;
            const std::vector<bool>& theirs = ancestors[to_size(before)];
            for (std::size_t i = 0; i < count; ++i) mine[i] = mine[i] || theirs[i];
        }
    }
    return ancestors;
}

const Deadlined* find_deadline(const Reach& reach, SagaNumber saga) {
    const auto found = std::find_if(reach.deadlines.begin(), reach.deadlines.end(),
                                    [saga](const Deadlined& each) { return each.saga == saga; });
    return found == reach.deadlines.end() ? nullptr : &*found;
}

}  // namespace

bool is_of_call(const Fault& fault) { return fault.commit == 0; }

const Fault* fault_of_call(const Schedule& schedule, Place place) {
    const auto found = std::find_if(schedule.begin(), schedule.end(), [place](const Fault& fault) {
        return is_of_call(fault) && fault.place == place;
    });
    return found == schedule.end() ? nullptr : &*found;
}

bool go_together(const Fault& one, const Fault& other) {
    if (is_of_call(one) != is_of_call(other)) return true;
    if (is_of_call(one)) return one.place != other.place;
    if (is_cancel(one.kind) && is_cancel(other.kind)) return false;
    if (one.kind == FaultKind::Deadline && other.kind == FaultKind::Deadline) return false;
    return !is_crash(one.kind) || !is_crash(other.kind) || one.commit != other.commit;
}

std::string describe(const Cast& cast, const Fault& fault) {
    if (is_of_call(fault)) return cast.name(fault.place) + ": " + text_of(fault.kind);
    const std::string& path = cast.role(fault.place.spot.saga).path;
    return (path.empty() ? "" : path + ": ") + text_of(fault.kind) + std::to_string(fault.commit);
}

bool Reach::has_call(Place place) const {
    const auto found = std::lower_bound(
        calls.begin(), calls.end(), place,
        [](const Reached& each, const Place& wanted) { return each.place < wanted; });
    return found != calls.end() && found->place == place;
}

std::vector<Fault> faults_at(const Reach& reach, bool has_parallel) {
    std::vector<Fault> faults;
    for (const Reached& call : reach.calls) add_faults(call, has_parallel, faults);
    for (std::uint32_t commit = 1; commit <= reach.commits; ++commit) {
        for (const FaultKind kind : {FaultKind::CrashBefore, FaultKind::CrashAfter,
                                     FaultKind::CancelDuring, FaultKind::CancelAfter}) {
            if (is_moment(kind, commit, reach.commits)) faults.push_back({kind, {}, commit});
        }
        for (const Deadlined& each : reach.deadlines) {
            if (commit < each.from || commit > each.to) continue;
            faults.push_back({FaultKind::Deadline, {{each.saga, {}}, {}}, commit});
        }
    }
    return faults;
}

bool reaches(const Reach& reach, const Fault& fault) {
    if (is_of_call(fault)) return reach.has_call(fault.place);
    if (fault.kind != FaultKind::Deadline)
        return is_moment(fault.kind, fault.commit, reach.commits);
    const Deadlined* deadline = find_deadline(reach, fault.place.spot.saga);
    return deadline != nullptr && fault.commit >= deadline->from && fault.commit <= deadline->to;
}

bool has_parallel_calls(const sagas::Definition& definition) {
    const auto ancestors = ancestors_of(definition);
    for (std::size_t i = 0; i < ancestors.size(); ++i) {
        const auto& for_each = definition.steps[i].for_each;
        if (for_each && for_each->max_parallel > 1) return true;
        for (std::size_t j = 0; j < i; ++j) {
            if (!ancestors[i][j] && !ancestors[j][i]) return true;
        }
    }
    return false;
}

}  // namespace skald::rehearsal
