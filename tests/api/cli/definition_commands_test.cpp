#include <gmock/gmock.h>

#include "tests/api/cli/command_line_fixture.h"

namespace skald::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class DefinitionCommands : public CommandLineTest {};

TEST_F(DefinitionCommands, ApplyFromStandardInput) {
    input = R"({"name": "order", "steps": []})";
    answer(201, R"({"name": "order", "version": 3, "warnings": [
        {"code": "no-schema", "pointer": "", "detail": "any input is taken", "hint": "add one"}]})");
    EXPECT_EQ(run({"apply", "-"}), Exit::Done) << take_error();
    EXPECT_THAT(targets(), ElementsAre("PUT /v1/definitions/order"));
    EXPECT_EQ(take_out(),
              "order version 3 registered\n-:: no-schema: any input is taken\n    add one\n");
    EXPECT_EQ(run({"apply", "/nowhere.json"}), Exit::Failed);
    EXPECT_EQ(run({"apply", testing::TempDir()}), Exit::Failed);
    input = "[1]";
    EXPECT_EQ(run({"apply", "-"}), Exit::Failed);
}

TEST_F(DefinitionCommands, GoOnAfterOneThatIsRefused) {
    input = R"({"name": "order", "steps": []})";
    answer(200, R"({"name": "order", "version": 3})");
    EXPECT_EQ(run({"apply", "/nowhere.json", "-"}), Exit::Failed);
    EXPECT_EQ(take_out(), "order version 3 is already registered\n");
    EXPECT_EQ(take_error(), "skald: /nowhere.json: can't be read\n");
}

TEST_F(DefinitionCommands, LintWithoutAServer) {
    input = R"({"name": "order", "stepz": []})";
    EXPECT_EQ(run({"lint", "-"}), Exit::Failed);
    EXPECT_THAT(take_out(), HasSubstr("-:/stepz: "));
    EXPECT_TRUE(talk.requests.empty());
    EXPECT_EQ(run({"lint", "-o", "json", "-"}), Exit::Failed);
    EXPECT_EQ(api::Document::parse(take_out())[0]["valid"], false);
}

TEST_F(DefinitionCommands, ListPageByPage) {
    answer(200, R"({"items": [{"name": "order", "version": 12,
        "created_at": "2026-11-21T22:32:28.000Z"}], "next_cursor": "c/1"})");
    answer(200, R"({"items": [{"name": "payment", "version": 1,
        "created_at": "2026-11-21T22:32:29.000Z"}]})");
    EXPECT_EQ(run({"definitions"}), Exit::Done);
    EXPECT_THAT(targets(), ElementsAre("GET /v1/definitions?limit=200",
                                       "GET /v1/definitions?limit=200&cursor=c%2F1"));
    EXPECT_EQ(take_out(),
              "order    v12  2026-11-21 22:32:28.000Z\n"
              "payment  v1   2026-11-21 22:32:29.000Z\n");
    answer(200, R"({"items": []})");
    EXPECT_EQ(run({"definitions"}), Exit::Done);
    EXPECT_EQ(take_out(), "no definitions\n");
}

TEST_F(DefinitionCommands, ShowWhatTheStepsDo) {
    const char* order = R"({"name": "order", "version": 2, "created_at": "2026-11-21T22:32:28.000Z",
        "definition": {"description": "Sells \u001b things.", "deadline": "15m", "steps": [
          {"name": "reserve", "action": {"http": {"method": "POST", "url": "http://a/r"}},
           "compensation": {"http": {"method": "DELETE", "url": "http://a/r/1"}}},
          {"name": "ship", "pivot": true, "after": ["reserve", "charge"],
           "action": {"http": {"method": "POST", "url": "http://c/s"}}},
          {"name": "mail", "optional": true, "after": [], "when": "$input.mail == true",
           "action": {"http": {"method": "POST", "url": "http://d/m"}},
           "compensation": "none"}]}})";
    answer(200, order);
    EXPECT_EQ(run({"definitions", "show", "order", "--version", "2"}), Exit::Done);
    EXPECT_THAT(targets(), ElementsAre("GET /v1/definitions/order/versions/2"));
    EXPECT_EQ(take_out(),
              "order v2, registered 2026-11-21 22:32:28.000Z\n"
              "Sells \xEF\xBF\xBD things.\n"
              "\n"
              "  STEP     ACTION           COMPENSATION\n"
              "  reserve  POST http://a/r  DELETE http://a/r/1\n"
              "  ship     POST http://c/s                       pivot; after reserve, charge\n"
              "  mail     POST http://d/m  none                 optional; starts at once; when "
              "$input.mail == true\n"
              "\n"
              "  deadline 15m\n"
              "\n"
              "  the whole document: -o json\n");
    answer(200, order);
    EXPECT_EQ(run({"definitions", "show", "order", "-o", "json"}), Exit::Done);
    EXPECT_EQ(api::Document::parse(take_out()), api::Document::parse(order));
    answer(404, R"({"detail": "There is no definition x."})");
    EXPECT_EQ(run({"definitions", "show", "x"}), Exit::Failed);
    EXPECT_EQ(take_error(), "skald: There is no definition x.\n");
}

TEST_F(DefinitionCommands, DeleteByName) {
    answer(204, "");
    EXPECT_EQ(run({"definitions", "delete", "order"}), Exit::Done);
    EXPECT_THAT(targets(), ElementsAre("DELETE /v1/definitions/order"));
    EXPECT_THAT(take_out(), testing::StartsWith("order deleted: no new starts"));
    answer(204, "");
    EXPECT_EQ(run({"definitions", "delete", "order", "-o", "json"}), Exit::Done);
    EXPECT_EQ(api::Document::parse(take_out())["deleted"], true);
    answer(404, R"({"detail": "There is no definition order."})");
    EXPECT_EQ(run({"definitions", "delete", "order"}), Exit::Failed);
}

}  // namespace
}  // namespace skald::cli
