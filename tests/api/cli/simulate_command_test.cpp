#include <gmock/gmock.h>

#include "tests/api/cli/command_line_fixture.h"

namespace skald::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr const char* kUndo =
    R"({"http": {"method": "DELETE", "url": "http://127.0.0.1:9001/charges/by-key/{$action_key}"}})";

std::string definition(const std::string& method, const std::string& compensation) {
    return R"({"name": "charge", "steps": [{"name": "charge", "retry": {"maximum_attempts": 2},
        "action": {"http": {"method": ")" +
           method + R"(", "url": "http://127.0.0.1:9001/charges"}}, "compensation": )" +
           compensation + "}]}";
}

class SimulateCommand : public CommandLineTest {};

TEST_F(SimulateCommand, SaysThatItIsSound) {
    input = definition("GET", R"("none")");
    EXPECT_EQ(run({"simulate", "-", "--strict"}), Exit::Done);
    EXPECT_TRUE(talk.requests.empty());
    const std::string text = take_out();
    EXPECT_THAT(text, HasSubstr("charge: "));
    EXPECT_THAT(text, HasSubstr(" schedules (one without a fault, "));
    EXPECT_THAT(text, HasSubstr("\n  1  completed"));
    EXPECT_THAT(text, HasSubstr("1  nothing goes wrong\n"));
    EXPECT_THAT(text, HasSubstr("sound: each of "));
    EXPECT_THAT(text, Not(HasSubstr("a client starts the saga")));
}

TEST_F(SimulateCommand, SaysThatAnOperatorMayBeNeeded) {
    input = definition("POST", kUndo);
    EXPECT_EQ(run({"simulate", "-"}), Exit::Done);
    const std::string text = take_out();
    EXPECT_THAT(text, HasSubstr("An operator is needed for undo of charge: compensation_refused"));
    EXPECT_THAT(text, HasSubstr("needs an operator in "));
    EXPECT_EQ(run({"simulate", "-", "--strict"}), Exit::Doubtful);
}

TEST_F(SimulateCommand, SaysWhatIsUnsound) {
    input = definition("POST", R"("none")");
    EXPECT_EQ(run({"simulate", "-"}), Exit::Unsound);
    const std::string text = take_out();
    EXPECT_THAT(text, HasSubstr("stands: charge"));
    EXPECT_THAT(text, HasSubstr("WRONG"));
    EXPECT_THAT(text, HasSubstr("a client starts the saga"));  // The story, unasked.
    EXPECT_EQ(run({"simulate", "-", "--reads", "charge", "--strict"}), Exit::Done);
}

TEST_F(SimulateCommand, TellsStories) {
    input = definition("GET", R"("none")");
    EXPECT_EQ(run({"simulate", "-", "--stories", "--singles"}), Exit::Done);
    const std::string text = take_out();
    EXPECT_THAT(text, HasSubstr("     0.000 s  a client starts the saga\n"));
    EXPECT_THAT(text, HasSubstr("charge, try 1: answered 200\n"));
    EXPECT_THAT(text, HasSubstr(", 0 with two)"));
}

TEST_F(SimulateCommand, PrintsJson) {
    input = definition("POST", kUndo);
    EXPECT_EQ(run({"simulate", "-", "-o", "json", "--limit", "50"}), Exit::Done);
    const auto report = api::Document::parse(take_out());
    EXPECT_EQ(report["verdict"], "needs-operator");
    EXPECT_EQ(report["schedules"]["total"], 50);
    EXPECT_GT(report["schedules"]["pairs_known"], report["schedules"]["pairs"]);
    EXPECT_GE(report["took_ms"], 0);
}

TEST_F(SimulateCommand, SaysThatPairsDidNotFit) {
    input = definition("POST", kUndo);
    EXPECT_EQ(run({"simulate", "-", "--limit", "50"}), Exit::Done);
    EXPECT_THAT(take_out(), HasSubstr("pairs of faults"));
}

TEST_F(SimulateCommand, AsksTheServerForAName) {
    answer(200, R"({"name": "charge", "version": 1, "definition": )" +
                    definition("GET", R"("none")") + "}");
    EXPECT_EQ(run({"simulate", "charge"}), Exit::Done);
    EXPECT_THAT(targets(), ElementsAre("GET /v1/definitions/charge"));
    take_error();
    answer(404, R"({"detail": "There is no definition nobody."})");
    EXPECT_EQ(run({"simulate", "nobody"}), Exit::Failed);
    EXPECT_EQ(take_error(), "skald: There is no definition nobody.\n");
    break_off();
    EXPECT_EQ(run({"simulate", "charge"}), Exit::Failed);
}

/// A line that is drawn anew and goes away; and nothing where nobody looks.
TEST_F(SimulateCommand, ShowsItsProgressOnATerminal) {
    input = definition("GET", R"("none")");
    EXPECT_EQ(run({"simulate", "-"}), Exit::Done);
    const std::string drawn = take_error();
    EXPECT_THAT(drawn, HasSubstr("[##"));
    EXPECT_THAT(drawn, HasSubstr(" % of "));
    EXPECT_TRUE(drawn.ends_with("\r\x1b[K"));
    environment["TERM"] = "dumb";
    EXPECT_EQ(run({"simulate", "-"}), Exit::Done);
    EXPECT_THAT(take_error(), IsEmpty());
    environment.erase("TERM");
    error_is_terminal = Terminal::No;
    EXPECT_EQ(run({"simulate", "-"}), Exit::Done);
    EXPECT_THAT(take_error(), IsEmpty());
}

// ---- Children ----------------------------------------------------------------------------------

constexpr const char* kOrder = R"({"name": "order", "steps": [
    {"name": "pay", "action": {"saga": {"definition": "charge", "input": {}}}}]})";

std::string registered(const std::string& document) {
    return R"({"name": "any", "version": 1, "definition": )" + document + "}";
}

TEST_F(SimulateCommand, TakesTheDefinitionsOfChildren) {
    input = kOrder;
    answer(200, registered(definition("GET", R"("none")")));
    EXPECT_EQ(run({"simulate", "-", "charge"}), Exit::Done);
    EXPECT_THAT(targets(), ElementsAre("GET /v1/definitions/charge"));
    const std::string text = take_out();
    EXPECT_THAT(text, HasSubstr("order: "));
    EXPECT_THAT(text, HasSubstr("pay, pay/charge"));
    EXPECT_THAT(text, HasSubstr("pay/charge: refused"));
}

TEST_F(SimulateCommand, AsksTheServerForTheChildrenOfAName) {
    answer(200, registered(kOrder));
    answer(200, registered(definition("POST", R"("none")")));
    EXPECT_EQ(run({"simulate", "order"}), Exit::Unsound);
    EXPECT_THAT(targets(), ElementsAre("GET /v1/definitions/order", "GET /v1/definitions/charge"));
    EXPECT_THAT(take_out(), HasSubstr("stands: pay/charge"));
    answer(200, registered(kOrder));
    answer(404, R"({"detail": "There is no definition charge."})");
    EXPECT_EQ(run({"simulate", "order"}), Exit::Failed);
    EXPECT_THAT(take_error(), HasSubstr("There is no definition charge."));
}

TEST_F(SimulateCommand, NamesNotEachOfManyElements) {
    input = R"({"name": "ship", "input_schema": {"properties": {"list": {"minItems": 9,
        "type": "array"}}}, "steps": [{"name": "ship", "for_each": "$input.list",
        "compensation": {"http": {"method": "POST", "url": "http://127.0.0.1:9001/undo"}},
        "action": {"http": {"method": "POST", "url": "http://127.0.0.1:9001/charges"}},
        "max_parallel": 1}]})";
    EXPECT_EQ(run({"simulate", "-", "--singles"}), Exit::Done);
    const std::string text = take_out();
    EXPECT_THAT(text, HasSubstr("completed    ship/0..8  -"));
    EXPECT_THAT(text, HasSubstr("ship/7..0 "));
    EXPECT_THAT(text, HasSubstr("ship/8: refused"));
    EXPECT_THAT(text, HasSubstr("Note: of the 9 elements of ship the first and the last meet"));
}

TEST_F(SimulateCommand, SaysThatAChildIsMissing) {
    input = kOrder;
    EXPECT_EQ(run({"simulate", "-"}), Exit::Failed);
    EXPECT_TRUE(talk.requests.empty());
    const std::string text = take_error();
    EXPECT_THAT(text, HasSubstr("-:/steps/0/action/saga/definition: unknown-definition: "));
    EXPECT_THAT(text, HasSubstr("skald simulate - CHILD.json"));
}

TEST_F(SimulateCommand, RefusesBadInput) {
    EXPECT_EQ(run({"simulate"}), Exit::BadUsage);
    EXPECT_EQ(run({"simulate", "-", "--limit", "0"}), Exit::BadUsage);
    EXPECT_EQ(run({"simulate", "-", "--limit", "many"}), Exit::BadUsage);
    EXPECT_EQ(run({"simulate", "-", "--input", ""}), Exit::BadUsage);
    take_error();
    EXPECT_EQ(run({"simulate", "./not-there.json"}), Exit::Failed);
    EXPECT_THAT(take_error(), HasSubstr("./not-there.json"));
    input = definition("POST", "null");
    EXPECT_EQ(run({"simulate", "-"}), Exit::Failed);
    EXPECT_THAT(take_error(), HasSubstr("/steps/0/compensation"));
    input = definition("POST", R"("none")");
    EXPECT_EQ(run({"simulate", "-", "--reads", "nobody"}), Exit::Failed);
    EXPECT_THAT(take_error(), HasSubstr("unknown-step"));
    EXPECT_EQ(run({"simulate", "-", "--input", "./not-there.json"}), Exit::Failed);
    EXPECT_EQ(run({"simulate", "-", "--replies", "./not-there.json"}), Exit::Failed);
    EXPECT_THAT(take_out(), IsEmpty());
}

}  // namespace
}  // namespace skald::cli
