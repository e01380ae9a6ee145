#include <gmock/gmock.h>

#include <algorithm>

#include "engine/rehearsal/outcome.h"
#include "tests/engine/rehearsal/rehearsal_fixture.h"

/// Rehearsals of more than one call of a step, and of more than one saga.
namespace skald::rehearsal {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::Each;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

class Families : public Rehearsal {
 protected:
    static Script child_script() {
        return script_of(document_named("child"), {document_named("payment")});
    }
};

const Found* find_fault(const Report& report, const std::string& fault) {
    const auto found = std::find_if(
        report.outcomes.begin(), report.outcomes.end(),
        [&](const Found& each) { return each.faults == std::vector<std::string>{fault}; });
    return found == report.outcomes.end() ? nullptr : &*found;
}

std::vector<std::string> all_faults(const Report& report) {
    std::vector<std::string> faults;
    for (const Found& found : report.outcomes) {
        faults.insert(faults.end(), found.faults.begin(), found.faults.end());
    }
    return faults;
}

// ---- for_each ----------------------------------------------------------------------------------

TEST_F(Families, GoOverElementsThatAreMadeUp) {
    const Report report = rehearsed_singly(script_named("for-each"));
    EXPECT_EQ(report.input, Json::parse(R"({"rooms": [{"id": 1}, {"id": 1}, {"id": 1}]})"));
    EXPECT_EQ(report.replies, Json::parse(R"({"book": {"number": "sample"}, "pay": {}})"));
    EXPECT_EQ(names(report, report.outcomes.at(0).outcome.done), "book/0,book/1,book/2,pay");
    EXPECT_THAT(report.notes, Contains(HasSubstr("of the 3 elements of book the first and the")));
}

TEST_F(Families, UndoTheLastElementFirst) {
    Json document = document_named("for-each");
    document["steps"][0]["max_parallel"] = 1;
    const Report report = rehearsed_singly(script_of(document));
    EXPECT_EQ(report.input["rooms"].size(), 2u);
    const Found* turned = find_fault(report, "pay: refused");
    ASSERT_NE(turned, nullptr);
    EXPECT_EQ(names(report, turned->outcome.undone), "book/1,book/0");
    // Of the one that refused nothing is there.
    const Found* second = find_fault(report, "book/1: refused");
    ASSERT_NE(second, nullptr);
    EXPECT_EQ(names(report, second->outcome.undone), "book/0");
    EXPECT_THAT(all_faults(report), Contains(HasSubstr("undo of book/0: refused")));
}

TEST_F(Families, HitTheFirstAndTheLastOfManyElements) {
    Script script = script_named("for-each");
    script.input = Json::parse(R"({"rooms": [{"id": 1}, {"id": 2}, {"id": 3}, {"id": 4}]})");
    const Report report = rehearsed_singly(script);
    EXPECT_EQ(names(report, report.outcomes.at(0).outcome.done), "book/0,book/1,book/2,book/3,pay");
    EXPECT_THAT(all_faults(report), Contains("book/0: refused"));
    EXPECT_THAT(all_faults(report), Contains("book/3: refused"));
    EXPECT_THAT(all_faults(report), Each(Not(AllOf(HasSubstr("book/1"), HasSubstr("book/2")))));
    EXPECT_THAT(report.notes, Contains(HasSubstr("of the 4 elements of book")));
}

TEST_F(Families, SayThatAFewElementsShowLittle) {
    Script script = script_named("for-each");
    script.input = Json::parse(R"({"rooms": [{"id": 1}]})");
    Json document = document_named("for-each");
    EXPECT_THAT(rehearsed_singly(script).notes, Contains(HasSubstr("book has one element only")));
    document["steps"].erase(1);
    script = script_of(document);
    script.input = Json::parse(R"({"rooms": []})");
    const Report report = rehearsed_singly(script);
    EXPECT_THAT(report.notes, Contains(HasSubstr("book has no elements")));
    EXPECT_EQ(report.unsound, 0u);
    EXPECT_EQ(names(report, report.outcomes.at(0).outcome.done), "book");
}

TEST_F(Families, MakeUpNoMoreElementsThanTheSchemaTakes) {
    Json document = document_named("for-each");
    document["input_schema"]["properties"]["rooms"]["maxItems"] = 2;
    EXPECT_EQ(rehearsed_singly(script_of(document)).input["rooms"].size(), 2u);
    document["input_schema"]["properties"]["rooms"]["uniqueItems"] = true;
    EXPECT_EQ(rehearsed_singly(script_of(document)).input["rooms"].size(), 1u);
}

/// Elements that an earlier step's reply gives, in a list that nobody described.
TEST_F(Families, MakeUpTheElementsOfAReply) {
    Json document = document_named("for-each");
    Json find = document_named("plain")["steps"][0];
    find["output"] = Json::parse(R"({"rooms": "$response.body.free"})");
    document["steps"][0]["for_each"] = "$steps.look.output.rooms";
    document["steps"].insert(document["steps"].begin(), find);
    document.erase("input_schema");
    const Report report = rehearsed_singly(script_of(document));
    EXPECT_EQ(report.replies["look"],
              Json::parse(R"({"free": [{"id": "sample"}, {"id": "sample"}, {"id": "sample"}]})"));
    EXPECT_EQ(report.outcomes.at(0).outcome.status, sagas::Status::Completed);
}

// ---- Children ----------------------------------------------------------------------------------

TEST_F(Families, TryWhatCanGoWrongInAChild) {
    const Report report = rehearsed_singly(child_script());
    EXPECT_EQ(report.unsound, 0u);
    EXPECT_EQ(report.endless, 0u);
    EXPECT_EQ(names(report, report.outcomes.at(0).outcome.done),
              "reserve,pay,ship,pay/authorise,pay/capture");
    const Found* refused = find_fault(report, "pay/capture: refused");
    ASSERT_NE(refused, nullptr);
    EXPECT_EQ(refused->outcome.status, sagas::Status::Compensated);
    EXPECT_EQ(names(report, refused->outcome.undone), "pay/authorise,reserve");
    // A child that completed is turned by its parent.
    const Found* turned = find_fault(report, "ship: refused");
    ASSERT_NE(turned, nullptr);
    EXPECT_EQ(names(report, turned->outcome.undone), "pay/capture,pay/authorise,pay,reserve");
}

/// A child that is stuck holds its parent: that waits for an operator as well.
TEST_F(Families, SayWhoIsStuckBelow) {
    const Report report = rehearsed_singly(child_script());
    std::vector<std::string> needs;
    for (const Need& need : report.needs) needs.push_back(report.cast->name(need.stuck.spot));
    EXPECT_THAT(needs,
                testing::UnorderedElementsAre("reserve", "ship", "pay/authorise", "pay/capture"));
    EXPECT_GT(report.with_operator, 0u);
}

TEST_F(Families, MakeUpWhatAChildReadsAndGives) {
    const Report report = rehearsed_singly(child_script());
    EXPECT_EQ(report.input, Json::parse(R"({"order": {"amount": "sample"}})"));
    EXPECT_EQ(report.replies["payment/capture"],
              Json::parse(R"({"receipt": {"number": "sample"}})"));
    EXPECT_FALSE(report.replies.contains("pay"));
}

TEST_F(Families, TakeRepliesAndReadsOfAChild) {
    Script script = child_script();
    script.replies = Json::parse(R"({"payment/capture": {"receipt": {"number": 7}}})");
    script.reads = {"payment/capture"};
    const Report report = rehearsed_singly(script);
    EXPECT_EQ(report.replies["payment/capture"], script.replies["payment/capture"]);
    script.replies = Json::parse(R"({"pay": {}, "capture": {}})");
    script.reads.clear();
    const auto problems = refused(script);
    ASSERT_THAT(problems, SizeIs(2));
    EXPECT_EQ(problems[0].code, "unknown-step");
    EXPECT_EQ(problems[1].code, "no-participant");
    EXPECT_THAT(problems[1].hint, HasSubstr("payment/STEP"));
}

/// A child may be said to have done what it never did, and to be gone though it stands.
TEST_F(Families, HoldParentAndChildAgainstTheLedgers) {
    const Script script = child_script();
    const auto family = Family::gather(script.checked, script.children);
    ASSERT_TRUE(family);
    const auto stage = make_stage(*family);
    sagas::Saga parent =
        sagas::make_saga(*script.checked.definition, "rehearsal", {}, stage->input());
    for (sagas::StepRun& run : parent.steps) run.state = sagas::Succeeded{};
    parent.end = sagas::End{sagas::Status::Completed, {}, nullptr, {}};
    Ledger ledger;
    const Outcome empty = judge(*stage, {{kTopmost, parent}}, ledger, {});
    EXPECT_EQ(names(stage->cast(), empty.missing), "reserve,pay,ship");

    const auto version = stage->catalog().to_start("payment", std::nullopt);
    ASSERT_TRUE(version);
    const Place pay{{kTopmost, StepIndex{1}}, Phase::Action};
    const SagaNumber number = stage->cast().add("rehearsal.pay", *version, pay, 1);
    sagas::Saga child =
        sagas::make_saga((*version)->definition, "rehearsal.pay", {}, stage->input());
    child.steps[0].state = child.steps[1].state = sagas::Succeeded{};
    child.end = sagas::End{sagas::Status::Completed, {}, nullptr, {}};
    for (sagas::StepRun& run : parent.steps) run.state = sagas::Cancelled{};
    parent.end->status = sagas::Status::Compensated;
    const auto manner = Ledger::Manner::Agrees;
    ledger.act(pay.spot, manner);
    ledger.act({number, StepIndex{0}}, manner);
    const Outcome standing = judge(*stage, {{kTopmost, parent}, {number, child}}, ledger, {});
    EXPECT_EQ(names(stage->cast(), standing.standing), "pay/authorise");
    EXPECT_EQ(names(stage->cast(), standing.missing), "-");
}

/// Its own compensation says what stands for the undoing of a child.
TEST_F(Families, TakeAnExplicitCompensationForTheChildsUndoing) {
    Json document = document_named("child");
    document["steps"][1]["compensation"] =
        Json::parse(R"({"http": {"method": "POST", "url": "http://127.0.0.1:9005/refunds"}})");
    const Report report = rehearsed_singly(script_of(document, {document_named("payment")}));
    EXPECT_EQ(report.unsound, 0u);
    const Found* turned = find_fault(report, "ship: refused");
    ASSERT_NE(turned, nullptr);
    EXPECT_EQ(names(report, turned->outcome.undone), "pay,reserve");
    EXPECT_EQ(names(report, turned->outcome.done), "-");
    document["steps"][1]["compensation"] = "none";
    const Report none = rehearsed_singly(script_of(document, {document_named("payment")}));
    EXPECT_GT(none.unsound, 0u);
    EXPECT_THAT(table_of(none), HasSubstr("standing=pay/authorise,pay/capture"));
}

TEST_F(Families, UndoByASagaToo) {
    Json document = document_named("child");
    document["steps"].erase(1);
    document["steps"][1]["action"]["http"].erase("body");
    document["steps"][0]["compensation"] =
        Json::parse(R"({"saga": {"definition": "payment", "input": {"order": {"amount": 1}}}})");
    const Report report = rehearsed_singly(script_of(document, {document_named("payment")}));
    EXPECT_EQ(report.unsound, 0u);
    const Found* turned = find_fault(report, "ship: refused");
    ASSERT_NE(turned, nullptr);
    EXPECT_EQ(turned->outcome.status, sagas::Status::Compensated);
    EXPECT_EQ(names(report, turned->outcome.done), "reserve~undo/authorise,reserve~undo/capture");
    EXPECT_EQ(names(report, turned->outcome.undone), "reserve");
    // The saga that undoes may fail: it turns, and the step is stuck.
    const auto faults = all_faults(report);
    EXPECT_THAT(faults, Contains("reserve~undo/capture: refused"));
    ASSERT_FALSE(report.needs.empty());
}

TEST_F(Families, RunAChildForEachElement) {
    Json document = document_named("child");
    document["steps"][1]["for_each"] = "$input.orders";
    document["steps"][1]["action"]["saga"]["input"]["order"] = "$item";
    document["steps"][2]["action"]["http"].erase("body");
    const Report report = rehearsed_singly(script_of(document, {document_named("payment")}));
    EXPECT_EQ(report.input,
              Json::parse(R"({"orders": [{"amount": "sample"}, {"amount": "sample"}]})"));
    EXPECT_EQ(report.unsound, 0u);
    EXPECT_EQ(names(report, report.outcomes.at(0).outcome.done),
              "reserve,pay/0,pay/1,ship,pay.0/authorise,pay.0/capture,pay.1/authorise,"
              "pay.1/capture");
    EXPECT_NE(find_fault(report, "pay.1/capture: refused"), nullptr);
}

TEST_F(Families, GoDownToGrandchildren) {
    Json bank = document_named("payment");
    bank["name"] = "bank";
    Json payment = document_named("payment");
    payment["steps"][1] = Json::parse(R"({"name": "capture", "action": {"saga":
        {"definition": "bank", "input": "$input"}}})");
    const Report report = rehearsed_singly(script_of(document_named("child"), {bank, payment}));
    EXPECT_EQ(report.unsound, 0u);
    EXPECT_EQ(names(report, report.outcomes.at(0).outcome.done),
              "reserve,pay,ship,pay/authorise,pay/capture,pay.capture/authorise,"
              "pay.capture/capture");
    EXPECT_TRUE(report.replies["bank/capture"].contains("receipt"));
}

TEST_F(Families, NeedTheDefinitionsOfTheirChildren) {
    const auto problems = refused(script_named("child"));
    ASSERT_THAT(problems, SizeIs(1));
    EXPECT_EQ(problems[0].code, "unknown-definition");
    EXPECT_THAT(problems[0].pointer, HasSubstr("/definition/steps/1/action/saga"));
    EXPECT_THAT(problems[0].hint, HasSubstr("give that definition too"));
    const Script script = script_named("child");
    EXPECT_EQ(missing_children(*script.checked.definition, {}),
              std::vector<std::string>{"payment"});
    EXPECT_THAT(missing_children(*script.checked.definition, child_script().children), IsEmpty());
}

TEST_F(Families, TakeEachDefinitionOnce) {
    const Json payment = document_named("payment");
    const auto problems = refused(script_of(document_named("child"), {payment, payment}));
    ASSERT_THAT(problems, SizeIs(1));
    EXPECT_EQ(problems[0].code, "duplicate-definition");
    EXPECT_EQ(problems[0].pointer, "/definitions/1");
    const Report report =
        rehearsed_singly(script_of(document_named("child"), {document_named("plain"), payment}));
    EXPECT_THAT(report.notes, Contains(HasSubstr("nothing calls the definition plain")));
}

TEST_F(Families, LetADeadlineOfAChildPass) {
    Json payment = document_named("payment");
    payment["deadline"] = "1h";
    payment["steps"].erase(1);
    payment["output"] = Json::parse(R"({"receipt": "$input.order"})");
    payment["steps"].push_back(
        Json::parse(R"({"name": "pause", "action": {"wait": {"for": "1m"}}})"));
    const Script script = script_of(document_named("child"), {payment});
    const Report with = rehearsed_singly(script);
    EXPECT_EQ(with.unsound, 0u);
    payment.erase("deadline");
    const Report without = rehearsed_singly(script_of(document_named("child"), {payment}));
    EXPECT_GT(with.singles, without.singles);
    const Fault passing{FaultKind::Deadline, {{SagaNumber{1}, {}}, {}}, 4};
    EXPECT_EQ(describe(*with.cast, passing), "pay: deadline passes after commit 4");
}

// ---- Locks -------------------------------------------------------------------------------------

TEST_F(Families, AreGivenTheirLock) {
    Json document = document_named("wait");
    document["lock"] = "{$input.customer}";
    const Report report = rehearsed_singly(script_of(document));
    EXPECT_EQ(report.input, (Json{{"customer", "sample"}}));
    EXPECT_EQ(report.outcomes.at(0).outcome.status, sagas::Status::Completed);
    EXPECT_EQ(report.endless, 0u);
    Script script = script_of(document);
    script.input = Json{{"customer", ""}};
    const auto problems = refused(script);
    ASSERT_THAT(problems, SizeIs(1));
    EXPECT_EQ(problems[0].code, "no-lock");
    EXPECT_EQ(problems[0].pointer, "/input");
}

}  // namespace
}  // namespace skald::rehearsal
