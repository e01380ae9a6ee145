#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/api/waiting_skald.h"

/// Timers, locks, children and elements, with the real binary and kill -9.
namespace skald::end_to_end {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;

// ---- Timers ------------------------------------------------------------------------------------

TEST_F(EndToEndWaits, TimersRunOnOverAKill) {
    Json order = definition("order", {"reserve", "ship"}, participants_.port());
    order["steps"].insert(order["steps"].begin() + 1,
                          Json{{"name", "pause"}, {"action", {{"wait", {{"for", "1s"}}}}}});
    put(order);
    order["name"] = "slow";
    order["steps"][1]["action"]["wait"]["for"] = "7d";
    put(order);
    for (const char* name : {"order", "slow"}) start(name, name);
    EXPECT_EQ(saga_with_step("slow", 1, "waiting")["steps"][1]["status"], "waiting");
    const Json before = saga("slow");
    kill_and_restart();
    EXPECT_EQ(ended("order")["status"], "completed");
    EXPECT_EQ(saga("slow"), before);
    EXPECT_THAT(before["waiting_for"], ElementsAre(HasSubstr("timer of step pause until")));
    // A parked one takes commands like any other; 200: it is undone by the time of the answer.
    EXPECT_THAT(post("/v1/sagas/slow/cancel", Json::object()).status, testing::AnyOf(200, 202));
    EXPECT_EQ(ended("slow")["status"], "compensated");
    EXPECT_THAT(participants_.calls(), testing::Contains("POST /undo-reserve"));
}

// ---- Locks -------------------------------------------------------------------------------------

TEST_F(EndToEndWaits, QueuesForLocksAreKeptOverAKill) {
    Json order = definition("order", {"charge"}, participants_.port());
    order["lock"] = "account-{$input.account}";
    put(order);
    participants_.be_silent("POST /charge");
    for (const char* id : {"first", "second", "third"}) start("order", id, {{"account", 7}});
    ASSERT_TRUE(participants_.await_calls("POST /charge", 1));
    kill_and_restart();
    ASSERT_TRUE(participants_.await_calls("POST /charge", 2));
    EXPECT_EQ(saga("first")["lock"], Json::parse(R"({"held": true, "value": "account-7"})"));
    EXPECT_EQ(saga("third")["lock"], Json::parse(R"({"held": false, "value": "account-7",
                                                     "behind": "first", "before": 2})"));
    EXPECT_THAT(saga("second")["waiting_for"], ElementsAre("lock account-7, held by first"));
    EXPECT_THAT(run_skald("show second -o table" + server()).output,
                HasSubstr("waits for lock account-7, held by first"));
    // Another account is another queue.
    participants_.answer("POST /charge", 200, Json::object());
    start("order", "other", {{"account", 8}});
    EXPECT_EQ(ended("other")["status"], "completed");
    EXPECT_EQ(saga("second")["status"], "running");
    // The call that is out gets no answer: it is made again after a kill.
    kill_and_restart();
    for (const char* id : {"first", "second", "third"}) {
        EXPECT_EQ(ended(id)["status"], "completed") << id;
    }
    const auto order_of_calls = participants_.headers("POST /charge", "Skald-Saga");
    EXPECT_THAT(order_of_calls, ElementsAre("first", "first", "other", "first", "second", "third"));
}

// ---- Children ----------------------------------------------------------------------------------

class EndToEndChildren : public EndToEndWaits {
 protected:
    void SetUp() override {
        EndToEndWaits::SetUp();
        put(definition("payment", {"charge"}, participants_.port()));
        Json order = definition("order", {"reserve", "ship"}, participants_.port());
        order["steps"].insert(
            order["steps"].begin() + 1,
            Json{{"name", "pay"},
                 {"action",
                  {{"saga", {{"definition", "payment"}, {"input", {{"n", "$input.n"}}}}}}}});
        put(order);
    }
};

TEST_F(EndToEndChildren, RunForTheirParentOverAKill) {
    participants_.be_silent("POST /charge");
    start("order", "a", {{"n", 1}});
    ASSERT_TRUE(participants_.await_calls("POST /charge", 1));
    kill_and_restart();
    ASSERT_TRUE(participants_.await_calls("POST /charge", 2));
    EXPECT_EQ(saga("a")["steps"][1]["child"],
              Json::parse(R"({"id": "a.pay", "definition": "payment", "status": "running"})"));
    EXPECT_EQ(saga("a.pay")["parent"], Json::parse(R"({"id": "a", "step": "pay"})"));
    EXPECT_EQ(saga("a.pay")["input"], Json::parse(R"({"n": 1})"));
    EXPECT_THAT(participants_.headers("POST /charge", "Idempotency-Key"),
                Each("\"a.pay/charge/action\""));
    const Ran shown = run_skald("show a -o table" + server());
    EXPECT_THAT(shown.output, HasSubstr("waits for child a.pay of step pay"));
    EXPECT_THAT(shown.output, HasSubstr("pay: child a.pay (payment) running"));
    participants_.answer("POST /charge", 200, Json::object());
    kill_and_restart();
    EXPECT_EQ(ended("a")["status"], "completed");
    EXPECT_EQ(ended("a.pay")["status"], "completed");
    EXPECT_EQ(participants_.calls().back(), "POST /ship");
}

TEST_F(EndToEndChildren, AreUndoneWithTheirParent) {
    participants_.answer("POST /ship", 409, Json::object());
    start("order", "a", {{"n", 1}});
    EXPECT_EQ(ended("a")["status"], "compensated");
    EXPECT_EQ(saga("a.pay")["status"], "compensated");
    EXPECT_THAT(participants_.calls(), ElementsAre("POST /reserve", "POST /charge", "POST /ship",
                                                   "POST /undo-charge", "POST /undo-reserve"));
    const auto refused = post("/v1/sagas/a.pay/replay", Json::object());
    EXPECT_EQ(refused.status, 409);
    EXPECT_EQ(refused.body["reason_code"], "is_child") << refused.text;
    const Ran told = run_skald("replay a.pay" + server());
    EXPECT_EQ(told.exit, 1);
    EXPECT_THAT(told.output, HasSubstr("replay its parent"));
}

TEST_F(EndToEndChildren, AreCancelledWithTheirParent) {
    participants_.be_silent("POST /charge");
    start("order", "a", {{"n", 1}});
    ASSERT_TRUE(participants_.await_calls("POST /charge", 1));
    EXPECT_EQ(post("/v1/sagas/a/cancel", {{"reason", "customer called"}}).status, 202);
    // Where the child did not hear of it yet, its call is made again.
    participants_.answer("POST /charge", 200, Json::object());
    kill_and_restart();
    EXPECT_EQ(ended("a")["status"], "compensated");
    EXPECT_EQ(ended("a.pay")["status"], "compensated");
    EXPECT_THAT(skald_->get("/v1/sagas/a.pay/history").text, HasSubstr(R"("by":"parent")"));
    const auto calls = participants_.calls();
    EXPECT_EQ(std::count(calls.begin(), calls.end(), "POST /undo-charge"), 1);
    EXPECT_EQ(calls.back(), "POST /undo-reserve");
}

// ---- Elements ----------------------------------------------------------------------------------

TEST_F(EndToEndWaits, ElementsAreShownResolvedAndUndone) {
    Json order = definition("order", {"reserve", "send"}, participants_.port());
    Json& send = order["steps"][1];
    send["for_each"] = "$input.items";
    send["in_doubt"] = "park";
    send["retry"] = {{"maximum_attempts", 1}};
    const std::string base = "http://127.0.0.1:" + std::to_string(participants_.port());
    send["action"]["http"]["url"] = base + "/send/{$item}";
    send["action"]["http"].erase("body");
    put(order);
    participants_.answer("POST /send/3", 503, Json::object());
    Json items = Json::array();
    for (int i = 0; i < 20; ++i) items.push_back(i);
    start("order", "a", {{"items", items}});
    EXPECT_EQ(ended("a")["status"], "stuck");
    const Ran shown = run_skald("show a -o table" + server());
    EXPECT_THAT(shown.output, HasSubstr("send/3"));
    EXPECT_THAT(shown.output, HasSubstr("skald resolve a --step send/3 --as"));
    EXPECT_LT(std::count(shown.output.begin(), shown.output.end(), '\n'), 20) << shown.output;
    kill_and_restart();
    EXPECT_EQ(saga("a")["steps"][1]["elements"]["items"][3]["status"], "stuck");
    std::ofstream(folder_ / "sent.json") << R"({"by": "hand"})";
    const Ran resolved =
        run_skald("resolve a --step send/3 --as succeeded --reason 'sent by hand' --output " +
                  (folder_ / "sent.json").string() + server());
    EXPECT_EQ(resolved.exit, 0) << resolved.output;
    const Json completed = ended("a");
    EXPECT_EQ(completed["status"], "completed");
    ASSERT_EQ(completed["steps"][1]["output"].size(), 20u);
    EXPECT_EQ(completed["steps"][1]["output"][3], Json::parse(R"({"by": "hand"})"));
    EXPECT_EQ(completed["steps"][1]["elements"]["counts"], Json::parse(R"({"succeeded": 20})"));
    EXPECT_EQ(participants_.headers("POST /send/7", "Idempotency-Key"),
              std::vector<std::string>{"\"a/send/7/action\""});

    participants_.answer("POST /send/1", 409, Json::object());
    start("order", "b", {{"items", {0, 1}}});
    EXPECT_EQ(ended("b")["status"], "compensated");
    const auto undone = participants_.headers("POST /undo-send", "Idempotency-Key");
    EXPECT_EQ(undone, std::vector<std::string>{"\"b/send/0/compensation\""});
}

}  // namespace
}  // namespace skald::end_to_end
