#include "tests/api/cli/command_line_fixture.h"
#include "tests/api/cli/tool.h"

namespace skald::cli {
namespace {

class CompletionZsh : public CommandLineTest {};

TEST_F(CompletionZsh, IsAScriptThatTheShellReads) {
    ASSERT_EQ(run({"completion", "zsh"}), Exit::Done) << take_error();
    const TextFile file(take_out());
    const ToolRun ran = run_tool(SKALD_ZSH " -n " + file.name());
    EXPECT_EQ(ran.status, 0);
    EXPECT_EQ(ran.output, "");
}

}  // namespace
}  // namespace skald::cli
