#include <set>

#include "tests/simulation/oracle_rules.h"

namespace skald::simulation::oracle {
namespace {

class Starts {
 public:
    Starts(const History& history, const Facts& facts, Breaches& breaches)
        : history_(history), facts_(facts), breaches_(breaches) {}

    void judge() {
        for (const Seen& seen : history_.seen) {
            if (const auto* answered = std::get_if<StartAnswered>(&seen.what)) answer(*answered);
            if (const auto* started = std::get_if<Started>(&seen.what)) {
                judge_kept(started->journals);
            }
        }
        judge_kept(history_.journals);
        judge_plans();
    }

 private:
    /// I2. Each plan has a key or id of its own, so that an id is never another's.
    void answer(const StartAnswered& answered) {
        using How = StartAnswered::How;
        if (answered.how == How::Busy) return;
        if (answered.how == How::IdUsed) {
            breaches_.add("I2", "", start(answered.number) + " was told that its id is used");
            return;
        }
        const auto [of_number, is_first] = saga_of_.emplace(answered.number, answered.saga);
        if (of_number->second != answered.saga) {
            breaches_.add("I2", answered.saga,
                          start(answered.number) + " was told another saga before");
        }
        const auto [of_saga, is_new] = number_of_.emplace(answered.saga, answered.number);
        if (of_saga->second != answered.number) {
            breaches_.add(
                "I2", answered.saga,
                start(answered.number) + " was told the saga of " + start(of_saga->second));
        }
        unseen_.insert(answered.saga);
    }

    /// I1. What was seen once in the store is I5's to keep.
    void judge_kept(const Journals& journals) {
        for (const std::string_view saga : unseen_) {
            if (!journals.contains(std::string(saga))) {
                breaches_.add("I1", saga, "it was acknowledged, and is lost");
            }
        }
        unseen_.clear();
    }

    /// I2: the sagas that there are, whether anybody was told of them or not.
    void judge_plans() {
        std::unordered_map<const StartPlan*, std::string_view> sagas;
        for (const auto& [id, journal] : history_.journals) {
            if (!journal.empty() && journal[0].parent) continue;  // See judge_children.
            const StartPlan* plan = facts_.plan_of(id, journal);
            if (plan == nullptr) {
                breaches_.add("I2", id, "no start has its key or id");
                continue;
            }
            const bool is_its_own = (!plan->is_id_of_client || plan->id == id) &&
                                    plan->request_key == journal[0].request_key;
            if (!is_its_own) breaches_.add("I2", id, "its id and key are of different starts");
            if (!sagas.emplace(plan, id).second) {
                breaches_.add("I2", id, start(plan->number) + " started another saga too");
            }
            const auto told = number_of_.find(id);
            if (told != number_of_.end() && told->second != plan->number) {
                breaches_.add(
                    "I2", id,
                    "told to " + start(told->second) + ", but started by " + start(plan->number));
            }
        }
    }

    static std::string start(std::uint64_t number) { return "start " + std::to_string(number); }

    const History& history_;
    const Facts& facts_;
    Breaches& breaches_;
    std::unordered_map<std::uint64_t, std::string_view> saga_of_;
    std::unordered_map<std::string_view, std::uint64_t> number_of_;
    std::set<std::string_view> unseen_;  ///< Acknowledged since the store was last read.
};

}  // namespace

void judge_starts(const History& history, const Facts& facts, Breaches& breaches) {
    Starts(history, facts, breaches).judge();
}

}  // namespace skald::simulation::oracle
