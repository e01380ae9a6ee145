#include "tests/faults/scene.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <set>

namespace skald::faults {
namespace {

using crash::Ending;
using crash::Expected;
using crash::Story;
using Json = nlohmann::json;

const Expected kCompleted{};
const Expected kUndone{.ending = Ending::Compensated, .effects_min = 2, .effects_max = 2};
const Expected kAbandoned{
    .ending = Ending::Abandoned, .effects_min = 2, .effects_max = 2, .called_max = 2};
/// The call that is out takes effect, though only after the end.
const Expected kAbandonedInFlight{.ending = Ending::Abandoned};

constexpr std::size_t kShip = 2;  ///< Of crash::kSteps.
constexpr std::chrono::seconds kLateAnswerTime{60};

/// An empty object, where it is no JSON.
Json parse(const std::string& text) {
    const Json parsed = Json::parse(text, nullptr, false);
    return parsed.is_object() ? parsed : Json::object();
}

std::string key_header(const std::string& key) { return "Idempotency-Key: \"" + key + "\"\r\n"; }

/// `plain`: a charge that is held is tried until it is mended. `doubtful`: two tries, then it
/// turns. `parked`: two tries, then it is stuck. `forked`: as parked, and it ships meanwhile.
/// `short`: as plain, with a deadline.
std::string definition(const std::string& name, std::size_t version,
                       const std::vector<std::uint16_t>& ports) {
    Json document = parse(crash::definition_json(Story::Completed, ports));
    document["name"] = name;
    document["description"] = "version " + std::to_string(version);
    document["defaults"]["retry"] = {{"initial_interval", "5ms"}, {"maximum_interval", "5ms"}};
    for (Json& step : document["steps"]) step["compensation"].erase("retry");
    const bool is_parked = name == "parked" || name == "forked";
    Json& charge = document["steps"][1];
    charge["retry"] = {{"maximum_attempts", is_parked || name == "doubtful" ? 2 : 1'000'000}};
    if (is_parked) charge["in_doubt"] = "park";
    if (name == "forked") document["steps"][2]["after"] = Json::array({crash::kSteps[0]});
    if (name == "short") {
        document["deadline"] = "60ms";
        charge["retry"]["initial_interval"] = "30ms";
        charge["retry"]["maximum_interval"] = "30ms";
    }
    document["steps"][2]["action"]["http"]["body"]["address"] = "$input.address";
    return document.dump();
}

bool is_late(const Json& row) { return row["type"] == "late"; }

/// Nothing comes after the end but answers to tries that were given up, each of them once.
void check_end(const Json& rows, const std::string& status) {
    const auto end =
        std::find_if(rows.begin(), rows.end(), [](const Json& row) { return row.contains("end"); });
    ASSERT_NE(end, rows.end()) << rows.dump(1);
    EXPECT_EQ((*end)["end"]["status"], status) << rows.dump(1);
    EXPECT_TRUE(std::all_of(end + 1, rows.end(), is_late)) << rows.dump(1);
    std::set<std::string> tries;
    for (const Json& row : rows) {
        if (!is_late(row)) continue;
        const Json answered = {row["step"], row["phase"], row["attempt"]};
        EXPECT_TRUE(tries.insert(answered.dump()).second) << rows.dump(1);
    }
}

Json input(Story story) { return {{"story", crash::name(story)}, {"address", "1 Main Street"}}; }

}  // namespace

Scene::Scene(KeptSkald& skald, crash::Participants& participants, const crash::Ledger& ledger)
    : skald_(skald), participants_(participants), ledger_(ledger) {}

std::string Scene::ask(const std::string& method, const std::string& target,
                       const std::string& body, const std::string& headers, int status) {
    if (has_failed_) return {};
    const auto reply = skald_.send(method, target, body, headers);
    if (!reply || (reply->status != status && status != 0)) {
        has_failed_ = true;
        ADD_FAILURE() << method << ' ' << target << ' ' << body << " was answered with "
                      << (reply ? std::to_string(reply->status) + ' ' + reply->body
                                : skald_.failure());
    }
    return reply ? reply->body : std::string();
}

void Scene::define(const std::string& name, std::size_t version) {
    // 200 where it was registered before a kill took the answer.
    ask("PUT", "/v1/definitions/" + name, definition(name, version, participants_.ports()), "", 0);
    const Json now = parse(ask("GET", "/v1/definitions/" + name, "", "", 200));
    if (!has_failed_) {
        EXPECT_EQ(now.value("version", std::size_t{0}), version) << now;
    }
}

void Scene::start(const std::string& id, const std::string& definition_name, Story story) {
    const Json body = {{"definition", definition_name}, {"id", id}, {"input", input(story)}};
    const std::string answer = ask("POST", "/v1/sagas", body.dump(), "", 0);
    if (has_failed_) return;
    EXPECT_EQ(parse(answer).value("id", ""), id) << answer;
    acknowledged_.push_back({id, "begun", "", "/v1/sagas", body.dump()});
}

void Scene::start_by_key(const std::string& id, const std::string& key, Story story) {
    const Json body = {{"definition", "plain"}, {"id", id}, {"input", input(story)}};
    const Json answer = parse(ask("POST", "/v1/sagas", body.dump(), key_header(key), 201));
    if (has_failed_) return;
    EXPECT_EQ(answer.value("id", ""), id) << answer;
    acknowledged_.push_back({id, "begun", key, "/v1/sagas", body.dump()});
}

void Scene::start_batch(const std::vector<std::string>& ids) {
    Json items = Json::array();
    for (const std::string& id : ids) {
        items.push_back({{"definition", "plain"}, {"id", id}, {"input", input(Story::Completed)}});
    }
    const Json body = {{"items", items}};
    const Json answer = parse(ask("POST", "/v1/sagas/batch", body.dump(), "", 200));
    if (has_failed_) return;
    for (std::size_t i = 0; i < ids.size(); ++i) {
        EXPECT_EQ(answer["items"][i]["saga"]["id"], ids[i]) << answer;
        acknowledged_.push_back({ids[i], "begun", "", "/v1/sagas", items[i].dump()});
    }
}

void Scene::command(const std::string& saga, const std::string& name, const std::string& type,
                    const std::string& body, int status) {
    const std::string target = "/v1/sagas/" + saga + '/' + name;
    const std::string key = name + " of " + saga;
    ask("POST", target, body, key_header(key), status);
    if (!has_failed_) acknowledged_.push_back({saga, type, key, target, body});
}

void Scene::await(const std::string& saga, const std::string& status) {
    std::string now;
    while (!has_failed_ && now != status) {
        const Json answer = parse(ask("GET", "/v1/sagas/" + saga + "?wait=30s", "", "", 200));
        if (has_failed_) return;
        now = answer.value("status", "none");
        if (now != status && now != "running" && now != "compensating") {
            has_failed_ = true;
            ADD_FAILURE() << "waited for " << saga << " to be " << status << ": " << answer.dump(1);
        }
    }
}

void Scene::ends(const std::string& saga, const std::string& status, Expected expected) {
    await(saga, status);
    ended_[saga] = status;
    expected_[saga] = expected;
}

/// One branch is parked while the call of the other one is out; that is answered after the end.
void Scene::abandon_with_a_call_out() {
    const std::string saga = "in-flight";
    participants_.freeze(kShip);
    start(saga, "forked", Story::Parked);
    await(saga, "stuck");
    // Asks on meanwhile: a skald that was killed is started again by a request.
    while (!has_failed_ && !participants_.is_kept_waiting(saga)) await(saga, "stuck");
    const std::size_t kills = skald_.kills();
    command(saga, "abandon", "abandoned", R"({"reason": "a test"})", 200);
    ends(saga, "abandoned", kAbandonedInFlight);
    participants_.thaw();
    await_late_answer(saga, kills);
}

/// A skald that was started after the end knows of no call.
void Scene::await_late_answer(const std::string& saga, std::size_t kills) {
    const auto until = std::chrono::steady_clock::now() + kLateAnswerTime;
    bool is_noted = false;
    while (!has_failed_ && !is_noted && skald_.kills() == kills) {
        if (std::chrono::steady_clock::now() > until) {
            has_failed_ = true;
            ADD_FAILURE() << saga << ": the answer that came after its end was never noted";
        }
        const Json rows = parse(ask("GET", "/v1/sagas/" + saga + "/history", "", "", 200))["items"];
        is_noted = std::any_of(rows.begin(), rows.end(), is_late);
    }
    if (is_noted) acknowledged_.push_back({saga, "late", "", "", ""});
}

void Scene::play() {
    for (const char* name : {"plain", "doubtful", "parked", "forked", "short"}) define(name, 1);
    start("overdue", "short", Story::Held);

    start("completed", "plain", Story::Completed);
    ends("completed", "completed", kCompleted);
    start_by_key("refused", "order 4711", Story::Refused);
    ends("refused", "compensated", kUndone);
    const Json again = {
        {"id", "replayed"}, {"input", input(Story::Completed)}, {"reason", "in stock again"}};
    command("refused", "replay", "begun", again.dump(), 201);
    if (!has_failed_) acknowledged_.back().saga = "replayed";
    ends("replayed", "completed", kCompleted);
    start("in-doubt", "doubtful", Story::Broken);
    ends("in-doubt", "compensated", crash::expected_of(Story::Broken));

    start("cancelled", "plain", Story::Held);
    command("cancelled", "cancel", "cancelled", R"({"reason": "called"})", 0);
    ends("cancelled", "compensated", crash::expected_of(Story::Held));
    start("suspended", "plain", Story::Held);
    command("suspended", "suspend", "suspended", R"({"reason": "wait"})", 200);
    participants_.mend("suspended");
    command("suspended", "resume", "resumed", R"({"reason": "go"})", 200);
    ends("suspended", "completed", kCompleted);

    define("plain", 2);
    for (const char* id : {"retried", "resolved", "abandoned"}) {
        start(id, "parked", Story::Parked);
        await(id, "stuck");
    }
    participants_.mend("retried");
    command("retried", "retry", "retried", R"({"reason": "mended"})", 200);
    ends("retried", "completed", kCompleted);
    const Json resolve = {{"step", "charge"}, {"as", "succeeded"}, {"reason", "their books"}};
    command("resolved", "resolve", "resolved", resolve.dump(), 200);
    ends("resolved", "completed", kCompleted);
    command("abandoned", "abandon", "abandoned", R"({"reason": "a test"})", 200);
    ends("abandoned", "abandoned", kAbandoned);
    abandon_with_a_call_out();

    const Json no_address = {{"definition", "plain"},
                             {"id", "unsendable"},
                             {"input", {{"story", crash::name(Story::Completed)}}}};
    ask("POST", "/v1/sagas", no_address.dump(), "", 0);
    acknowledged_.push_back({"unsendable", "begun", "", "/v1/sagas", no_address.dump()});
    ends("unsendable", "compensated", kUndone);
    start_batch({"first", "second"});
    for (const char* id : {"first", "second"}) ends(id, "completed", kCompleted);
    ends("overdue", "compensated", crash::expected_of(Story::Held));
}

void Scene::check() {
    if (has_failed_) return;
    check_journals();
    check_answers();
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

/// Whole, without a gap, and with each acknowledged thing exactly once.
void Scene::check_journals() {
    std::map<std::string, Json> journals;
    for (const auto& [saga, status] : ended_) {
        const Json history = parse(ask("GET", "/v1/sagas/" + saga + "/history", "", "", 200));
        if (has_failed_) return;
        journals[saga] = history["items"];
        std::uint64_t seq = 0;
        for (const Json& row : history["items"]) EXPECT_EQ(row["seq"], ++seq) << history.dump(1);
        check_end(history["items"], status);
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
        EXPECT_EQ(found, 1u) << each.type << " of " << each.saga << " was acknowledged\n"
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
}

void Scene::check_sums() {
    std::map<std::string, std::size_t> wanted;
    for (const auto& [saga, status] : ended_) ++wanted[status];
    const Json counts =
        parse(ask("GET", "/v1/sagas?count=true&limit=1", "", "", 200)).value("counts", Json());
    for (const auto& count : counts.items())
        EXPECT_EQ(count.value(), wanted[count.key()]) << counts;
    const Json plain = parse(ask("GET", "/v1/definitions/plain", "", "", 200));
    if (!has_failed_) {
        EXPECT_EQ(plain.value("version", 0), 2) << plain;
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
