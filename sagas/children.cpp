#include "sagas/children.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "sagas/problems.h"
#include "sagas/utf8.h"

namespace skald::sagas {
namespace {

enum class CalledTo : std::uint8_t { Act, Compensate };

/// A place of a definition from which a child is called.
struct ChildCall {
    StepIndex step;
    CalledTo to;
    const ChildSaga& child;
    std::string pointer;  ///< Of the `saga` object.
};

std::vector<ChildCall> child_calls(const Definition& definition) {
    std::vector<ChildCall> calls;
    for (std::size_t i = 0; i < definition.steps.size(); ++i) {
        const Step& step = definition.steps[i];
        const StepIndex index{static_cast<std::uint32_t>(i)};
        const std::string pointer = "/steps/" + std::to_string(i);
        if (const auto* const child = std::get_if<ChildSaga>(&step.action)) {
            calls.push_back({index, CalledTo::Act, *child, pointer + "/action/saga"});
        }
        const auto* const undo = std::get_if<Compensation>(&step.undo);
        if (undo == nullptr) continue;
        if (const auto* const child = std::get_if<ChildSaga>(&undo->call)) {
            calls.push_back({index, CalledTo::Compensate, *child, pointer + "/compensation/saga"});
        }
    }
    return calls;
}

/// Asks for each name once.
class KnownDefinitions {
 public:
    explicit KnownDefinitions(const FindLatest& find) : find_(find) {}

    const Result<KnownDefinition>& of(const std::string& name) {
        const auto known = known_.find(name);
        if (known != known_.end()) return known->second;
        return known_.emplace(name, find_(name)).first->second;
    }

 private:
    const FindLatest& find_;
    std::map<std::string, Result<KnownDefinition>> known_;
};

std::string way_text(const std::vector<std::string>& way, const std::string& end) {
    std::string text;
    for (const std::string& name : way) text += name + " -> ";
    return text + end;
}

/// Goes down from a definition as its sagas would.
class ChildChecker {
 public:
    ChildChecker(const Definition& top, const FindLatest& find) : top_(top), known_(find) {}

    std::vector<Problem> run() && {
        way_.push_back(top_.name);
        for (const ChildCall& call : child_calls(top_)) {
            pointer_ = call.pointer;
            look_at(top_, call);
        }
        return problems_.take();
    }

 private:
    /// One level of the sagas is that of `caller`, whose name ends the way.
    void look_at(const Definition& caller, const ChildCall& call) {
        const std::string& name = call.child.definition;
        if (std::find(way_.begin(), way_.end(), name) != way_.end()) {
            return add("child-cycle", "/definition",
                       "these call each other: " + way_text(way_, name),
                       "a saga can't wait for one that waits for it");
        }
        if (way_.size() == kChildLevelsMax) {
            return add(
                "child-depth", "/definition",
                way_text(way_, name) + ": more than " + std::to_string(kChildLevelsMax) + " levels",
                "a saga has children, and these have some, and no more: call it from higher "
                "up");
        }
        const Result<KnownDefinition>& found = known_.of(name);
        if (!found) return add_unknown(name, found.error());
        const Definition& child = *found->definition;
        look_at_call(caller, call, child);
        if (!seen_.insert({name, way_.size()}).second) return;
        way_.push_back(name);
        for (const ChildCall& below : child_calls(child)) look_at(child, below);
        way_.pop_back();
    }

    void look_at_call(const Definition& caller, const ChildCall& call, const Definition& child) {
        const std::string shown = in_quotes(child.name);
        if (child.lock) {
            add("child-lock", "/definition",
                called_by() + shown + " has a lock: the parent would wait for others' sagas",
                "leave \"lock\" out there, and lock the topmost saga");
        }
        const Step& step = caller.step(call.step);
        if (call.to == CalledTo::Act && child.pivot && step.position == Position::Before &&
            std::holds_alternative<NoCompensation>(step.undo)) {
            add("child-pivot", "/definition",
                called_by() + shown + " has a pivot: once past it, it can't be turned to undo " +
                    in_quotes(step.name),
                "give the step a \"compensation\", or put it at or after the pivot of its own "
                "saga");
        }
        look_at_secrecy(caller, call, child);
    }

    /// What one definition hides, the other must not show.
    void look_at_secrecy(const Definition& caller, const ChildCall& call, const Definition& child) {
        const std::string shown = in_quotes(child.name);
        if (!are_covered(find_sensitive(caller, call.step, call.child.input),
                         child.sensitive.input)) {
            add("sensitive-shown", "/input",
                called_by() + "what is sensitive here would be shown as the input of " + shown,
                "name it in the \"sensitive\" of that definition");
        }
        if (call.to == CalledTo::Compensate) return;
        const Sensitive::OfStep& own = caller.sensitive.of(element_of(call.step, 0));
        if (!are_covered(find_sensitive_output(caller.step(call.step), child.sensitive.output),
                         own.output)) {
            add("sensitive-shown", "/definition",
                called_by() + "what is sensitive in the output of " + shown +
                    " would be shown as that of the step",
                "name it in \"sensitive\" here: /steps/" + caller.step(call.step).name +
                    "/output...");
        }
    }

    void add_unknown(const std::string& name, const Error& error) {
        if (error.code == ErrorCode::NotFound) {
            add("unknown-definition", "/definition",
                called_by() + "there is no definition " + in_quotes(name), "register it first");
        } else {
            add("internal-error", "/definition", error.message, "try again");
        }
    }

    /// Of a call below the topmost definition, who makes it.
    std::string called_by() const { return way_.size() == 1 ? "" : "in " + way_.back() + ": "; }

    void add(const char* code, const char* member, std::string detail, std::string hint) {
        problems_.add(code, pointer_ + (way_.size() == 1 ? member : "/definition"),
                      std::move(detail), std::move(hint));
    }

    const Definition& top_;
    KnownDefinitions known_;
    std::vector<std::string> way_;  ///< Names, from the topmost to who calls.
    std::string pointer_;           ///< Of the call of the topmost definition that led here.
    std::set<std::pair<std::string, std::size_t>> seen_;  ///< Names, with their levels.
    Problems problems_;
};

}  // namespace

std::vector<Problem> check_children(const Definition& definition, const FindLatest& find) {
    return ChildChecker(definition, find).run();
}

Result<Pins> pin_children(const Definition& definition, const FindLatest& find) {
    Pins pins;
    std::vector<std::shared_ptr<const Definition>> found;
    const auto pin = [&](const Definition& caller) -> Result<void> {
        for (const ChildCall& call : child_calls(caller)) {
            const std::string& name = call.child.definition;
            if (pins.contains(name)) continue;
            Result<KnownDefinition> known = find(name);
            if (!known) return fail(known.error().code, known.error().message);
            pins.emplace(name, known->version);
            found.push_back(std::move(known->definition));
        }
        return {};
    };
    if (Result<void> done = pin(definition); !done) return tl::unexpected(done.error());
    for (std::size_t i = 0; i < found.size(); ++i) {
        const std::shared_ptr<const Definition> child = found[i];  // `found` grows.
        if (Result<void> done = pin(*child); !done) return tl::unexpected(done.error());
    }
    return pins;
}

}  // namespace skald::sagas
