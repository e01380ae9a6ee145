#include <algorithm>
#include <set>

#include "tests/simulation/oracle_rules.h"

namespace skald::simulation::oracle {
namespace {

/// The elements of one step, as its saga's journal goes on.
class Elements {
 public:
    Elements(const SagaFacts& saga, std::size_t step, Breaches& breaches)
        : saga_(saga), step_(step), breaches_(breaches) {}

    void read(const JournalRow& row) {
        for (const Place place : row.undoing) {
            if (place.step == step_ && place.item) begin(*place.item);
        }
        if (row.step != step_ || !row.item) return;
        const bool is_put_off = row.status == 202 && saga_.plan(step_).calls_back;
        const bool is_answer = row.type == "answered" || row.type == "called_back";
        const bool is_done =
            is_answer && row.phase == Phase::Action && row.word == Word::Success && !is_put_off;
        const Place own{step_, row.item};
        const bool is_begun =
            std::find(row.undoing.begin(), row.undoing.end(), own) != row.undoing.end();
        if (is_done && !is_begun) done_.insert(*row.item);
        if (row.type == "resolved") done_.erase(*row.item);
    }

 private:
    /// element-order.
    void begin(std::uint32_t item) {
        done_.erase(item);
        const auto later = done_.upper_bound(item);
        if (later == done_.end()) return;
        breaches_.add("element-order", saga_.id,
                      saga_.plan(step_).name + "/" + std::to_string(item) +
                          " was undone before element " + std::to_string(*later));
    }

    const SagaFacts& saga_;
    const std::size_t step_;
    Breaches& breaches_;
    std::set<std::uint32_t> done_;  ///< Succeeded before this row, and not begun to be undone.
};

}  // namespace

/// element-order: the last one that was done is undone first. One that was still under way when the
/// others were undone joins late.
void judge_elements(const History& history, const Facts& facts, Breaches& breaches) {
    for (const SagaFacts& saga : facts.sagas()) {
        const auto rows = history.journals.find(std::string(saga.id));
        for (std::size_t step = 0; step < saga.steps.size(); ++step) {
            if (!saga.has_elements(step) || rows == history.journals.end()) continue;
            Elements elements(saga, step, breaches);
            for (const JournalRow& row : rows->second) elements.read(row);
        }
    }
}

}  // namespace skald::simulation::oracle
