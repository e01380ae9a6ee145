#include <algorithm>
#include <bitset>

#include "sagas/checks.h"
#include "sagas/utf8.h"

namespace skald::sagas {
namespace {

/// A rule whose condition is longer, and rules beyond so many of one definition, are not tried out.
constexpr std::size_t kTriedLengthMax = 200;
constexpr std::size_t kTriedRulesMax = 100;

constexpr int kStatusMin = 200;  ///< Of a reply that ends a call; one below never does.
constexpr int kStatusMax = 599;
using Statuses = std::bitset<kStatusMax - kStatusMin + 1>;

constexpr std::size_t to_bit(int status) { return static_cast<std::size_t>(status - kStatusMin); }

/// A reply of which only the status is known.
class StatusScope : public Scope {
 public:
    explicit StatusScope(int status) : status_(status) {}

    Found find(const Root& root) const override {
        if (root.kind == RootKind::ResponseStatus) return Json(status_);
        return std::monostate{};
    }

 private:
    int status_;
};

bool hangs_on_status_alone(const Condition& condition) {
    const std::vector<Path> paths = condition.uses();
    return std::all_of(paths.begin(), paths.end(),
                       [](const Path& path) { return path.root.kind == RootKind::ResponseStatus; });
}

/// The replies that the condition takes. Precondition: hangs_on_status_alone.
Statuses statuses_of(const Condition& condition) {
    Statuses statuses;
    for (int status = kStatusMin; status <= kStatusMax; ++status) {
        statuses[to_bit(status)] = condition.holds(StatusScope(status)).value_or(false);
    }
    return statuses;
}

class RuleFinder {
 public:
    explicit RuleFinder(Problems& warnings) : warnings_(warnings) {}

    void look_at(const ParsedStep& step) {
        Statuses taken;
        std::vector<std::string> earlier;
        for (const ParsedRule& rule : step.rules) {
            if (!rule.when) continue;
            const std::string& text = rule.when->text();
            const bool is_repeated =
                std::find(earlier.begin(), earlier.end(), text) != earlier.end();
            earlier.push_back(text);
            if (is_repeated || taken.all()) {
                add_shadowed(rule);
            } else if (can_be_tried(*rule.when)) {
                const Statuses own = statuses_of(*rule.when);
                look_at_statuses(step, rule, own, own & ~taken);
                taken |= own;
            }
        }
    }

 private:
    bool can_be_tried(const Condition& condition) {
        if (condition.text().size() > kTriedLengthMax || !hangs_on_status_alone(condition)) {
            return false;
        }
        return ++tried_ <= kTriedRulesMax;
    }

    void look_at_statuses(const ParsedStep& step, const ParsedRule& rule, const Statuses& own,
                          const Statuses& left) {
        if (own.none()) {
            warnings_.add("rule-never-met", rule.pointer + "/when",
                          "no status of a reply (200 to 599) meets " + in_quotes(rule.when->text()),
                          "mend it: $response.status is a number, and a value of another type is "
                          "never equal to it");
            return;
        }
        if (left.none()) {
            add_shadowed(rule);
            return;
        }
        const bool denies_doubt = rule.is == "failure" || rule.is == "retry";
        const ParsedCall* const call = action_as<ParsedCall>(step.action);
        const bool writes = call != nullptr && call->method != "GET";
        if (denies_doubt && writes && (left[to_bit(502)] || left[to_bit(504)])) {
            warnings_.add("rule-denies-doubt", rule.pointer,
                          in_quotes(rule.is) +
                              " says that the call did nothing, also of a 502 or 504: a gateway "
                              "can't know that, and what was done would not be undone",
                          "take 502 and 504 out of the rule, or make it \"unknown\"");
        }
    }

    void add_shadowed(const ParsedRule& rule) {
        warnings_.add("shadowed-rule", rule.pointer,
                      "the rules before it take every reply that it takes",
                      "move it up, or leave it out: the first rule that is met decides");
    }

    Problems& warnings_;
    std::size_t tried_ = 0;
};

void look_at_when(const ParsedStep& step, Problems& warnings) {
    if (!step.condition || !step.condition->uses().empty()) return;
    const bool holds = step.condition->holds(StatusScope(kStatusMin)).value_or(false);
    warnings.add("constant-condition", step.pointer + "/when",
                 holds ? "it holds for every saga" : "it holds for no saga: the step never runs",
                 holds ? "leave \"when\" out" : "leave the step out, or mend the condition");
}

}  // namespace

void find_condition_warnings(const ParsedDefinition& parsed, Problems& warnings) {
    RuleFinder rules(warnings);
    for (const ParsedStep& step : parsed.steps) {
        look_at_when(step, warnings);
        rules.look_at(step);
    }
}

}  // namespace skald::sagas
