#include "engine/rehearsal/fault.h"

#include <algorithm>

namespace skald::rehearsal {
namespace {

constexpr FaultKind kCallKinds[] = {
    FaultKind::Refused, FaultKind::LostBefore, FaultKind::LostAfter,
    FaultKind::Late,    FaultKind::Twice,      FaultKind::Unreachable,
    FaultKind::Gone,    FaultKind::Failing,    FaultKind::FailingAfter};

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

bool has_parallel_steps(const sagas::Definition& definition) {
    const auto ancestors = ancestors_of(definition);
    for (std::size_t i = 0; i < ancestors.size(); ++i) {
        for (std::size_t j = 0; j < i; ++j) {
            if (!ancestors[i][j] && !ancestors[j][i]) return true;
        }
    }
    return false;
}

}  // namespace

bool is_of_call(const Fault& fault) { return fault.commit == 0; }

bool go_together(const Fault& one, const Fault& other) {
    if (is_of_call(one) != is_of_call(other)) return true;
    if (is_of_call(one)) return one.step != other.step || one.phase != other.phase;
    if (is_cancel(one.kind) && is_cancel(other.kind)) return false;
    if (one.kind == FaultKind::Deadline && other.kind == FaultKind::Deadline) return false;
    return !is_crash(one.kind) || !is_crash(other.kind) || one.commit != other.commit;
}

std::string describe(const sagas::Definition& definition, const Fault& fault) {
    if (!is_of_call(fault)) return text_of(fault.kind) + std::to_string(fault.commit);
    const std::string& name = definition.step(fault.step).name;
    return (fault.phase == Phase::Action ? name : "undo of " + name) + ": " + text_of(fault.kind);
}

bool Reach::has_call(StepIndex step, Phase phase) const {
    return calls[2 * to_size(step) + (phase == Phase::Compensation ? 1 : 0)];
}

Repertoire repertoire_of(const sagas::Definition& definition) {
    return {has_parallel_steps(definition), definition.deadline.has_value()};
}

std::vector<Fault> faults_at(const Reach& reach, const Repertoire& repertoire) {
    std::vector<Fault> faults;
    for (std::size_t i = 0; i < reach.calls.size(); ++i) {
        if (!reach.calls[i]) continue;
        const StepIndex step{static_cast<std::uint32_t>(i / 2)};
        const Phase phase = i % 2 == 0 ? Phase::Action : Phase::Compensation;
        for (const FaultKind kind : kCallKinds) faults.push_back({kind, step, phase, 0});
        if (repertoire.has_parallel_steps) faults.push_back({FaultKind::Slow, step, phase, 0});
    }
    for (std::uint32_t commit = 1; commit <= reach.commits; ++commit) {
        for (const FaultKind kind : {FaultKind::CrashBefore, FaultKind::CrashAfter,
                                     FaultKind::CancelDuring, FaultKind::CancelAfter}) {
            if (is_moment(kind, commit, reach.commits)) faults.push_back({kind, {}, {}, commit});
        }
        if (repertoire.has_deadline) faults.push_back({FaultKind::Deadline, {}, {}, commit});
    }
    return faults;
}

bool reaches(const Reach& reach, const Fault& fault) {
    return is_of_call(fault) ? reach.has_call(fault.step, fault.phase)
                             : is_moment(fault.kind, fault.commit, reach.commits);
}

}  // namespace skald::rehearsal
