#include <gmock/gmock.h>

#include "tests/api/cli/command_line_fixture.h"
#include "tests/api/cli/tool.h"

namespace skald::cli {
namespace {

class ManPageGroff : public CommandLineTest {};

TEST_F(ManPageGroff, FindsNothingWrong) {
    ASSERT_EQ(run({"man"}), Exit::Done);
    const TextFile file(take_out());
    const ToolRun ran = run_tool(SKALD_GROFF " -man -Tutf8 -ww -z " + file.name());
    EXPECT_EQ(ran.status, 0);
    EXPECT_EQ(ran.output, "");
    const ToolRun shown = run_tool(SKALD_GROFF " -man -Tascii -P-c -P-b -P-u " + file.name());
    EXPECT_THAT(shown.output, testing::HasSubstr("skald replay [FLAGS] ID..."));
    EXPECT_THAT(shown.output, testing::HasSubstr("--accept-repeats"));
}

}  // namespace
}  // namespace skald::cli
