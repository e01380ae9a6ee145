#include "api/cli/completion.h"

#include <gmock/gmock.h>

#include "tests/api/cli/command_line_fixture.h"
#include "tests/api/cli/tool.h"

namespace skald::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::IsSupersetOf;

const std::string kBash = SKALD_BASH;

class Completion : public CommandLineTest {
 protected:
    std::string script(const std::string& shell) {
        EXPECT_EQ(run({"completion", shell}), Exit::Done) << take_error();
        return take_out();
    }
    /// What bash offers for the last of `words`.
    std::vector<std::string> offered(const std::vector<std::string>& words) {
        std::string driver = script("bash") + "COMP_WORDS=(";
        for (const std::string& word : words) driver += " " + shell_word(word);
        driver += ")\nCOMP_CWORD=" + std::to_string(words.size() - 1) +
                  "\n_skald\nprintf '%s\\n' \"${COMPREPLY[@]}\"\n";
        const TextFile file(driver);
        const ToolRun ran = run_tool(kBash + " --norc " + file.name());
        EXPECT_EQ(ran.status, 0) << ran.output;
        std::istringstream lines(ran.output);
        std::vector<std::string> offers;
        for (std::string line; std::getline(lines, line);) {
            if (!line.empty()) offers.push_back(line);
        }
        return offers;
    }
};

TEST_F(Completion, IsAScriptThatBashReads) {
    const TextFile file(script("bash"));
    const ToolRun ran = run_tool(kBash + " -n " + file.name());
    EXPECT_EQ(ran.status, 0) << ran.output;
    EXPECT_EQ(ran.output, "");
}

TEST_F(Completion, OffersCommands) {
    EXPECT_THAT(offered({"skald", "st"}), ElementsAre("start"));
    EXPECT_THAT(offered({"skald", ""}), IsSupersetOf({"serve", "start", "watch", "replay", "man"}));
    EXPECT_THAT(offered({"skald", "definitions", ""}), ElementsAre("show", "delete"));
    EXPECT_THAT(offered({"skald", "start", "st"}), IsEmpty());
    EXPECT_THAT(offered({"skald", "--server", "serve", "st"}), ElementsAre("start"));
}

TEST_F(Completion, OffersTheFlagsOfACommand) {
    EXPECT_THAT(offered({"skald", "ls", "--st"}), ElementsAre("--status", "--step"));
    EXPECT_THAT(offered({"skald", "--"}),
                ElementsAre("--version", "--help", "--server", "--output"));
    EXPECT_THAT(offered({"skald", "--server=http://a", "resolve", "x", "--a"}),
                ElementsAre("--as"));
    EXPECT_THAT(offered({"skald", "definitions", "show", "--v"}), ElementsAre("--version"));
    EXPECT_THAT(offered({"skald", "start", "order", "--wait", "--i"}),
                ElementsAre("--input", "--id"));
}

TEST_F(Completion, OffersValues) {
    EXPECT_THAT(offered({"skald", "ls", "--status", "com"}),
                ElementsAre("compensating", "completed", "compensated"));
    EXPECT_THAT(offered({"skald", "ls", "-o", ""}), ElementsAre("json", "table"));
    EXPECT_THAT(offered({"skald", "ls", "--output", "=", "j"}), ElementsAre("json"));
    EXPECT_THAT(offered({"skald", "ls", "--output", "="}), ElementsAre("json", "table"));
    EXPECT_THAT(offered({"skald", "completion", "f"}), ElementsAre("fish"));
    EXPECT_THAT(offered({"skald", "start", "--id", ""}), IsEmpty());
    EXPECT_THAT(offered({"skald", "start", "order", "--input", "/et"}), ElementsAre("/etc"));
    EXPECT_THAT(offered({"skald", "apply", "/et"}), ElementsAre("/etc"));
    EXPECT_THAT(offered({"skald", "serve", "--backup-dir", "/et"}), ElementsAre("/etc"));
}

TEST_F(Completion, NamesEveryCommandAndFlagForEachShell) {
    for (const char* shell : {"bash", "zsh", "fish"}) {
        const std::string text = script(shell);
        const bool is_fish = std::string(shell) == "fish";
        for (const auto& command : CommandLineTest::all_commands()) {
            EXPECT_THAT(text, HasSubstr(command.back())) << shell;
        }
        for (const char* flag : {"calls-per-origin", "accept-repeats", "until-stuck", "deep"}) {
            EXPECT_THAT(text, HasSubstr((is_fish ? "-l " : "--") + std::string(flag))) << shell;
        }
        EXPECT_THAT(text, HasSubstr("compensating")) << shell;
    }
    EXPECT_EQ(run({"completion", "ksh"}), Exit::BadUsage);
}

}  // namespace
}  // namespace skald::cli
