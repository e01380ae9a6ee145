#include "tests/simulation/plans.h"

#include <algorithm>
#include <utility>

#include "tests/simulation/event_plans.h"

namespace skald::simulation {
namespace {

constexpr const char* kConditions[] = {"w0", "w1", "w2"};
constexpr const char* kLists[] = {"i0", "i1"};
constexpr const char* kShortList = "i2";  ///< For children: each of them is a saga.
constexpr const char* kTimes[] = {"t0", "t1"};
constexpr std::size_t kChildStepsMax = 2;

/// What all versions of one name have in common, so that whatever version is the latest can be
/// called by those who call it.
struct Name {
    std::string name;
    bool may_have_pivot;
    bool has_lock;  ///< Then it is nobody's child.
    bool speaks_events;
    Findable findable;
};

using Names = std::vector<Name>;

/// Draws one definition.
class Drawing {
 public:
    Drawing(Random& random, const Name& name, const Names& callable)
        : random_(random), name_(name), callable_(callable) {}

    DefinitionPlan draw() {
        DefinitionPlan plan;
        plan.name = name_.name;
        const std::size_t count = 1 + random_.below(random_.one_in(4) ? 7 : 4);
        if (name_.may_have_pivot && !random_.one_in(3)) pivot_ = random_.below(count);
        for (std::size_t i = 0; i < count; ++i) plan.steps.push_back(step(i));
        if (random_.one_in(4)) {
            plan.deadline = Time{random_.between(200, random_.one_in(3) ? 90'000 : 20'000)};
        }
        plan.has_lock = name_.has_lock;
        return plan;
    }

 private:
    bool is_after(std::size_t index) const { return pivot_ && index > *pivot_; }

    std::vector<std::size_t> some_before(std::size_t index) {
        std::vector<std::size_t> after;
        for (std::size_t other = 0; other < index; ++other) {
            const bool must = pivot_ && (index == *pivot_ || (index > *pivot_ && other == *pivot_));
            const bool may = !pivot_ || index < *pivot_ || other >= *pivot_;
            if (must || (may && random_.one_in(2))) after.push_back(other);
        }
        return after;
    }

    StepPlan step(std::size_t index) {
        StepPlan step;
        step.name = "s" + std::to_string(index);
        step.after = some_before(index);
        step.is_pivot = pivot_ == index;
        step.is_optional = !step.is_pivot && random_.one_in(7);
        if (random_.one_in(6)) step.when = kConditions[random_.below(std::size(kConditions))];
        const bool may_call = !callable_.empty() && child_steps_ < kChildStepsMax;
        if (may_call && random_.one_in(3)) {
            step.kind = StepPlan::Kind::Child;
        } else if (random_.one_in(name_.speaks_events ? 6 : 9)) {
            step.kind = StepPlan::Kind::Wait;
        }
        if (step.kind == StepPlan::Kind::Wait) {
            make_wait(step);
            return step;
        }
        step.parks_in_doubt = !step.is_optional && random_.one_in(6);
        step.cannot_be_made = random_.one_in(20);
        step.output_fails = random_.one_in(12);
        step.kind == StepPlan::Kind::Child ? make_child(step) : make_call(step, index);
        make_undo(step, index);
        make_elements(step);
        if (name_.speaks_events) make_events(step);
        return step;
    }

    void make_events(StepPlan& step) {
        const bool is_call = step.kind == StepPlan::Kind::Call;
        if (is_call && random_.one_in(2)) make_event_action(random_, name_.findable, step);
        const bool has_undo = step.undo == StepPlan::Undo::Call;
        const bool is_likely = step.event.has_value() || random_.one_in(2);
        if (has_undo && is_likely && random_.one_in(2)) {
            make_event_undo(random_, name_.findable, step);
        }
    }

    void make_wait(StepPlan& step) {
        step.undo = StepPlan::Undo::NotSaid;
        if (name_.speaks_events && !random_.one_in(3)) {
            make_event_wait(random_, step);
        } else if (random_.one_in(3)) {
            step.wait_until = kTimes[random_.below(std::size(kTimes))];
        } else {
            step.wait_for = short_or_long(1, 3'000);
        }
    }

    void make_child(StepPlan& step) {
        ++child_steps_;
        step.child = callee().name;
        step.tries_max = 1;
    }

    void make_call(StepPlan& step, std::size_t index) {
        const bool has_limit = !is_after(index) || step.is_optional || random_.one_in(3);
        if (has_limit) step.tries_max = 1 + random_.below(5);
        step.first_wait = Time{random_.between(1, 400)};
        step.longest_wait = std::max(step.first_wait, Time{random_.between(100, 5'000)});
        step.jitter = random_.one_in(2) ? 0.0 : 0.25;
        if (random_.one_in(5)) step.failure_status = 404;
        if (random_.one_in(6)) step.unknown_status = 418;
        step.calls_back = random_.one_in(4);
        if (step.calls_back) step.callback_timeout = short_or_long(1'000, 5'000);
    }

    void make_undo(StepPlan& step, std::size_t index) {
        step.undo = draw_undo(step, index);
        if (step.undo == StepPlan::Undo::Child) {
            step.undo_child = callee().name;
            step.undo_tries_max = 1;
        }
        if (step.undo != StepPlan::Undo::Call) return;
        step.undo_is_delete = random_.one_in(3);
        if (step.is_optional || random_.one_in(5)) step.undo_tries_max = 1 + random_.below(4);
        if (step.kind == StepPlan::Kind::Child) {
            step.first_wait = Time{random_.between(1, 400)};
            step.longest_wait = std::max(step.first_wait, Time{1'000});
        }
        step.undo_calls_back = random_.one_in(6);
        if (step.undo_calls_back) step.undo_callback_timeout = short_or_long(1'000, 5'000);
    }

    StepPlan::Undo draw_undo(const StepPlan& step, std::size_t index) {
        const bool is_child = step.kind == StepPlan::Kind::Child;
        if (is_after(index) || (step.is_pivot && !random_.one_in(3))) {
            return StepPlan::Undo::NotSaid;
        }
        // A child that may be past a pivot of its own cannot be turned before ours.
        const bool undoes_itself = is_child && (step.is_pivot || !has_pivot(step.child));
        if (undoes_itself && !random_.one_in(3)) return StepPlan::Undo::NotSaid;
        if (random_.one_in(6)) return StepPlan::Undo::Nothing;
        const bool may_call = !callable_.empty() && random_.one_in(6);
        return may_call ? StepPlan::Undo::Child : StepPlan::Undo::Call;
    }

    void make_elements(StepPlan& step) {
        if (step.is_pivot || !random_.one_in(5)) return;
        const bool is_short =
            step.kind == StepPlan::Kind::Child || step.undo == StepPlan::Undo::Child;
        step.items = is_short ? kShortList : kLists[random_.below(std::size(kLists))];
        step.max_parallel =
            random_.one_in(3) ? 10 : static_cast<std::uint32_t>(random_.between(1, 4));
    }

    const Name& callee() { return callable_[random_.below(callable_.size())]; }
    bool has_pivot(const std::string& name) const {
        return std::any_of(callable_.begin(), callable_.end(), [&name](const Name& each) {
            return each.name == name && each.may_have_pivot;
        });
    }
    /// Long: what is parked waits for it.
    Time short_or_long(std::int64_t least, std::int64_t most) {
        return Time{random_.one_in(3) ? random_.between(31'000, 100'000)
                                      : random_.between(least, most)};
    }

    Random& random_;
    const Name& name_;
    const Names& callable_;
    std::optional<std::size_t> pivot_;
    std::size_t child_steps_ = 0;
};

std::uint32_t length_below(Random& random, std::uint64_t bound) {
    return static_cast<std::uint32_t>(random.below(bound));
}

}  // namespace

/// A name calls those before it, so that three names make three levels.
std::vector<DefinitionPlan> make_plans(Random& random) {
    Names names;
    const std::size_t count = 1 + random.below(3);
    for (std::size_t i = 0; i < count; ++i) {
        const bool is_last = i + 1 == count;
        names.push_back({"d" + std::to_string(i), is_last ? random.one_in(2) : random.one_in(4),
                         is_last ? random.one_in(3) : random.one_in(12), !random.one_in(3),
                         is_last ? Findable::ByValueToo : Findable::BySagaOnly});
    }
    std::vector<DefinitionPlan> plans;
    Names callable;
    for (std::size_t i = 0; i < count; ++i) {
        plans.push_back(Drawing(random, names[i], callable).draw());
        if (!names[i].has_lock) callable.push_back(names[i]);
    }
    // Another version of one of them now and then, of which those before it know nothing.
    if (random.one_in(3)) {
        const std::size_t again = random.below(count);
        Names before;
        std::copy_if(callable.begin(), callable.end(), std::back_inserter(before),
                     [&names, again](const Name& each) { return each.name < names[again].name; });
        plans.push_back(Drawing(random, names[again], before).draw());
    }
    return plans;
}

StartPlan make_start(Random& random, std::uint64_t number, std::size_t index,
                     const std::vector<DefinitionPlan>& plans) {
    StartPlan start{number, index, {}, random.one_in(2), {}, {}};
    if (start.is_id_of_client) start.id = "order-" + std::to_string(number);
    if (!start.is_id_of_client || random.one_in(3)) {
        start.request_key = "start-" + std::to_string(number);
    }
    for (const char* name : kConditions) start.input.emplace(name, !random.one_in(3));
    for (const char* name : kLists) start.items.emplace(name, length_below(random, 9));
    start.items.emplace(kShortList, length_below(random, 4));
    for (const char* name : kTimes) {
        start.times.emplace(name, kBeginningMs + random.between(-10'000, 90'000));
    }
    if (plans[index].has_lock) start.lock = random.one_in(4) ? "b" : "a";
    start.group = random.one_in(3) ? "g1" : "g0";
    return start;
}

const DefinitionPlan* plan_of(const std::vector<DefinitionPlan>& plans, std::string_view name,
                              std::uint32_t version) {
    for (const DefinitionPlan& plan : plans) {
        if (plan.name == name && --version == 0) return &plan;
    }
    return nullptr;
}

const StartPlan* start_of(const std::vector<StartPlan>& starts, std::string_view saga) {
    const std::string_view top = saga.substr(0, saga.find('.'));
    const auto found = std::find_if(starts.begin(), starts.end(), [top](const StartPlan& start) {
        return start.is_id_of_client
                   ? top == start.id
                   : top.starts_with("saga-" + std::to_string(start.number) + "-");
    });
    return found == starts.end() ? nullptr : &*found;
}

std::size_t step_named(const std::string& name) {
    const bool is_planned = name.size() > 1 && name.size() < 4 && name[0] == 's' &&
                            name.find_first_not_of("0123456789", 1) == std::string::npos;
    return is_planned ? std::stoul(name.substr(1)) : static_cast<std::size_t>(-1);
}

std::optional<std::uint32_t> items_of(const StepPlan& step, const StartPlan& start) {
    if (!step.items) return std::nullopt;
    const auto found = start.items.find(*step.items);
    return found == start.items.end() ? 0 : found->second;
}

}  // namespace skald::simulation
