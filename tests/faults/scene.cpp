#include "tests/faults/scene.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <chrono>
#include <nlohmann/json.hpp>

#include "tests/faults/answers.h"
#include "tests/faults/definitions.h"

namespace skald::faults {
namespace {

using crash::Expected;
using crash::Story;
using Json = nlohmann::json;

constexpr std::chrono::seconds kLongestWait{120};
/// What is waited for is asked for that often: each answer is a place to kill at, so they are few.
/// A skald that was killed is started again by a request.
constexpr std::chrono::milliseconds kCallTime{100};
constexpr int kLookAgainAfterMs = 10;

Json input(Story story) { return {{"story", crash::name(story)}, {"address", "1 Main Street"}}; }

}  // namespace

Scene::Scene(KeptSkald& skald, crash::Participants& participants, const crash::Ledger& ledger)
    : skald_(skald), participants_(participants), ledger_(ledger) {}

void Scene::fail(const std::string& why) {
    has_failed_ = true;
    ADD_FAILURE() << why;
}

std::string Scene::ask(const std::string& method, const std::string& target,
                       const std::string& body, const std::string& headers, int status) {
    if (has_failed_) return {};
    const auto reply = skald_.send(method, target, body, headers);
    if (!reply || (reply->status != status && status != 0)) {
        fail(method + ' ' + target + ' ' + body + " was answered with " +
             (reply ? std::to_string(reply->status) + ' ' + reply->body : skald_.failure()));
    }
    return reply ? reply->body : std::string();
}

/// Asks until it is so; a skald that was killed is started again by that.
template <typename IsSo>
void Scene::await_that(const std::string& what, const IsSo& is_so) {
    const auto until = std::chrono::steady_clock::now() + kLongestWait;
    while (!has_failed_ && !is_so()) {
        if (!has_failed_ && std::chrono::steady_clock::now() > until) {
            fail("waited too long for " + what);
        }
        ::poll(nullptr, 0, kLookAgainAfterMs);
    }
}

// ---- What clients do ---------------------------------------------------------------------------

void Scene::define(const std::string& name, std::size_t version) {
    // 200 where it was registered before a kill took the answer.
    ask("PUT", "/v1/definitions/" + name, definition(name, version, participants_.ports()), "", 0);
    const Json now = parse(ask("GET", "/v1/definitions/" + name, "", "", 200));
    if (!has_failed_) {
        EXPECT_EQ(now.value("version", std::size_t{0}), version) << now;
    }
    versions_[name] = version;
}

void Scene::begin(const std::string& id, const std::string& body) {
    const std::string answer = ask("POST", "/v1/sagas", body, "", 0);
    if (has_failed_) return;
    EXPECT_EQ(parse(answer).value("id", ""), id) << answer;
    acknowledged_.push_back({id, "begun", "", "/v1/sagas", body});
}

void Scene::start(const std::string& id, const std::string& definition_name, Story story,
                  const std::vector<Story>& items) {
    Json body = {{"definition", definition_name}, {"id", id}, {"input", input(story)}};
    for (const Story item : items) body["input"]["items"].push_back(crash::name(item));
    begin(id, body.dump());
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

void Scene::start_unsendable(const std::string& id) {
    const Json no_address = {{"story", crash::name(Story::Completed)}};
    const Json body = {{"definition", "plain"}, {"id", id}, {"input", no_address}};
    begin(id, body.dump());
}

void Scene::replay(const std::string& saga, const std::string& as) {
    const Json body = {
        {"id", as}, {"input", input(Story::Completed)}, {"reason", "in stock again"}};
    command(saga, "replay", "begun", body.dump(), 201);
    if (!has_failed_) acknowledged_.back().saga = as;
}

// ---- What operators do -------------------------------------------------------------------------

void Scene::command(const std::string& saga, const std::string& name, const std::string& type,
                    const std::string& body, int status) {
    const std::string target = "/v1/sagas/" + saga + '/' + name;
    const std::string key = name + " of " + saga;
    ask("POST", target, body, key_header(key), status);
    if (!has_failed_) acknowledged_.push_back({saga, type, key, target, body});
}

// ---- What participants do ----------------------------------------------------------------------

std::string Scene::await_callback(const std::string& saga) {
    std::string target;
    await_that(saga + " to call its participant", [&] {
        target = participants_.await_callback(saga, kCallTime);
        if (target.empty()) ask("GET", "/v1/sagas/" + saga, "", "", 200);
        return !target.empty();
    });
    return target;
}

void Scene::await_put_off(const std::string& saga) {
    await_callback(saga);
    await_step(saga, kCharge, "waiting");
}

std::optional<bool> Scene::call_back(const CalledBack& said) {
    const Json answer = parse(ask("POST", said.target, said.body, "", 200));
    if (has_failed_) return std::nullopt;
    EXPECT_EQ(answer.value("saga", ""), said.saga) << answer;
    return answer.value("taken", false);
}

void Scene::call_back_twice(const std::string& saga, const std::string& outcome,
                            const std::string& then) {
    const std::string target = await_callback(saga);
    const CalledBack first = {saga, target, Json{{"outcome", outcome}}.dump()};
    const CalledBack second = {saga, target, Json{{"outcome", then}}.dump()};
    const std::size_t kills = skald_.kills();
    const std::optional<bool> is_taken = call_back(first);
    if (!is_taken) return;
    // A skald that was killed may have taken it without an answer.
    EXPECT_TRUE(*is_taken || skald_.kills() != kills) << saga << " waited for it";
    acknowledged_.push_back({saga, "called_back", "", "", ""});
    EXPECT_NE(call_back(second), true) << saga << " took two";
    called_back_.insert(called_back_.end(), {first, second});
}

void Scene::call_back_late(const std::string& saga, const std::string& outcome) {
    const CalledBack late = {saga, await_callback(saga), Json{{"outcome", outcome}}.dump()};
    for (std::size_t i = 0; i < 2; ++i) {
        EXPECT_NE(call_back(late), true) << saga << " was over";
    }
    if (!has_failed_) acknowledged_.push_back({saga, "late", "", "", ""});
    called_back_.push_back(late);
}

void Scene::await_late_answer(const std::string& saga, std::size_t kills) {
    bool is_noted = false;
    await_that("the answer that came after the end of " + saga + " to be noted", [&] {
        const Json rows = parse(ask("GET", "/v1/sagas/" + saga + "/history", "", "", 200))["items"];
        is_noted = rows_of(rows, "late") != 0;
        return is_noted || skald_.kills() != kills;
    });
    if (is_noted) acknowledged_.push_back({saga, "late", "", "", ""});
}

// ---- What becomes of it ------------------------------------------------------------------------

void Scene::await(const std::string& saga, const std::string& status) {
    const std::string what = saga + " to be " + status;
    await_that(what, [&] {
        const Json answer = parse(ask("GET", "/v1/sagas/" + saga + "?wait=30s", "", "", 200));
        const std::string now = answer.value("status", "none");
        const bool is_at_rest = now != "running" && now != "compensating";
        if (now != status && is_at_rest && !has_failed_) {
            fail("waited for " + what + ": " + answer.dump(1));
        }
        return now == status;
    });
}

void Scene::await_step(const std::string& saga, std::size_t step, const std::string& status) {
    await_that("step " + std::to_string(step) + " of " + saga + " to be " + status, [&] {
        const Json answer = parse(ask("GET", "/v1/sagas/" + saga, "", "", 200));
        return !has_failed_ && answer["steps"][step]["status"] == status;
    });
}

void Scene::await_kept_waiting(const std::string& saga) {
    await_that("the participants to stand still", [&] {
        ask("GET", "/v1/sagas/" + saga, "", "", 200);
        return participants_.await_kept_waiting(saga, kCallTime);
    });
}

void Scene::ends(const std::string& saga, const std::string& status, Expected expected) {
    await(saga, status);
    ended_[saga] = status;
    expected_[saga] = expected;
}

void Scene::child_ends(const std::string& parent, const std::string& status,
                       const Expected& expected) {
    const std::string child = parent + '.' + std::string(crash::kSteps[kCharge]);
    parents_[child] = parent;
    ends(child, status, expected);
}

void Scene::expect_queued(const std::string& saga, const std::string& first, std::size_t before) {
    const Json answer = parse(ask("GET", "/v1/sagas/" + saga, "", "", 200));
    const Json lock = answer.value("lock", Json::object());
    if (has_failed_) return;
    EXPECT_EQ(lock.value("held", true), false) << saga << lock;
    EXPECT_EQ(lock.value("behind", ""), first) << saga << lock;
    EXPECT_EQ(lock.value("before", std::size_t{0}), before) << saga << lock;
}

}  // namespace skald::faults
