#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "tests/api/waiting_skald.h"

namespace skald::end_to_end {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class EndToEndCallbacks : public EndToEndWaits {
 protected:
    void SetUp() override {
        EndToEndWaits::SetUp();
        Json order = definition("order", {"reserve", "charge"}, participants_.port());
        order["steps"][1]["action"]["http"]["reply"] = "callback";
        participants_.answer("POST /charge", 202, Json::object());
        put(order);
    }
    /// Starts it; the bank has accepted the charge.
    std::string start_and_accept(const std::string& id) {
        start("order", id);
        EXPECT_EQ(saga_with_step(id, 1, "waiting")["steps"][1]["status"], "waiting");
        return callback_target("POST /charge");
    }
};

TEST_F(EndToEndCallbacks, EndACallOnceWhoeverSaysIt) {
    const std::string target = start_and_accept("a");
    EXPECT_THAT(saga("a")["waiting_for"], ElementsAre(HasSubstr("callback from step charge")));
    const Json success = {{"outcome", "success"}, {"output", {{"id", "c-9"}}}};
    const auto taken = post(target, success);
    EXPECT_EQ(taken.status, 200) << taken.text;
    EXPECT_EQ(taken.body["taken"], true);
    EXPECT_EQ(ended("a")["status"], "completed");
    EXPECT_EQ(saga("a")["steps"][1]["output"], Json::parse(R"({"id": "c-9"})"));
    for (const Json& again : {success, Json{{"outcome", "failure"}}}) {
        const auto late = post(target, again);
        EXPECT_EQ(late.status, 200) << late.text;
        EXPECT_EQ(late.body["taken"], false);
        EXPECT_EQ(late.body["status"], "completed");
    }
    EXPECT_EQ(saga("a")["status"], "completed");
    // And where the saga was over before it came.
    const std::string late = start_and_accept("late");
    ASSERT_EQ(post("/v1/sagas/late/cancel", Json::object()).status, 202);
    EXPECT_EQ(ended("late")["status"], "compensated");
    EXPECT_EQ(post(late, success).body["taken"], false);
    EXPECT_THAT(skald_->get("/v1/sagas/late/history").text, HasSubstr(R"("type":"late")"));
}

TEST_F(EndToEndCallbacks, MayComeBeforeThe202) {
    participants_.be_silent("POST /charge");
    start("order", "a");
    ASSERT_TRUE(participants_.await_calls("POST /charge", 1));
    const auto taken = post(callback_target("POST /charge"), {{"outcome", "success"}});
    EXPECT_EQ(taken.body["taken"], true) << taken.text;
    EXPECT_EQ(ended("a")["status"], "completed");
}

TEST_F(EndToEndCallbacks, MayRefuse) {
    const auto taken = post(start_and_accept("a"), {{"outcome", "failure"}, {"error", "declined"}});
    EXPECT_EQ(taken.body["taken"], true) << taken.text;
    EXPECT_EQ(ended("a")["status"], "compensated");
    EXPECT_EQ(saga("a")["failure"]["reason"], "called back: declined");
    EXPECT_THAT(participants_.calls(),
                ElementsAre("POST /reserve", "POST /charge", "POST /undo-reserve"));
}

TEST_F(EndToEndCallbacks, AreTakenAfterAKillWithTheSameKey) {
    const std::string waiting = start_and_accept("waiting");
    participants_.be_silent("POST /charge");
    start("order", "calling");
    ASSERT_TRUE(participants_.await_calls("POST /charge", 2));
    const std::string calling = callback_target("POST /charge");
    kill_and_restart();

    // The call that was out is made again, and names the same URL.
    ASSERT_TRUE(participants_.await_calls("POST /charge", 3));
    EXPECT_EQ(callback_target("POST /charge"), calling);
    EXPECT_EQ(saga("waiting")["steps"][1]["status"], "waiting");
    for (const std::string& target : {waiting, calling}) {
        const auto taken = post(target, {{"outcome", "success"}});
        EXPECT_EQ(taken.body["taken"], true) << taken.text;
    }
    EXPECT_EQ(ended("waiting")["status"], "completed");
    EXPECT_EQ(ended("calling")["status"], "completed");
    kill_and_restart();
    EXPECT_EQ(post(waiting, {{"outcome", "failure"}}).body["taken"], false);
}

TEST_F(EndToEndCallbacks, AreUnknownToAServerWithAnotherKey) {
    const std::string target = start_and_accept("a");
    std::string other = target;
    other.back() = other.back() == 'A' ? 'Q' : 'A';
    EXPECT_EQ(post(other, {{"outcome", "success"}}).status, 404);
    EXPECT_EQ(post(other, {{"outcome", "success"}}).body["type"],
              "urn:skald:problem:unknown-callback");
    skald_->process().kill();
    std::filesystem::remove(folder_ / "skald.db.callback-key");
    start_skald();
    EXPECT_EQ(post(target, {{"outcome", "success"}}).status, 404);
    EXPECT_EQ(saga("a")["status"], "running");
}

TEST_F(EndToEndCallbacks, HaveAKeyThatIsTheServersAlone) {
    const std::filesystem::path file = folder_ / "skald.db.callback-key";
    struct stat found {};
    ASSERT_EQ(::stat(file.c_str(), &found), 0);
    EXPECT_EQ(found.st_mode & 0777, 0600u);
    skald_->process().kill();
    ASSERT_EQ(::chmod(file.c_str(), 0644), 0);
    const Ran refused =
        run_skald("serve --db " + (folder_ / "skald.db").string() + " --listen 127.0.0.1:0");
    EXPECT_EQ(refused.exit, 2);
    EXPECT_THAT(refused.output, HasSubstr("can be read by others"));
}

TEST_F(EndToEndCallbacks, LeaveNoTokenBehind) {
    const std::string target = start_and_accept("a");
    const std::string token = target.substr(target.rfind('/') + 1);
    ASSERT_GT(token.size(), 20u);
    const std::string url = "https://skald.example/api" + target;
    std::string shown;
    const auto show = [&](const RunningSkald::Answer& answer) {
        EXPECT_NE(answer.status, 0);
        shown += answer.text + "\n";
    };
    show(skald_->send("GET", target));
    show(skald_->send("PUT", target, "{}"));
    show(post(target, {{"outcome", "done"}}));
    show(post(target + "?x=1", {{"outcome", "success"}}));
    show(post(target, {{"outcome", "retry"}, {"error", "wait at " + url}}));
    show(post(target, {{"outcome", "success"}, {"output", {{"url", url}}}}));
    EXPECT_EQ(ended("a")["status"], "completed");
    for (const char* path : {"/v1/sagas/a", "/v1/sagas/a/history", "/v1/sagas/a/plan", "/v1/sagas",
                             "/metrics", "/v1/doctor?deep=true"}) {
        show(skald_->get(path));
    }
    shown += run_skald("show a -o table" + server()).output;
    EXPECT_THAT(shown, HasSubstr("callBack"));
    EXPECT_THAT(shown, HasSubstr("***"));
    EXPECT_EQ(skald_->process().stop(std::chrono::seconds(30)), 0);
    EXPECT_THAT(shown, Not(HasSubstr(token)));
    EXPECT_THAT(log(), Not(HasSubstr(token)));
    for (const char* name : {"skald.db", "skald.db-wal"}) {
        std::ifstream file(folder_ / name);
        const std::string stored(std::istreambuf_iterator<char>(file), {});
        EXPECT_EQ(stored.find(token), std::string::npos) << name;
    }
}

TEST(EndToEndPublicUrl, IsNeededForCallbacks) {
    const Folder folder;
    Participants participants;
    RunningSkald skald(folder / "skald.db");
    Json order = definition("order", {"charge"}, participants.port());
    order["steps"][0]["action"]["http"]["reply"] = "callback";
    const auto refused = skald.send("PUT", "/v1/definitions/order", order.dump());
    EXPECT_EQ(refused.status, 422);
    EXPECT_EQ(refused.body["errors"][0]["code"], "no-public-url") << refused.text;
    EXPECT_EQ(refused.body["errors"][0]["pointer"], "/steps/0/action/http/reply");
}

}  // namespace
}  // namespace skald::end_to_end
