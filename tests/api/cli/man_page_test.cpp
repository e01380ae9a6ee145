#include "api/cli/man_page.h"

#include <gmock/gmock.h>

#include "tests/api/cli/command_line_fixture.h"

namespace skald::cli {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class ManPage : public CommandLineTest {};

/// As roff shows it: "\-" is a dash.
std::string shown(const std::string& text) {
    std::string dashes;
    for (const char c : text) dashes += c == '-' ? std::string("\\-") : std::string(1, c);
    return dashes;
}

TEST_F(ManPage, HasEveryCommandWithItsFlagsAndExamples) {
    EXPECT_EQ(run({"man"}), Exit::Done);
    const std::string page = take_out();
    EXPECT_THAT(page, StartsWith(".\\\" Made by: skald man\n.TH SKALD 1 \"\" \"skald 9.9.9\""));
    for (const std::vector<std::string>& command : all_commands()) {
        auto with_help = command;
        with_help.push_back("--help");
        ASSERT_EQ(run(with_help), Exit::Done);
        std::istringstream help(take_out());
        bool is_in_flags = false;
        for (std::string line; std::getline(help, line);) {
            if (line.starts_with("Usage: ")) {
                EXPECT_THAT(page, HasSubstr(".SS " + shown(line.substr(7)) + "\n"));
            }
            if (line.empty()) is_in_flags = false;
            if (line == "Flags:") is_in_flags = true;
            const auto name = line.find("--");
            if (!is_in_flags || name == std::string::npos || name > 6) continue;
            const std::string flag = line.substr(name, line.find(' ', name) - name);
            EXPECT_THAT(page, HasSubstr("\\fB" + shown(flag) + "\\fR")) << command.back();
        }
    }
    EXPECT_THAT(page, HasSubstr(shown("skald replay order-1 --dry-run") + "\n"));
    EXPECT_THAT(page, HasSubstr("\\fBSKALD_CALLS_PER_ORIGIN\\fR\n"));
}

TEST_F(ManPage, ProtectsWhatRoffWouldTakeForItself) {
    CommandModel root;
    root.path = "skald";
    root.text.about = ".x 'y' \\z";
    const std::string page = man_page(root, "v");
    EXPECT_THAT(page, HasSubstr("\n\\&.x \\(aqy\\(aq \\ez.\n"));
}

}  // namespace
}  // namespace skald::cli
