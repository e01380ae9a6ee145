#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <chrono>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "tests/api/event_client.h"
#include "tests/api/running_skald.h"
#include "tests/outside/http_message.h"

/// Secrets reach participants and nothing else; what is sensitive reaches them and the database.
namespace skald::end_to_end {
namespace {

using testing::HasSubstr;

const std::string kEnvironmentSecret = "cAnaryEnvironment/5f1c-77";
const std::string kFileSecret = "cAnaryFile+8d2e=91";
const std::string kCard = "cAnaryCard-4111";
const std::string kToken = "cAnaryToken-9876";

std::string read_file(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

/// Tells everybody who calls it what he said, in every answer; 402 to /refuse and /stuck, 409 to
/// /undo-stuck, else 200.
///
/// Threads: any.
class Gossip {
 public:
    Gossip()
        : thread_([this] { server_.run([this](const outside::ReceivedCall& c) { take(c); }); }) {}
    ~Gossip() {
        server_.stop();
        thread_.join();
    }
    std::uint16_t port() const { return server_.ports().front(); }
    std::string heard() {
        const std::lock_guard lock(mutex_);
        return heard_;
    }

 private:
    void take(const outside::ReceivedCall& call) {
        const std::string target(call.target.substr(0, call.target.find('?')));
        const std::string said = std::string(call.target) + "\n" + std::string(call.headers) +
                                 "\n" + std::string(call.body) + "\n";
        {
            const std::lock_guard lock(mutex_);
            heard_ += said;
        }
        int status = 200;
        if (target == "/refuse" || target == "/stuck") status = 402;
        if (target == "/undo-stuck") status = 409;
        // What a success says is an output, of which the token alone is called sensitive.
        const std::string echo =
            status == 200 ? std::string(call.target) + std::string(call.headers) : said;
        Json body = {{"you", {{"said", echo}}}};
        if (target == "/tokenise") body["token"] = kToken;
        server_.answer(call.call, outside::make_reply(status, body.dump()));
    }

    std::mutex mutex_;
    std::string heard_;
    outside::ParticipantServer server_{1};
    std::thread thread_;
};

class EndToEndSecrets : public testing::Test {
 protected:
    void SetUp() override {
        std::filesystem::create_directory(folder_ / "secrets");
        write_secret("FILE_KEY", kFileSecret + "\n");
        setenv("SKALD_SECRET_ENVIRONMENT_KEY", kEnvironmentSecret.c_str(), 1);
        skald_ = std::make_unique<RunningSkald>(
            folder_ / "skald.db",
            std::vector<std::string>{"--secrets-dir", (folder_ / "secrets").string(), "--log-level",
                                     "debug", "--threads", "32"});
        ASSERT_EQ(skald_->send("PUT", "/v1/definitions/pay", pay().dump()).status, 201);
    }
    void TearDown() override { unsetenv("SKALD_SECRET_ENVIRONMENT_KEY"); }

    void write_secret(const std::string& name, const std::string& value) {
        std::ofstream(folder_ / "secrets" / name, std::ios::binary) << value;
    }

    /// Gets a token for a card, then calls /MODE; is undone by /undo-MODE.
    Json pay() const {
        const std::string base = "http://127.0.0.1:" + std::to_string(gossip_->port()) + "/";
        const Json keys = {{"Authorization", "Bearer {$secrets.ENVIRONMENT_KEY}"},
                           {"X-Key", "$secrets.FILE_KEY"}};
        const auto call = [&](const std::string& url, const Json& body) {
            return Json{{"http",
                         {{"method", "POST"},
                          {"url", base + url},
                          {"query", {{"key", "$secrets.ENVIRONMENT_KEY"}}},
                          {"headers", keys},
                          {"body", body}}}};
        };
        Json document = {{"name", "pay"},
                         {"sensitive", {"/input/card", "/steps/tokenise/output/token"}}};
        document["steps"] = {
            {{"name", "tokenise"},
             {"action", call("tokenise", {{"card", "$input.card"}, {"f", "$secrets.FILE_KEY"}})},
             {"compensation", call("undo-{$input.mode}", {{"card", "$input.card"}})}},
            {{"name", "charge"},
             {"action", call("{$input.mode}", {{"token", "$steps.tokenise.output.token"},
                                               {"card", "card {$input.card}"}})},
             {"compensation", "none"}}};
        document["output"] = {{"all", "$steps.tokenise.output"}, {"card", "$input.card"}};
        return document;
    }

    std::string run(const std::string& id, const std::string& mode) {
        const Json body = {
            {"definition", "pay"}, {"id", id}, {"input", {{"card", kCard}, {"mode", mode}}}};
        const auto answer = skald_->send("POST", "/v1/sagas?wait=30s", body.dump());
        shown_["start " + id] = answer.text;
        return answer.body.value("status", answer.text);
    }

    void show_api(const std::string& target) { shown_[target] = skald_->get(target).text; }
    void show_events(const std::string& target, std::size_t count) {
        api::EventClient events(skald_->port(), target);
        for (std::size_t i = 0; i < count; ++i) {
            const auto event = events.next();
            if (!event) return;
            shown_[target] += event->type + " " + event->data + "\n";
        }
    }
    void show_command(const std::string& arguments) {
        shown_["skald " + arguments] =
            run_skald(arguments + " --server http://127.0.0.1:" + std::to_string(skald_->port()))
                .output;
    }
    void show_replay(const std::string& id) {
        const std::string target = "/v1/sagas/" + id + "/replay";
        shown_["dry run"] = skald_->send("POST", target, R"({"dry_run": true})").text;
        shown_["replay"] = skald_->send("POST", target, R"({"id": "again"})").text;
        shown_["replayed"] = skald_->get("/v1/sagas/again?wait=30s").text;
    }

    void expect_nowhere(const std::string& canary) {
        for (const auto& [where, text] : shown_) {
            EXPECT_EQ(text.find(canary), std::string::npos)
                << canary << " is in " << where << ": "
                << text.substr(text.find(canary) < 300 ? 0 : text.find(canary) - 300, 700);
        }
    }

    Folder folder_;
    const std::unique_ptr<Gossip> gossip_ = std::make_unique<Gossip>();
    std::unique_ptr<RunningSkald> skald_;
    std::map<std::string, std::string> shown_;  ///< All that a person may see, by where.
};

TEST_F(EndToEndSecrets, AreInNothingThatIsWrittenOrShown) {
    EXPECT_EQ(run("done", "ok"), "completed");
    EXPECT_EQ(run("undone", "refuse"), "compensated");
    EXPECT_EQ(run("stuck", "stuck"), "stuck");
    show_replay("undone");
    for (const char* id : {"done", "undone", "stuck"}) {
        const std::string saga = std::string("/v1/sagas/") + id;
        show_api(saga);
        show_api(saga + "/history");
        show_command("show " + std::string(id));
        show_command("show " + std::string(id) + " -o json");
    }
    std::size_t rows = 0;
    for (const char* id : {"done", "undone", "stuck", "again"}) {
        rows += skald_->get(std::string("/v1/sagas/") + id + "/history").body["items"].size();
    }
    show_events("/v1/events?after=0", rows);
    show_events("/v1/sagas/undone/events", rows);
    for (const char* target : {"/v1/sagas?count=true", "/v1/definitions", "/v1/definitions/pay",
                               "/v1/definitions/pay/versions/1", "/v1/doctor?deep=true", "/metrics",
                               "/openapi.json", "/healthz", "/readyz"}) {
        show_api(target);
    }
    show_command("ls");
    show_command("ls --status stuck -o json");
    show_command("watch done");
    show_command("history undone");
    show_command("doctor");
    shown_["print-config"] =
        run_skald("serve --print-config --secrets-dir " + (folder_ / "secrets").string()).output;
    EXPECT_THAT(shown_["print-config"], HasSubstr((folder_ / "secrets").string()));
    ASSERT_EQ(skald_->send("POST", "/v1/backup", R"({"file": "copy.db"})").status, 200);
    const std::string stored =
        read_file(folder_ / "skald.db") + read_file(folder_ / "skald.db-wal");
    const std::string backup = read_file(folder_ / "copy.db");
    EXPECT_EQ(skald_->process().stop(std::chrono::seconds(30)), 0);
    shown_["the log"] = read_file(folder_ / "skald.db.log");

    // It is no use to look for what was never there.
    EXPECT_THAT(shown_["the log"], HasSubstr("saga stuck (pay) is stuck at step"));
    EXPECT_THAT(shown_["skald show stuck"], HasSubstr("HTTP 409: ***"));
    EXPECT_THAT(shown_["/v1/sagas/done"], HasSubstr("***"));
    EXPECT_THAT(shown_["/v1/events?after=0"], HasSubstr("HTTP 402: ***"));
    EXPECT_THAT(shown_["skald history undone"], HasSubstr("HTTP 402"));
    for (const std::string& canary : {kEnvironmentSecret, kFileSecret, kCard, kToken}) {
        EXPECT_THAT(gossip_->heard(), HasSubstr(canary));
        expect_nowhere(canary);
    }
    for (const std::string& canary : {kCard, kToken}) {
        EXPECT_NE(stored.find(canary), std::string::npos) << canary;
        EXPECT_NE(backup.find(canary), std::string::npos) << canary;
    }
    // As a URL writes it, too.
    expect_nowhere("cAnaryEnvironment%2F5f1c");
    for (const std::string& canary :
         {kEnvironmentSecret, kFileSecret, std::string("cAnaryEnvironment%2F5f1c")}) {
        EXPECT_EQ(stored.find(canary), std::string::npos) << canary;
        EXPECT_EQ(backup.find(canary), std::string::npos) << canary;
    }
}

TEST_F(EndToEndSecrets, AreChangedWithoutARestart) {
    EXPECT_EQ(run("before", "ok"), "completed");
    const std::string next = "cAnaryFile-the-next";
    write_secret("NEW", next);
    std::filesystem::rename(folder_ / "secrets" / "NEW", folder_ / "secrets" / "FILE_KEY");
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    for (int i = 0; gossip_->heard().find(next) == std::string::npos; ++i) {
        ASSERT_LT(std::chrono::steady_clock::now(), until);
        ASSERT_EQ(run("after-" + std::to_string(i), "ok"), "completed");
    }
    expect_nowhere(next);
}

TEST_F(EndToEndSecrets, AreMissedByName) {
    Json document = definition("lacks", {"ask"}, gossip_->port());
    document["steps"][0]["action"]["http"]["headers"] = {{"X", "$secrets.NOWHERE"}};
    ASSERT_EQ(skald_->send("PUT", "/v1/definitions/lacks", document.dump()).status, 201);
    const auto saga =
        skald_->send("POST", "/v1/sagas?wait=30s", R"({"definition": "lacks", "input": 1})");
    EXPECT_EQ(saga.body["steps"][0]["error"],
              "header X: $secrets.NOWHERE: the secret NOWHERE is not set (environment variable "
              "SKALD_SECRET_NOWHERE, or a file NOWHERE in --secrets-dir)")
        << saga.text;
    EXPECT_THAT(skald_->get("/v1/doctor").text, HasSubstr("no NOWHERE for lacks"));
    write_secret("NOWHERE", "n0w-here");
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (skald_->get("/v1/doctor").text.find("no NOWHERE") != std::string::npos) {
        ASSERT_LT(std::chrono::steady_clock::now(), until);
    }
}

TEST(EndToEndSecretsFolder, MustBeThereAtTheStart) {
    const Folder folder;
    const Ran ran = run_skald("serve --db " + (folder / "skald.db").string() +
                              " --listen 127.0.0.1:0 --secrets-dir " + (folder / "gone").string());
    EXPECT_EQ(ran.exit, 2);
    EXPECT_THAT(ran.output, HasSubstr("--secrets-dir: " + (folder / "gone").string()));
}

TEST(EndToEndSecretsFolder, MayBeSystemds) {
    const Folder folder;
    Participants participants;
    std::filesystem::create_directory(folder / "credentials");
    std::ofstream(folder / "credentials" / "KEY") << "given-by-systemd\n";
    setenv("CREDENTIALS_DIRECTORY", (folder / "credentials").c_str(), 1);
    RunningSkald skald(folder / "skald.db");
    unsetenv("CREDENTIALS_DIRECTORY");
    Json document = definition("order", {"ask"}, participants.port());
    document["steps"][0]["action"]["http"]["headers"] = {{"X-Key", "$secrets.KEY"}};
    ASSERT_EQ(skald.send("PUT", "/v1/definitions/order", document.dump()).status, 201);
    skald.send("POST", "/v1/sagas?wait=30s", R"({"definition": "order", "input": 1})");
    EXPECT_EQ(participants.headers("POST /ask", "X-Key"),
              std::vector<std::string>{"given-by-systemd"});
}

}  // namespace
}  // namespace skald::end_to_end
