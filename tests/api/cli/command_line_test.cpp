#include <gmock/gmock.h>

#include <algorithm>

#include "tests/api/cli/command_line_fixture.h"

namespace skald::cli {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class CommandLine : public CommandLineTest {};

TEST_F(CommandLine, PrintsItsVersion) {
    EXPECT_EQ(run({"version"}), Exit::Done);
    EXPECT_EQ(take_out(), "skald 9.9.9\n");
    EXPECT_EQ(run({"--version"}), Exit::Done);
    EXPECT_EQ(take_out(), "skald 9.9.9\n");
    EXPECT_EQ(run({"version", "-o", "json"}), Exit::Done);
    EXPECT_EQ(api::Document::parse(take_out())["version"], "skald 9.9.9");
}

TEST_F(CommandLine, ExplainsEachCommand) {
    auto commands = all_commands();
    EXPECT_THAT(commands, testing::IsSupersetOf(std::vector<std::vector<std::string>>{
                              {"serve"}, {"definitions", "delete"}, {"replay"}, {"version"}}));
    commands.emplace_back();
    for (auto command : commands) {
        std::string path = "skald";
        for (const std::string& word : command) path += " " + word;
        command.push_back("--help");
        EXPECT_EQ(run(command), Exit::Done) << path;
        const std::string help = take_out();
        EXPECT_THAT(help, HasSubstr("Usage: " + path)) << path;
        EXPECT_THAT(help, HasSubstr("Examples:\n")) << path;
        EXPECT_THAT(help, HasSubstr("Exit codes:\n  0  ")) << path;
        EXPECT_THAT(help, HasSubstr("\n  2  bad usage")) << path;
    }
    EXPECT_EQ(take_error(), "");
}

TEST_F(CommandLine, ShowsWhatAFlagTakes) {
    EXPECT_EQ(run({"start", "--help"}), Exit::Done);
    const std::string help = take_out();
    EXPECT_THAT(help, HasSubstr("Usage: skald start [FLAGS] DEFINITION\n"));
    EXPECT_THAT(help, HasSubstr("      --input FILE            JSON; - is standard input "
                                "[required]\n"));
    EXPECT_THAT(help, HasSubstr("      --wait [DURATION]       Waits"));
    EXPECT_THAT(help, HasSubstr("  -o, --output json|table     How to print"));
    EXPECT_THAT(help, HasSubstr("environment: SKALD_SERVER]"));
    EXPECT_THAT(help, HasSubstr("  4  with --wait: it is stuck, or was abandoned\n"));
}

TEST_F(CommandLine, TellsBadUsageInOneLine) {
    for (const std::vector<std::string>& bad :
         {std::vector<std::string>{},
          {"sevre"},
          {"show"},
          {"show", "a", "b"},
          {"show", ""},
          {"start", "order"},
          {"start", "order", "--input", "-", "--label", "tenant"},
          {"start", "order", "--input", "-", "--version", "0"},
          {"serve", "--threads", "many"},
          {"ls", "-o", "yaml"},
          {"ls", "--status", "sad"},
          {"ls", "--limit", "5", "--all"},
          {"ls", "--version", "3"},
          {"ls", "--since", "yesterday"},
          {"ls", "--failing", "long"},
          {"resolve", "a", "--step", "pay", "--as", "succeeded"},
          {"resolve", "a", "--step", "pay", "--as", "done", "--reason", "x"},
          {"abandon", "a", "--reason", ""},
          {"replay", "a", "--dry-run", "--wait"},
          {"replay", "a", "b", "--id", "c"},
          {"definitions", "remove", "x"},
          {"backup", "/tmp/x.db"},
          {"completion", "ksh"}}) {
        EXPECT_EQ(run(bad), Exit::BadUsage) << testing::PrintToString(bad);
        const std::string told = take_error();
        EXPECT_THAT(told, StartsWith("skald: "));
        EXPECT_EQ(std::count(told.begin(), told.end(), '\n'), 1) << told;
    }
    EXPECT_TRUE(talk.requests.empty());
    EXPECT_EQ(take_out(), "");
}

TEST_F(CommandLine, GuessesWhatWasMeant) {
    const std::pair<std::vector<std::string>, const char*> cases[] = {
        {{"sevre"}, "there is no command \"sevre\"; did you mean \"serve\"?"},
        {{"--server", "http://a", "sevre"},
         "there is no command \"sevre\"; did you mean \"serve\"?"},
        {{"definitions", "delte", "x"}, "there is no command \"delte\"; did you mean \"delete\"?"},
        {{"start", "a", "--inptu=x"}, "there is no flag \"--inptu\"; did you mean \"--input\"?"},
        {{"ls", "--status", "stcuk"},
         "--status: \"stcuk\" must be one of running, compensating, stuck, completed, compensated, "
         "abandoned; did you mean \"stuck\"?"},
        {{"show", "a", "b"}, "\"b\" is too much; see: skald show --help"}};
    for (const auto& [arguments, told] : cases) {
        EXPECT_EQ(run(arguments), Exit::BadUsage);
        EXPECT_EQ(take_error(), std::string("skald: ") + told + "\n");
    }
}

TEST_F(CommandLine, TakesTheServerBeforeAndBehindTheCommand) {
    const auto server_of = [this](std::vector<std::string> arguments) {
        answer(200, R"({"items": []})");
        EXPECT_EQ(run(std::move(arguments)), Exit::Done) << take_error();
        return server_url;
    };
    EXPECT_EQ(server_of({"ls"}), "http://127.0.0.1:8080");
    EXPECT_EQ(server_of({"--server", "http://a", "ls"}), "http://a");
    EXPECT_EQ(server_of({"ls", "--server", "http://b"}), "http://b");
    EXPECT_EQ(server_of({"definitions", "--server", "http://c"}), "http://c");
    environment["SKALD_SERVER"] = "http://environment";
    environment["SKALD_TOKEN"] = "t0ken";
    EXPECT_EQ(server_of({"ls"}), "http://environment");
    EXPECT_EQ(server_of({"--server", "http://a", "ls"}), "http://a");
    EXPECT_EQ(token_sent, "t0ken");
}

TEST_F(CommandLine, ColoursOnlyWhatIsATerminal) {
    environment.clear();
    const auto run_both = [this] {
        answer(200, R"({"id": "a", "status": "running"})");
        EXPECT_EQ(run({"show", "a", "-o", "table"}), Exit::Done);
        break_off();
        EXPECT_EQ(run({"show", "a", "-o", "table"}), Exit::Failed);
    };
    const std::string escape = "\x1b[";
    run_both();
    EXPECT_THAT(take_out(), HasSubstr(escape));
    EXPECT_THAT(take_error(), HasSubstr(escape));
    error_is_terminal = Terminal::No;  // 2>log
    run_both();
    EXPECT_THAT(take_out(), HasSubstr(escape));
    EXPECT_EQ(take_error(), "skald: it broke\n");
    out_is_terminal = Terminal::No;
    run_both();
    EXPECT_THAT(take_out(), Not(HasSubstr(escape)));
    for (const auto& [name, value] :
         std::map<std::string, std::string>{{"NO_COLOR", "1"}, {"TERM", "dumb"}}) {
        environment = {{name, value}};
        out_is_terminal = error_is_terminal = Terminal::Yes;
        run_both();
        EXPECT_THAT(take_out() + take_error(), Not(HasSubstr(escape))) << name;
    }
}

TEST_F(CommandLine, PrintsJsonWhereThereIsNoTerminal) {
    out_is_terminal = Terminal::No;
    answer(200, R"({"id": "a", "status": "running"})");
    EXPECT_EQ(run({"show", "a"}), Exit::Done);
    EXPECT_EQ(api::Document::parse(take_out())["id"], "a");
    answer(200, R"({"id": "a", "definition": "order", "version": 1, "status": "running",
                    "started_at": "2026-11-21T22:32:28.000Z", "steps": []})");
    EXPECT_EQ(run({"show", "a", "-o", "table"}), Exit::Done);
    EXPECT_THAT(take_out(), HasSubstr("▸ running"));
}

TEST_F(CommandLine, PrintsProblemsWithEachError) {
    input = "{}";
    answer(422, R"({"detail": "Two faults.", "errors": [
        {"code": "required", "pointer": "/input", "detail": "\"order\" is missing", "hint": "add it"},
        {"code": "evil", "pointer": "/\u001b[2J", "detail": "x"}]})");
    EXPECT_EQ(run({"start", "order", "--input", "-"}), Exit::Failed);
    EXPECT_EQ(take_error(),
              "skald: Two faults.\n  /input: required: \"order\" is missing (add it)\n"
              "  /\xEF\xBF\xBD[2J: evil: x\n");
    answer(401, R"({"detail": "This server asks for a token."})");
    EXPECT_EQ(run({"ls"}), Exit::Failed);
    EXPECT_THAT(take_error(), HasSubstr("SKALD_TOKEN"));
    answer(500, R"({"title": "A fault of Skald's", "request_id": "5f3c-12"})");
    EXPECT_EQ(run({"ls"}), Exit::Failed);
    EXPECT_EQ(take_error(),
              "skald: A fault of Skald's\n  the server's log may tell more: 5f3c-12\n");
}

TEST_F(CommandLine, SurvivesAnswersOfAnotherKind) {
    for (const char* body : {"[]", "1", "{}", R"({"items": 3, "steps": {"a": 1}, "status": []})",
                             R"({"items": [1, null, []], "suspended": "x", "labels": [1]})"}) {
        for (const std::vector<std::string>& command : {std::vector<std::string>{"show", "a"},
                                                        {"history", "a"},
                                                        {"ls"},
                                                        {"ls", "--count"},
                                                        {"retry", "a"},
                                                        {"replay", "a"},
                                                        {"replay", "a", "--dry-run"},
                                                        {"definitions"},
                                                        {"definitions", "show", "x"},
                                                        {"backup", "x.db"},
                                                        {"doctor"}}) {
            answer(200, body);
            run(command);
        }
    }
    take_error();
    EXPECT_TRUE(talk.answers.empty());
}

}  // namespace
}  // namespace skald::cli
