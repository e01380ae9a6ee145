#include <gmock/gmock.h>

#include "tests/api/cli/command_line_fixture.h"
#include "tests/api/cli/tool.h"

namespace skald::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

const char* const kOrder = R"({"name": "order", "input_schema": true, "steps": [
    {"name": "reserve", "compensation": "none",
     "action": {"http": {"method": "GET", "url": "http://127.0.0.1/r"}}}]})";

class GraphCommand : public CommandLineTest {};

TEST_F(GraphCommand, AsksTheServerForWhatIsRegistered) {
    answer(200, R"("flowchart TD\n    a\u001b\n")");
    EXPECT_EQ(run({"graph", "order"}), Exit::Done) << take_error();
    EXPECT_EQ(take_out(), "flowchart TD\n    a\xEF\xBF\xBD\n");
    answer(200, R"("digraph {}\n")");
    EXPECT_EQ(run({"graph", "order", "--format", "dot", "--version", "2"}), Exit::Done);
    EXPECT_EQ(take_out(), "digraph {}\n");
    answer(200, R"({"name": "order"})");
    EXPECT_EQ(run({"graph", "order", "--format", "json"}), Exit::Done);
    EXPECT_EQ(take_out(), "{\n  \"name\": \"order\"\n}\n");
    EXPECT_THAT(targets(), ElementsAre("GET /v1/definitions/order/graph?format=mermaid",
                                       "GET /v1/definitions/order/graph?format=dot&version=2",
                                       "GET /v1/definitions/order/graph?format=json"));
    answer(404, R"({"detail": "There is no definition x."})");
    EXPECT_EQ(run({"graph", "x"}), Exit::Failed);
    EXPECT_EQ(take_error(), "skald: There is no definition x.\n");
}

TEST_F(GraphCommand, DrawsAFileWithoutAServer) {
    const TextFile file(kOrder);
    EXPECT_EQ(run({"graph", file.name()}), Exit::Done);
    EXPECT_THAT(take_out(), StartsWith("flowchart TD\n    s0[\"reserve<br/>GET http://127"));
    EXPECT_EQ(run({"graph", file.name(), "--format", "dot"}), Exit::Done);
    EXPECT_THAT(take_out(), StartsWith("digraph \"order\" {\n"));
    input = kOrder;
    EXPECT_EQ(run({"graph", "-", "--format", "json"}), Exit::Done);
    EXPECT_EQ(api::Document::parse(take_out())["name"], "order");
    EXPECT_EQ(take_error(), "");
    EXPECT_THAT(talk.requests, IsEmpty());
}

TEST_F(GraphCommand, TellsWhatLintTells) {
    const TextFile broken(R"({"name": "order", "stepz": []})");
    EXPECT_EQ(run({"lint", broken.name(), "-o", "table"}), Exit::Failed);
    const std::string told = take_out();
    EXPECT_EQ(run({"graph", broken.name()}), Exit::Failed);
    EXPECT_EQ(take_out(), "");
    EXPECT_EQ(take_error(), told);
    EXPECT_THAT(told, HasSubstr(":/stepz: unknown-field: "));

    api::Document open = api::Document::parse(kOrder);
    open.erase("input_schema");
    const TextFile warned(open.dump());
    EXPECT_EQ(run({"lint", warned.name(), "-o", "table"}), Exit::Done);
    const std::string warnings = take_out();
    EXPECT_EQ(run({"graph", warned.name()}), Exit::Done);
    EXPECT_THAT(take_out(), StartsWith("flowchart TD\n"));
    EXPECT_EQ(take_error(), warnings);
    EXPECT_THAT(warnings, HasSubstr("no-input-schema"));
}

TEST_F(GraphCommand, RefusesWhatItCannotDraw) {
    EXPECT_EQ(run({"graph", "./nowhere"}), Exit::Failed);
    EXPECT_EQ(take_error(), "skald: ./nowhere: can't be read\n");
    EXPECT_EQ(run({"graph", "order.json", "--version", "1"}), Exit::BadUsage);
    EXPECT_EQ(run({"graph", "order", "--format", "svg"}), Exit::BadUsage);
    EXPECT_THAT(take_error(), HasSubstr("\"svg\" must be one of mermaid, dot, json"));
    EXPECT_EQ(run({"graph"}), Exit::BadUsage);
    EXPECT_THAT(talk.requests, IsEmpty());
}

}  // namespace
}  // namespace skald::cli
