#include "tests/api/cli/command_line_fixture.h"
#include "tests/api/cli/tool.h"

namespace skald::cli {
namespace {

class CompletionFish : public CommandLineTest {};

TEST_F(CompletionFish, IsAScriptThatTheShellReads) {
    ASSERT_EQ(run({"completion", "fish"}), Exit::Done) << take_error();
    const TextFile file(take_out());
    const ToolRun ran = run_tool(SKALD_FISH " -n " + file.name());
    EXPECT_EQ(ran.status, 0);
    EXPECT_EQ(ran.output, "");
}

}  // namespace
}  // namespace skald::cli
