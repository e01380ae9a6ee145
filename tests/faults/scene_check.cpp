#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "tests/faults/answers.h"
#include "tests/faults/scene.h"

/// What must be true once a scene was played.
namespace skald::faults {
namespace {

using Json = nlohmann::json;

bool is_late(const Json& row) { return row["type"] == "late"; }

/// Nothing comes after the end but answers to tries that were given up, each of them once; or the
/// turn of a child, which completed, by its parent.
void check_end(const Json& rows, const std::string& status) {
    const auto has_end = [](const Json& row) { return row.contains("end"); };
    auto end = std::find_if(rows.begin(), rows.end(), has_end);
    ASSERT_NE(end, rows.end()) << rows.dump(1);
    if (end + 1 != rows.end() && (*(end + 1))["type"] == "parent_turned") {
        EXPECT_EQ((*end)["end"]["status"], "completed") << rows.dump(1);
        end = std::find_if(end + 1, rows.end(), has_end);
        ASSERT_NE(end, rows.end()) << rows.dump(1);
    }
    EXPECT_EQ((*end)["end"]["status"], status) << rows.dump(1);
    EXPECT_TRUE(std::all_of(end + 1, rows.end(), is_late)) << rows.dump(1);
    std::set<std::string> tries;
    for (const Json& row : rows) {
        if (!is_late(row)) continue;
        const Json answered = {row["step"], row["phase"], row["attempt"]};
        EXPECT_TRUE(tries.insert(answered.dump()).second) << rows.dump(1);
    }
}

}  // namespace

void Scene::check() {
    if (has_failed_) return;
    check_journals();
    check_answers();
    check_children();
    check_locks();
    check_sums();
    const auto faults = crash::find_faults(ledger_.entries(), expected_);
    for (const crash::Fault& fault : faults) {
        ADD_FAILURE() << "saga " << fault.saga << ": " << fault.text << '\n'
                      << ask("GET", "/v1/sagas/" + fault.saga + "/history", "", "", 200);
    }
    for (const std::string& broken : participants_.broken_calls()) {
        ADD_FAILURE() << "a call broke its contract: " << broken;
    }
}

/// Whole, without a gap, and with each acknowledged thing exactly once; what comes late, once for
/// each try that was given up (check_end).
void Scene::check_journals() {
    std::map<std::string, Json> journals;
    for (const auto& [saga, status] : ended_) {
        const Json history = parse(ask("GET", "/v1/sagas/" + saga + "/history", "", "", 200));
        if (has_failed_) return;
        journals[saga] = history["items"];
        std::uint64_t seq = 0;
        for (const Json& row : history["items"]) EXPECT_EQ(row["seq"], ++seq) << history.dump(1);
        check_end(history["items"], status);
        EXPECT_EQ(rows_of(history["items"], "begun"), 1u) << history.dump(1);
    }
    for (const Acknowledged& each : acknowledged_) {
        std::size_t found = 0;
        for (const Json& row : journals[each.saga]) {
            // The journal tells the key of a command with its scope before it, that of a replay
            // not.
            const bool is_replay = each.target.ends_with("/replay");
            found += row["type"] == each.type &&
                     (is_replay || row.value("idempotency_key", "").ends_with(each.key));
        }
        EXPECT_TRUE(found == 1 || (found > 1 && each.type == "late"))
            << found << " times: " << each.type << " of " << each.saga << " was acknowledged\n"
            << journals[each.saga].dump(1);
    }
}

/// What is asked again is answered by what it gave the first time.
void Scene::check_answers() {
    for (const Acknowledged& each : acknowledged_) {
        if (each.target.empty()) continue;
        const std::string headers = each.key.empty() ? "" : key_header(each.key);
        const Json answer = parse(ask("POST", each.target, each.body, headers, 0));
        if (!has_failed_) {
            EXPECT_EQ(answer.value("id", ""), each.saga) << answer;
        }
    }
    for (const CalledBack& each : called_back_) {
        EXPECT_NE(call_back(each), true) << each.saga << " took it once more";
    }
}

/// Each is of a parent that was acknowledged, and both say so.
void Scene::check_children() {
    for (const auto& [child, parent] : parents_) {
        const Json of_child = parse(ask("GET", "/v1/sagas/" + child, "", "", 200));
        const Json of_parent = parse(ask("GET", "/v1/sagas/" + parent, "", "", 200));
        if (has_failed_) return;
        const Json named = {{"id", parent}, {"step", crash::kSteps[kCharge]}};
        EXPECT_EQ(of_child.value("parent", Json()), named);
        const Json& step = of_parent["steps"][kCharge];
        EXPECT_EQ(step.value("child", Json::object()).value("id", ""), child) << step;
        const bool is_acknowledged =
            std::any_of(acknowledged_.begin(), acknowledged_.end(),
                        [&parent = parent](const Acknowledged& each) {
                            return each.saga == parent && each.type == "begun";
                        });
        EXPECT_TRUE(is_acknowledged) << child << " is of " << parent;
    }
}

/// Whoever has one was granted it once, after the one before it had ended; by the journals, and by
/// the participants' books.
void Scene::check_locks() {
    for (const std::vector<std::string>& queue : queues_) {
        std::string free_since;
        for (const std::string& saga : queue) {
            const Json rows =
                parse(ask("GET", "/v1/sagas/" + saga + "/history", "", "", 200))["items"];
            if (has_failed_) return;
            const std::size_t grants = rows_of(rows, "lock_granted");
            EXPECT_LE(grants, 1u) << rows.dump(1);
            for (const Json& row : rows) {
                const std::string at = row["at"];
                if (row["type"] == "lock_granted") {
                    EXPECT_GE(at, free_since) << rows.dump(1);
                }
                if (row.contains("end") && grants != 0) free_since = at;
            }
        }
        for (const crash::Fault& fault : crash::find_overlaps(ledger_.entries(), queue)) {
            ADD_FAILURE() << "saga " << fault.saga << ": " << fault.text;
        }
    }
}

void Scene::check_sums() {
    std::map<std::string, std::size_t> wanted;
    for (const auto& [saga, status] : ended_) ++wanted[status];
    const Json counts =
        parse(ask("GET", "/v1/sagas?count=true&limit=1", "", "", 200)).value("counts", Json());
    for (const auto& count : counts.items())
        EXPECT_EQ(count.value(), wanted[count.key()]) << counts;
    for (const auto& [name, version] : versions_) {
        const Json latest = parse(ask("GET", "/v1/definitions/" + name, "", "", 200));
        if (!has_failed_) {
            EXPECT_EQ(latest.value("version", std::size_t{0}), version) << latest;
        }
    }
    const Json doctor = parse(ask("GET", "/v1/doctor?deep=true", "", "", 200));
    if (has_failed_) return;
    for (const Json& each : doctor["checks"]) {
        const bool is_of_the_file =
            each["name"] == "store" || each["name"] == "counts" || each["name"] == "orphans";
        if (is_of_the_file) {
            EXPECT_EQ(each["status"], "ok") << each;
        }
    }
}

}  // namespace skald::faults
