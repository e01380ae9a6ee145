#include "api/cli/command_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <sstream>

#include "sagas/time.h"

namespace skald::cli {
namespace {

using api::ServerReply;
using api::ServerRequest;
using testing::HasSubstr;

/// Answers from a list, and keeps what it was asked.
class ScriptedServer : public ServerClient {
 public:
    struct Talk {
        std::deque<sagas::Result<ServerReply>> answers;
        std::vector<ServerRequest> requests;
        int pauses = 0;
    };
    explicit ScriptedServer(Talk& talk) : talk_(talk) {}
    sagas::Result<ServerReply> send(const ServerRequest& request) override {
        talk_.requests.push_back(request);
        if (talk_.answers.empty()) {
            return sagas::fail(sagas::ErrorCode::Unavailable, "the script is over");
        }
        auto answer = talk_.answers.front();
        talk_.answers.pop_front();
        return answer;
    }
    void pause(sagas::Milliseconds) override { ++talk_.pauses; }

 private:
    Talk& talk_;
};

class CommandLine : public testing::Test {
 protected:
    Exit run(std::vector<const char*> arguments) {
        arguments.insert(arguments.begin(), "skald");
        in.str(input);
        const Surroundings around{
            in,
            out,
            error,
            terminal,
            token,
            server_given,
            Colour::Off,
            "skald 9.9.9",
            [this](const api::ServeOptions& options) {
                served = options;
                return Exit::Done;
            },
            [this](const std::string& url,
                   const std::string&) -> sagas::Result<std::unique_ptr<ServerClient>> {
                server_url = url;
                return std::make_unique<ScriptedServer>(talk);
            }};
        return run_command_line(static_cast<int>(arguments.size()), arguments.data(), around);
    }
    void answer(int status, const std::string& body) {
        talk.answers.emplace_back(ServerReply{status, Document::parse(body)});
    }
    void break_off() {
        talk.answers.emplace_back(sagas::fail(sagas::ErrorCode::Unavailable, "it broke"));
    }

    std::string input, token, server_given, server_url;
    Surroundings::Terminal terminal = Surroundings::Terminal::Yes;
    std::istringstream in;
    std::ostringstream out, error;
    std::optional<api::ServeOptions> served;
    ScriptedServer::Talk talk;
};

TEST_F(CommandLine, PrintsItsVersion) {
    EXPECT_EQ(run({"version"}), Exit::Done);
    EXPECT_EQ(out.str(), "skald 9.9.9\n");
}

TEST_F(CommandLine, ExplainsEachCommand) {
    for (const char* command :
         {"serve", "apply", "lint", "start", "show", "history", "ls", "cancel"}) {
        out.str("");
        EXPECT_EQ(run({command, "--help"}), Exit::Done);
        EXPECT_THAT(out.str(), HasSubstr("Example")) << command;
    }
}

TEST_F(CommandLine, TellsBadUsageInOneLine) {
    for (const std::vector<const char*>& bad : {std::vector<const char*>{},
                                                {"sevre"},
                                                {"show"},
                                                {"show", "a", "b"},
                                                {"start", "order"},
                                                {"serve", "--threads", "many"},
                                                {"ls", "-o", "yaml"}}) {
        error.str("");
        EXPECT_EQ(run(bad), Exit::BadUsage);
        const std::string told = error.str();
        EXPECT_THAT(told, testing::StartsWith("skald: "));
        EXPECT_EQ(std::count(told.begin(), told.end(), '\n'), 1) << told;
    }
}

TEST_F(CommandLine, GuessesWhatWasMeant) {
    EXPECT_EQ(run({"sevre"}), Exit::BadUsage);
    EXPECT_EQ(error.str(), "skald: there is no command \"sevre\"; did you mean \"serve\"?\n");
}

TEST_F(CommandLine, ServesWithDefaults) {
    EXPECT_EQ(run({"serve"}), Exit::Done);
    ASSERT_TRUE(served);
    EXPECT_EQ(served->db, "skald.db");
    EXPECT_EQ(api::to_text(served->listen), "127.0.0.1:8080");
    EXPECT_EQ(served->retention.completed, std::nullopt);
}

TEST_F(CommandLine, ServesAsItsFlagsSay) {
    EXPECT_EQ(run({"serve", "--db", "x.db", "--listen", "[::1]:0", "--retain", "completed=7d",
                   "--retain", "compensated=1h", "--synchronous", "normal", "--allow-host", "a,b",
                   "--ops-listen", "127.0.0.1:0", "--log-format", "json"}),
              Exit::Done)
        << error.str();
    ASSERT_TRUE(served);
    EXPECT_EQ(served->db, "x.db");
    EXPECT_EQ(served->retention.completed, sagas::Milliseconds{7 * 86'400'000ll});
    EXPECT_EQ(served->retention.compensated, sagas::Milliseconds{3'600'000});
    EXPECT_EQ(served->synchronous, api::Synchronous::Normal);
    EXPECT_THAT(served->allow_hosts, testing::ElementsAre("a", "b"));
    EXPECT_EQ(served->ops_listen->port, 0);
    EXPECT_EQ(served->log_format, api::LogFormat::Json);
}

TEST_F(CommandLine, RefusesToServeOthersWithoutAToken) {
    EXPECT_EQ(run({"serve", "--listen", "0.0.0.0:8080"}), Exit::BadUsage);
    EXPECT_THAT(error.str(), HasSubstr("SKALD_TOKEN"));
    EXPECT_EQ(run({"serve", "--listen", "0.0.0.0:8080", "--insecure"}), Exit::Done);
    token = "t0ken";
    EXPECT_EQ(run({"serve", "--listen", "0.0.0.0:8080"}), Exit::Done);
    EXPECT_EQ(served->token, "t0ken");
}

TEST_F(CommandLine, RefusesBadServeFlags) {
    for (const std::vector<const char*>& bad :
         {std::vector<const char*>{"serve", "--listen", "8080"},
          {"serve", "--retain", "stuck=7d"},
          {"serve", "--retain", "completed=soon"},
          {"serve", "--public-url", "skald.example"},
          {"serve", "--log-level", "loud"},
          {"serve", "--synchronous", "off"}}) {
        error.str("");
        EXPECT_EQ(run(bad), Exit::BadUsage) << bad[2];
        EXPECT_THAT(error.str(), HasSubstr(bad[1]));
    }
    EXPECT_FALSE(served);
}

TEST_F(CommandLine, StartsOnceThoughTheServerWasAway) {
    input = R"({"order": 1})";
    break_off();
    answer(503, R"({"detail": "stopping"})");
    answer(202, R"({"id": "a", "status": "running"})");
    break_off();
    answer(200, R"({"id": "a", "status": "compensated", "definition": "order", "version": 1,
                    "started_at": "2026-11-21T22:32:28.000Z"})");
    EXPECT_EQ(run({"start", "order", "--input", "-", "--wait", "--label", "a=b"}),
              Exit::Compensated)
        << error.str();
    EXPECT_EQ(talk.pauses, 3);
    ASSERT_EQ(talk.requests.size(), 5u);
    EXPECT_EQ(talk.requests[0].headers, talk.requests[2].headers);
    EXPECT_EQ(talk.requests[0].headers[0].first, "Idempotency-Key");
    EXPECT_EQ(talk.requests[2].target, "/v1/sagas?wait=30000ms");
    EXPECT_EQ(Document::parse(talk.requests[2].body)["labels"]["a"], "b");
    EXPECT_EQ(talk.requests[4].target, "/v1/sagas/a?wait=30000ms");
}

TEST_F(CommandLine, ExitsByTheStatusItWaitedFor) {
    const std::pair<const char*, Exit> cases[] = {{"completed", Exit::Done},
                                                  {"compensated", Exit::Compensated},
                                                  {"stuck", Exit::Unfinished},
                                                  {"abandoned", Exit::Unfinished}};
    input = "{}";
    for (const auto& [status, exit] : cases) {
        answer(200, R"({"id": "a", "status": ")" + std::string(status) + "\"}");
        EXPECT_EQ(run({"start", "order", "--input", "-", "--wait", "10s"}), exit) << status;
    }
    answer(202, R"({"id": "a", "status": "running"})");
    EXPECT_EQ(run({"start", "order", "--input", "-", "--wait", "0s"}), Exit::Failed);
    EXPECT_THAT(error.str(), HasSubstr("skald show a"));
    EXPECT_EQ(run({"start", "order", "--input", "-", "--wait", "soon"}), Exit::BadUsage);
    answer(201, R"({"id": "a", "status": "running", "definition": "order"})");
    EXPECT_EQ(run({"start", "order", "--input", "-"}), Exit::Done);
}

TEST_F(CommandLine, PrintsProblemsWithEachError) {
    input = "{}";
    answer(422, R"({"detail": "Two faults.", "errors": [
        {"code": "required", "pointer": "/input", "detail": "\"order\" is missing", "hint": "add it"},
        {"code": "evil", "pointer": "/\u001b[2J", "detail": "x"}]})");
    EXPECT_EQ(run({"start", "order", "--input", "-"}), Exit::Failed);
    EXPECT_EQ(error.str(),
              "skald: Two faults.\n  /input: required: \"order\" is missing (add it)\n"
              "  /\xEF\xBF\xBD[2J: evil: x\n");
}

TEST_F(CommandLine, AppliesDefinitionsFromStandardInput) {
    input = R"({"name": "order", "steps": []})";
    answer(201, R"({"name": "order", "version": 3, "warnings": [
        {"code": "no-schema", "pointer": "", "detail": "any input is taken", "hint": "add one"}]})");
    EXPECT_EQ(run({"apply", "-"}), Exit::Done) << error.str();
    EXPECT_EQ(talk.requests[0].method, "PUT");
    EXPECT_EQ(talk.requests[0].target, "/v1/definitions/order");
    EXPECT_EQ(out.str(),
              "order version 3 registered\n-:: no-schema: any input is taken\n    add one\n");
    EXPECT_EQ(run({"apply", "/nowhere.json"}), Exit::Failed);
    input = "[1]";
    EXPECT_EQ(run({"apply", "-"}), Exit::Failed);
}

TEST_F(CommandLine, LintsWithoutAServer) {
    input = R"({"name": "order", "stepz": []})";
    EXPECT_EQ(run({"lint", "-"}), Exit::Failed);
    EXPECT_THAT(out.str(), HasSubstr("-:/stepz: "));
    EXPECT_TRUE(talk.requests.empty());
    out.str("");
    EXPECT_EQ(run({"lint", "-o", "json", "-"}), Exit::Failed);
    EXPECT_EQ(Document::parse(out.str())[0]["valid"], false);
}

TEST_F(CommandLine, ShowsASagaAsATimeline) {
    answer(200, R"({"id": "order-1", "definition": "order", "version": 2, "status": "compensated",
        "direction": "backward", "suspended": false,
        "started_at": "2026-11-21T22:32:28.000Z", "ended_at": "2026-11-21T22:32:29.240Z",
        "labels": {"tenant": "acme"}, "failure": {"step": "charge", "reason": "HTTP 402"},
        "steps": [
          {"name": "reserve", "status": "compensated", "attempts": 1, "compensation_attempts": 2,
           "started_at": "2026-11-21T22:32:28.000Z", "ended_at": "2026-11-21T22:32:29.200Z",
           "output": {"id": 7}, "undone_by": "call"},
          {"name": "charge", "status": "failed", "attempts": 1, "compensation_attempts": 0,
           "started_at": "2026-11-21T22:32:28.100Z", "ended_at": "2026-11-21T22:32:28.112Z",
           "error": "HTTP 402"},
          {"name": "ship", "status": "cancelled", "attempts": 0, "compensation_attempts": 0}]})");
    EXPECT_EQ(run({"show", "order-1"}), Exit::Done);
    EXPECT_EQ(out.str(),
              "order-1  order v2  ↩ compensated in 1.24 s\n"
              "started 2026-11-21 22:32:28.000Z, tenant=acme\n"
              "\n"
              "  ↩  reserve  compensated  1 try, undo 2  1.20 s  {\"id\":7}\n"
              "  ✗  charge   failed       1 try          12 ms\n"
              "  ·  ship     cancelled\n"
              "\n"
              "  charge: HTTP 402\n"
              "\n"
              "  turned back: charge: HTTP 402\n");
}

TEST_F(CommandLine, PrintsJsonWhereThereIsNoTerminal) {
    terminal = Surroundings::Terminal::No;
    answer(200, R"({"id": "a", "status": "running"})");
    EXPECT_EQ(run({"show", "a"}), Exit::Done);
    EXPECT_EQ(Document::parse(out.str())["id"], "a");
    answer(200, R"({"id": "a", "definition": "order", "version": 1, "status": "running",
                    "started_at": "2026-11-21T22:32:28.000Z", "steps": []})");
    out.str("");
    EXPECT_EQ(run({"show", "a", "-o", "table"}), Exit::Done);
    EXPECT_THAT(out.str(), HasSubstr("running"));
}

TEST_F(CommandLine, ListsPageByPage) {
    answer(200, R"({"items": [{"id": "b", "definition": "order", "version": 1, "status": "stuck",
        "started_at": "2026-11-21T22:32:28.000Z", "last_error": {"step": "pay", "error": "HTTP 500"}}],
        "next_cursor": "c1"})");
    answer(200, R"({"items": [{"id": "a", "definition": "order", "version": 1,
        "status": "completed", "started_at": "2026-11-21T22:32:28.000Z",
        "ended_at": "2026-11-21T22:32:28.085Z"}]})");
    EXPECT_EQ(run({"ls", "--status", "stuck,completed", "--limit", "300"}), Exit::Done);
    EXPECT_EQ(talk.requests[0].target, "/v1/sagas?status=stuck&status=completed&limit=200");
    EXPECT_EQ(talk.requests[1].target,
              "/v1/sagas?status=stuck&status=completed&limit=200&cursor=c1");
    EXPECT_EQ(out.str(),
              "b  order v1  stuck      2026-11-21 22:32:28.000Z         pay: HTTP 500\n"
              "a  order v1  completed  2026-11-21 22:32:28.000Z  85 ms\n");
}

TEST_F(CommandLine, TakesTheServerBeforeAndBehindTheCommand) {
    const auto server_of = [this](std::vector<const char*> arguments) {
        answer(200, R"({"items": []})");
        EXPECT_EQ(run(std::move(arguments)), Exit::Done) << error.str();
        return server_url;
    };
    EXPECT_EQ(server_of({"ls"}), "http://127.0.0.1:8080");
    EXPECT_EQ(server_of({"--server", "http://a", "ls"}), "http://a");
    EXPECT_EQ(server_of({"ls", "--server", "http://b"}), "http://b");
    server_given = "http://environment";
    EXPECT_EQ(server_of({"ls"}), "http://environment");
    EXPECT_EQ(server_of({"--server", "http://a", "ls"}), "http://a");
}

TEST_F(CommandLine, CancelsWithAReason) {
    answer(202, R"({"id": "a", "status": "compensating"})");
    EXPECT_EQ(run({"cancel", "a", "--reason", "customer called"}), Exit::Done);
    EXPECT_EQ(talk.requests[0].target, "/v1/sagas/a/cancel");
    EXPECT_EQ(talk.requests[0].body, R"({"reason":"customer called"})");
    EXPECT_EQ(out.str(), "a  compensating\n");
    answer(409, R"({"detail": "Saga a can't be cancelled."})");
    EXPECT_EQ(run({"cancel", "a"}), Exit::Failed);
    EXPECT_EQ(error.str(), "skald: Saga a can't be cancelled.\n");
}

TEST_F(CommandLine, PrintsTheJournalAsATable) {
    answer(200, R"({"items": [{"seq": 1, "at": "2026-11-21T22:32:28.000Z", "type": "begun",
          "changes": [{"step": "pay", "status": "calling"}]},
        {"seq": 2, "at": "2026-11-21T22:32:28.000Z", "type": "answered", "step": "pay",
          "phase": "action", "attempt": 1, "outcome": "failure", "http_status": 402,
          "error": "HTTP 402", "changes": [{"step": "pay", "status": "failed"}],
          "turned": {"step": "pay", "reason": "HTTP 402"}, "end": {"status": "compensated"}}]})");
    EXPECT_EQ(run({"history", "a"}), Exit::Done);
    EXPECT_EQ(
        out.str(),
        "1  2026-11-21 22:32:28.000Z  begun                                pay calling\n"
        "2  2026-11-21 22:32:28.000Z  answered  pay action 1  failure 402  pay failed, turned "
        "back, saga compensated  HTTP 402\n");
}

TEST(Printable, HidesWhatSteersTerminals) {
    EXPECT_EQ(printable("a\x1b[2J\nb\x7f"),
              "a\xEF\xBF\xBD[2J\xEF\xBF\xBD"
              "b\xEF\xBF\xBD");
    EXPECT_EQ(printable("\xc2\x9b"
                        "2J caf\xc3\xa9"),
              "\xEF\xBF\xBD"
              "2J caf\xc3\xa9");
    EXPECT_EQ(shortened("caf\xc3\xa9s", 4), "caf…");
    EXPECT_EQ(shortened("caf\xc3\xa9", 4), "caf\xc3\xa9");
}

}  // namespace
}  // namespace skald::cli
