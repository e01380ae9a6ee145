#include <algorithm>

#include "tests/simulation/oracle_rules.h"

namespace skald::simulation::oracle {
namespace {

using Rows = std::vector<JournalRow>;

/// I5, of one journal from row `from` on.
void judge_rows(std::string_view saga, const Rows& rows, std::size_t from, Breaches& breaches) {
    if (rows.empty()) {
        breaches.add("I5", saga, "the journal is empty");
    }
    for (std::size_t i = from; i < rows.size(); ++i) {
        const JournalRow& row = rows[i];
        const std::string where = "row " + std::to_string(i + 1);
        if (row.seq != i + 1) {
            breaches.add("I5", saga, where + " has seq " + std::to_string(row.seq));
        }
        if (i > 0 && row.at < rows[i - 1].at) {
            breaches.add("I5", saga, where + " is older than the one before");
        }
        if ((row.type == "begun") != (i == 0)) {
            breaches.add("I5", saga, where + " is " + row.type);
        }
    }
}

/// I5: what a process found is what the one before had found, and more. That holds for rows that
/// were written but not acknowledged too, since what was found has been acted upon.
void judge_growth(std::string_view saga, const Rows& before, const Rows& now, Breaches& breaches) {
    const auto [was, is] = std::mismatch(before.begin(), before.end(), now.begin(), now.end());
    if (was == before.end()) return;
    const std::string row = "row " + std::to_string(was->seq) + " (" + was->type + ")";
    breaches.add("I5", saga, row + (is == now.end() ? " is gone" : " was changed"));
}

void judge_step(const Journals& before, const Journals& now, Breaches& breaches) {
    auto old = before.begin();
    for (const auto& [saga, rows] : now) {
        for (; old != before.end() && old->first < saga; ++old) {
            breaches.add("I5", old->first, "the journal is gone");
        }
        const bool is_old = old != before.end() && old->first == saga;
        if (is_old) judge_growth(saga, old->second, rows, breaches);
        judge_rows(saga, rows, is_old ? std::min(old->second.size(), rows.size()) : 0, breaches);
        if (is_old) ++old;
    }
    for (; old != before.end(); ++old) breaches.add("I5", old->first, "the journal is gone");
}

}  // namespace

void judge_journals(const History& history, Breaches& breaches) {
    static const Journals kNone;
    const Journals* before = &kNone;
    for (const Seen& seen : history.seen) {
        const auto* started = std::get_if<Started>(&seen.what);
        if (started == nullptr) continue;
        judge_step(*before, started->journals, breaches);
        before = &started->journals;
    }
    judge_step(*before, history.journals, breaches);
}

/// I6. A try follows from the answer to the try before it, an action from the success of what it is
/// after, a compensation from that of its action and of the compensations before it.
void judge_written_ahead(const Facts& facts, Breaches& breaches) {
    for (const SagaFacts& saga : facts.sagas()) {
        for (const Place place : saga.places()) {
            for (const Phase phase : {Phase::Action, Phase::Undo}) {
                const CallFacts& call = saga.at(place).call(phase);
                if (call.relied_on <= call.journaled) continue;
                breaches.add(
                    "I6", saga.id,
                    "something was sent that follows from the answer to " +
                        described(saga, {"", place.step, phase, call.relied_on, place.item}) +
                        ", which was not durable");
            }
        }
    }
}

/// I5, I29, integrity: of the store at the end.
void judge_store(const History& history, Breaches& breaches) {
    std::map<std::string, std::uint64_t> counts;
    for (const auto& [id, saga] : history.sagas) {
        ++counts[saga.status];
        if (!saga.summary_agrees) breaches.add("I5", id, "the summary differs from the journal");
        if (!history.journals.contains(id)) breaches.add("I5", id, "there is no journal");
    }
    for (const auto& [id, rows] : history.journals) {
        if (!history.sagas.contains(id)) breaches.add("I5", id, "there is no summary");
    }
    for (const auto& [status, count] : history.counts) counts.try_emplace(status, 0);
    for (const auto& [status, count] : counts) {
        const auto told = history.counts.find(status);
        const std::uint64_t counted = told == history.counts.end() ? 0 : told->second;
        if (counted == count) continue;
        breaches.add(
            "I29", "",
            std::to_string(count) + " are " + status + ", counted as " + std::to_string(counted));
    }
    if (history.integrity != "ok") breaches.add("integrity", "", history.integrity);
}

}  // namespace skald::simulation::oracle
