#include <gmock/gmock.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/api/cli/command_line_fixture.h"

namespace skald::cli {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

class DefinitionCommands : public CommandLineTest {};

TEST_F(DefinitionCommands, ApplyFromStandardInput) {
    input = R"({"name": "order", "steps": []})";
    answer(201, R"({"name": "order", "version": 3, "warnings": [
        {"code": "no-schema", "pointer": "", "detail": "any input is taken", "hint": "add one"}]})");
    EXPECT_EQ(run({"apply", "-"}), Exit::Done) << take_error();
    EXPECT_THAT(targets(), ElementsAre("PUT /v1/definitions/order"));
    EXPECT_EQ(take_out(),
              "order version 3 registered\n-: no-schema: any input is taken\n    add one\n");
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

constexpr const char* kFine = R"({"name": "order", "input_schema": {}, "steps": [
    {"name": "check", "action": {"http": {"method": "GET", "url": "http://127.0.0.1/"}},
     "compensation": "none"}]})";
constexpr const char* kDoubtful = R"({"name": "order", "steps": [
    {"name": "check", "action": {"http": {"method": "GET", "url": "http://127.0.0.1/"}},
     "compensation": "none"}]})";

class DefinitionFiles : public DefinitionCommands {
 protected:
    std::string write(const std::string& name, const std::string& text) {
        std::string path =
            testing::TempDir() + "definition-files-" + std::to_string(getpid()) + "-" + name;
        std::ofstream(path) << text;
        written_.push_back(path);
        return path;
    }
    void TearDown() override {
        for (const std::string& path : written_) std::filesystem::remove(path);
    }

 private:
    std::vector<std::string> written_;
};

TEST_F(DefinitionFiles, AreLintedForCi) {
    const std::string fine = write("fine", kFine);
    const std::string doubtful = write("doubtful", kDoubtful);
    const std::string broken = write("broken", R"({"name": "order", "steps": []})");
    EXPECT_EQ(run({"lint", "--strict", fine}), Exit::Done);
    EXPECT_EQ(take_out(), fine + ": fine\n");
    EXPECT_EQ(run({"lint", doubtful}), Exit::Done);
    EXPECT_THAT(take_out(), HasSubstr(doubtful + ": no-input-schema: "));
    EXPECT_EQ(run({"lint", "--strict", doubtful, fine}), Exit::Doubtful);
    // Errors count more than warnings, whichever comes first.
    EXPECT_EQ(run({"lint", "--strict", doubtful, broken}), Exit::Failed);
    EXPECT_EQ(run({"lint", "--strict", broken, doubtful}), Exit::Failed);
    input = kDoubtful;
    EXPECT_EQ(run({"lint", "--strict", "-"}), Exit::Doubtful);
}

TEST_F(DefinitionFiles, AreLintedAsJson) {
    const std::string doubtful = write("doubtful", kDoubtful);
    EXPECT_EQ(run({"lint", "-o", "json", doubtful, "/nowhere.json"}), Exit::Failed);
    const api::Document reports = api::Document::parse(take_out());
    ASSERT_EQ(reports.size(), 2u);
    EXPECT_EQ(reports[0]["file"], doubtful);
    EXPECT_EQ(reports[0]["valid"], true);
    EXPECT_EQ(reports[0]["warnings"][0]["code"], "no-input-schema");
    EXPECT_FALSE(reports[0].contains("unreadable"));
    EXPECT_EQ(reports[1]["valid"], false);
    EXPECT_EQ(reports[1]["unreadable"], "/nowhere.json: can't be read");
    EXPECT_EQ(take_error(), "skald: /nowhere.json: can't be read\n");
}

constexpr const char* kParent = R"({"name": "parent", "input_schema": {}, "steps": [
    {"name": "check", "action": {"saga": {"definition": "order"}}}]})";

TEST_F(DefinitionFiles, AreLintedWithTheChildrenAmongThem) {
    const std::string parent = write("parent", kParent);
    const std::string child = write("child", kFine);
    EXPECT_EQ(run({"lint", "--strict", parent, child}), Exit::Done) << take_out();
    take_out();
    // What is not there may be on the server.
    EXPECT_EQ(run({"lint", parent}), Exit::Done);
    EXPECT_THAT(take_out(),
                AllOf(HasSubstr(parent + ":/steps/0/action/saga/definition: unknown-definition: "),
                      HasSubstr("no server was asked"), HasSubstr("name its file too")));
    EXPECT_EQ(run({"lint", "--strict", parent}), Exit::Doubtful);
    take_out();
    EXPECT_TRUE(talk.requests.empty());
    answer(200, std::string(R"({"name": "order", "version": 3, "definition": )") + kFine + "}");
    EXPECT_EQ(run({"lint", "--strict", "--registered", parent}), Exit::Done) << take_out();
    EXPECT_THAT(targets(), ElementsAre("GET /v1/definitions/order"));
    answer(404, R"({"detail": "There is no definition order."})");
    EXPECT_EQ(run({"lint", "--registered", parent}), Exit::Failed);
    EXPECT_THAT(take_out(), HasSubstr("unknown-definition: "));
    break_off();
    EXPECT_EQ(run({"lint", "--registered", parent}), Exit::Failed);
    talk.requests.clear();
    take_out();
    std::string locked = kFine;
    locked.insert(locked.find("\"steps\""), R"("lock": "$input.id", )");
    EXPECT_EQ(run({"lint", parent, write("locked", locked)}), Exit::Failed);
    EXPECT_THAT(take_out(), HasSubstr("child-lock: "));
    EXPECT_TRUE(talk.requests.empty());
}

TEST_F(DefinitionFiles, AreAppliedWithTheirChildrenFirst) {
    const std::string parent = write("parent", kParent);
    std::string text = kParent;
    text.replace(text.find("parent"), 6, "grandparent");
    text.replace(text.find("\"order\""), 7, "\"parent\"");
    const std::string grandparent = write("grandparent", text);
    const std::string child = write("child", kFine);
    std::string other = kFine;
    other.replace(other.find("order"), 5, "other");
    for (int i = 0; i < 4; ++i) answer(201, R"({"name": "x", "version": 1})");
    EXPECT_EQ(run({"apply", write("other", other), grandparent, parent, child}), Exit::Done);
    EXPECT_THAT(targets(),
                ElementsAre("PUT /v1/definitions/other", "PUT /v1/definitions/order",
                            "PUT /v1/definitions/parent", "PUT /v1/definitions/grandparent"));
    // A cycle is the server's to refuse.
    talk.requests.clear();
    std::string cycle = kParent;
    cycle.replace(cycle.find("\"order\""), 7, "\"parent\"");
    answer(422, R"({"detail": "No."})");
    EXPECT_EQ(run({"apply", write("cycle", cycle)}), Exit::Failed);
    EXPECT_EQ(talk.requests.size(), 1u);
}

TEST_F(DefinitionFiles, AreCompared) {
    const std::string older = write("older", kFine);
    std::string text = kFine;
    text.replace(text.find("GET"), 3, "PUT");
    const std::string newer = write("newer", text);
    EXPECT_EQ(run({"diff", older, newer}), Exit::Done) << take_error();
    const std::string shown = take_out();
    EXPECT_THAT(shown, StartsWith(older + " → " + newer + ": 1 change\n\n  STEP   FIELD"));
    EXPECT_THAT(shown, HasSubstr("  check  /action/http/method  GET"));
    EXPECT_THAT(shown, HasSubstr("could not go on under " + newer +
                                 ":\n  /steps/0/action: action-changed: "));
    EXPECT_TRUE(talk.requests.empty());
    EXPECT_EQ(run({"diff", "--strict", older, newer}), Exit::Doubtful);
    EXPECT_EQ(run({"diff", "--strict", older, older}), Exit::Done);
    take_out();
    EXPECT_EQ(run({"diff", "-o", "json", older, newer}), Exit::Done);
    const api::Document answer = api::Document::parse(take_out());
    EXPECT_EQ(answer["from"], older);
    EXPECT_EQ(answer["to"], newer);
    EXPECT_EQ(answer["changes"][0]["field"], "/action/http/method");
    EXPECT_EQ(answer["reasons"][0]["code"], "action-changed");
    // Both are checked.
    const std::string broken = write("broken", R"({"name": "order", "steps": []})");
    take_error();
    EXPECT_EQ(run({"diff", broken, "/nowhere.json"}), Exit::Failed);
    EXPECT_THAT(take_error(), AllOf(HasSubstr(broken + ":/steps: no-steps: "),
                                    HasSubstr("skald: /nowhere.json: can't be read")));
}

TEST_F(DefinitionCommands, CompareVersions) {
    const char* changed = R"({"name": "order", "from": 1, "to": 2, "changes": [
        {"field": "/deadline", "pointer": "/deadline", "new": "1h"},
        {"step": "charge", "field": "/timeout", "pointer": "/steps/1/timeout",
         "old": "1s", "new": "2s"},
        {"step": "charge", "field": "/retry/jitter", "pointer": "/steps/1/retry/jitter",
         "old": 0.5, "new": null},
        {"step": "thank", "field": "", "pointer": "/steps/3",
         "new": {"action": {"http": {"method": "POST", "url": "http://a/m"}}}},
        {"step": "check", "field": "", "pointer": "/steps/0",
         "old": {"action": {"http": {"method": "GET", "url": "http://a/c"}}}}],
        "more_changes": 3, "verdict": "incompatible", "reasons": [
        {"code": "step-removed", "pointer": "/steps/0", "detail": "\"check\" may be at work"}]})";
    answer(200, changed);
    EXPECT_EQ(run({"diff", "order", "1", "2"}), Exit::Done);
    EXPECT_THAT(targets(), ElementsAre("GET /v1/definitions/order/versions/1/diff/2"));
    EXPECT_EQ(take_out(),
              "order v1 → v2: 8 changes\n"
              "\n"
              "  STEP    FIELD          v1              v2\n"
              "          /deadline      -               1h\n"
              "  charge  /timeout       1s              2s\n"
              "  charge  /retry/jitter  0.5             null\n"
              "  thank   added          -               POST http://a/m\n"
              "  check   removed        GET http://a/c  -\n"
              "  and 3 more\n"
              "\n"
              "Live sagas of v1 could not go on under v2:\n"
              "  /steps/0: step-removed: \"check\" may be at work\n");
    answer(200, changed);
    EXPECT_EQ(run({"diff", "order", "1", "2", "--strict"}), Exit::Doubtful);
}

TEST_F(DefinitionCommands, CompareWithTheLatestVersion) {
    answer(200, R"({"name": "order", "version": 4})");
    answer(200, R"({"name": "order", "from": 3, "to": 4, "changes": [], "only_text_differs": true,
                    "verdict": "compatible", "reasons": []})");
    EXPECT_EQ(run({"diff", "order", "3", "--strict"}), Exit::Done);
    EXPECT_THAT(targets(), ElementsAre("GET /v1/definitions/order",
                                       "GET /v1/definitions/order/versions/3/diff/4"));
    EXPECT_EQ(take_out(),
              "order v3 → v4: only the text differs: it means the same\n"
              "\n"
              "Live sagas of v3 could go on under v4.\n");
    answer(404, R"({"detail": "There is no definition x."})");
    EXPECT_EQ(run({"diff", "x", "1"}), Exit::Failed);
    EXPECT_EQ(take_error(), "skald: There is no definition x.\n");
    EXPECT_EQ(run({"diff", "order", "1", "latest"}), Exit::BadUsage);
    EXPECT_EQ(run({"diff", "order", "0", "1"}), Exit::BadUsage);
    EXPECT_EQ(run({"diff", "order"}), Exit::BadUsage);
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
