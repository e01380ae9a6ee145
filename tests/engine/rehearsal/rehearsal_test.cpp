#include <gmock/gmock.h>

#include <algorithm>

#include "tests/engine/rehearsal/rehearsal_fixture.h"
#include "tests/sagas/golden.h"

namespace skald::rehearsal {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

const Found* find_status(const Report& report, sagas::Status status) {
    const auto found =
        std::find_if(report.outcomes.begin(), report.outcomes.end(),
                     [status](const Found& each) { return each.outcome.status == status; });
    return found == report.outcomes.end() ? nullptr : &*found;
}

// ---- Golden tables -----------------------------------------------------------------------------

struct Golden {
    const char* name;
    Verdict verdict;
};

class RehearsalTables : public Rehearsal, public testing::WithParamInterface<Golden> {};

TEST_P(RehearsalTables, AreThose) {
    const std::string name = GetParam().name;
    const Script script = name == "order" ? script_at("examples/order/order.json")
                          : name == "child"
                              ? script_of(document_named("child"), {document_named("payment")})
                              : script_named(name);
    const Report report = rehearsed(script);
    EXPECT_EQ(report.verdict, GetParam().verdict);
    EXPECT_EQ(report.endless, 0u);
    EXPECT_EQ(report.pairs, report.pairs_known);
    EXPECT_EQ(report.schedules, 1 + report.singles + report.pairs);
    std::size_t schedules = 0;
    for (const Found& found : report.outcomes) schedules += found.schedules;
    EXPECT_EQ(schedules, report.schedules);
    expect_golden(kFolder + name + ".txt", table_of(report));
}

INSTANTIATE_TEST_SUITE_P(
    Definitions, RehearsalTables,
    testing::Values(Golden{"plain", Verdict::Sound}, Golden{"order", Verdict::NeedsOperator},
                    Golden{"pivot", Verdict::NeedsOperator}, Golden{"park", Verdict::NeedsOperator},
                    Golden{"optional", Verdict::NeedsOperator}, Golden{"none", Verdict::Unsound},
                    Golden{"branches", Verdict::NeedsOperator},
                    Golden{"hasty-rule", Verdict::Unsound}, Golden{"wait", Verdict::NeedsOperator},
                    Golden{"callback", Verdict::NeedsOperator},
                    Golden{"events", Verdict::NeedsOperator},
                    Golden{"for-each", Verdict::NeedsOperator},
                    Golden{"child", Verdict::NeedsOperator}),
    [](const auto& golden) {
        std::string name = golden.param.name;
        std::erase(name, '-');
        return name;
    });

// ---- What is unsound ---------------------------------------------------------------------------

TEST_F(Rehearsal, FindsAnEffectThatNobodyUndoes) {
    const Script script = script_named("none");
    const Report report = rehearsed(script);
    for (const Found& found : report.outcomes) {
        const bool is_bad = found.outcome.status == sagas::Status::Compensated &&
                            names(report, found.outcome.done) == "charge";
        if (is_bad) {
            EXPECT_EQ(names(report, found.outcome.standing), "charge");
        }
    }
    // The same action is no effect where its author says so.
    Script reading = script;
    reading.reads = {"charge"};
    EXPECT_EQ(rehearsed(reading).unsound, 0u);
}

/// A rule that takes a 500 for a definite failure forgets the effect of a participant that broke
/// down after it.
TEST_F(Rehearsal, FindsARuleThatDeniesAnEffect) {
    const Script script = script_named("hasty-rule");
    const Report report = rehearsed(script);
    const Found* found = find_status(report, sagas::Status::Compensated);
    ASSERT_NE(found, nullptr);
    EXPECT_GT(report.unsound, 0u);
    EXPECT_THAT(table_of(report), HasSubstr("standing=charge"));
    // Without the rule nothing stands.
    Json mended = document_named("hasty-rule");
    mended["steps"][0].erase("outcome");
    EXPECT_EQ(rehearsed(script_of(mended)).unsound, 0u);
}

// ---- How it is run -----------------------------------------------------------------------------

TEST_F(Rehearsal, IsTheSameEachTime) {
    const Script script = script_named("branches");
    const Report one = rehearsed(script);
    const Report other = rehearsed(script);
    EXPECT_EQ(table_of(one), table_of(other));
    for (std::size_t i = 0; i < one.outcomes.size(); ++i) {
        ASSERT_EQ(one.outcomes[i].story.size(), other.outcomes[i].story.size());
        for (std::size_t j = 0; j < one.outcomes[i].story.size(); ++j) {
            EXPECT_EQ(one.outcomes[i].story[j].text, other.outcomes[i].story[j].text);
        }
    }
}

TEST_F(Rehearsal, TellsTheStoryOfEachOutcome) {
    const Report report = rehearsed(script_named("plain"));
    ASSERT_FALSE(report.outcomes.empty());
    EXPECT_THAT(texts_of(report.outcomes[0].story),
                ElementsAre("a client starts the saga", "commit 1: look is calling",
                            "look, try 1: done", "look, try 1: answered 200",
                            "commit 2: look is succeeded, the saga is completed"));
    EXPECT_THAT(report.outcomes[0].faults, IsEmpty());
}

TEST_F(Rehearsal, KeepsToItsLimit) {
    const Script script = script_named("six-steps");
    Limits limits;
    limits.schedules_max = 1'000;
    const Report report = rehearsed(script, limits);
    EXPECT_EQ(report.schedules, 1'000u);
    EXPECT_LT(report.pairs, report.pairs_known);
    // Single faults are tried whatever the limit is.
    limits.schedules_max = 1;
    const Report singles = rehearsed(script, limits);
    EXPECT_EQ(singles.pairs, 0u);
    EXPECT_EQ(singles.singles, report.singles);
    EXPECT_EQ(singles.schedules, 1 + singles.singles);
    limits.depth = Depth::Singles;
    EXPECT_EQ(rehearsed(script, limits).pairs_known, 0u);
}

TEST_F(Rehearsal, ListsNoMoreOutcomesThanItMay) {
    Limits limits;
    limits.outcomes_max = 2;
    const Report report = rehearsed(script_named("none"), limits);
    EXPECT_THAT(report.outcomes, SizeIs(2));
    EXPECT_GT(report.outcomes_found, 2u);
    for (const Found& found : report.outcomes) EXPECT_FALSE(found.outcome.is_clean());
}

TEST_F(Rehearsal, CanBeBrokenOff) {
    Limits limits;
    std::size_t total_told = 0;
    limits.goes_on = [&](std::size_t done, std::size_t total) {
        EXPECT_LE(done, total);
        total_told = total;
        return done < 10;
    };
    const Report report = rehearsed(script_named("branches"), limits);
    EXPECT_TRUE(report.is_broken_off);
    EXPECT_EQ(report.schedules, 10u);
    EXPECT_GT(total_told, 10u);
}

/// Compensations have no tries that could run out, so a dead participant is waited for; it comes
/// back after kForEver tries.
TEST_F(Rehearsal, ComesToRestThoughTriesHaveNoLimit) {
    const Report report = rehearsed(script_named("pivot"));
    EXPECT_EQ(report.endless, 0u);
    EXPECT_THAT(report.notes, testing::Contains(HasSubstr("more than 20 times")));
}

// ---- Values ------------------------------------------------------------------------------------

TEST_F(Rehearsal, MakesUpAnInputThatTheSchemaTakes) {
    Limits singles;
    singles.depth = Depth::Singles;
    const Report report = rehearsed(script_named("six-steps"), singles);
    EXPECT_EQ(report.input, Json::parse(R"({"amount": 5})"));
    const Report order = rehearsed(script_at("examples/order/order.json"), singles);
    EXPECT_EQ(order.input, Json::parse(R"({"order_id": "sample", "amount": 1, "card": "sample",
                                           "items": [{"sku": "sample", "quantity": 1}]})"));
    EXPECT_EQ(order.replies.at("reserve"), Json::parse(R"({"reservation_id": "sample"})"));
    EXPECT_EQ(order.replies.at("ship"), Json::parse(R"({"id": "sample"})"));
}

TEST_F(Rehearsal, TakesTheGivenInput) {
    Script script = script_named("six-steps");
    script.input = Json{{"amount", 7}};
    Limits singles;
    singles.depth = Depth::Singles;
    EXPECT_EQ(rehearsed(script, singles).input, (Json{{"amount", 7}}));
    script.input = Json{{"amount", 1}};
    const auto problems = refused(script);
    ASSERT_FALSE(problems.empty());
    EXPECT_EQ(problems[0].pointer, "/input/amount");
    script.input = Json{{"amount", 9007199254740993}};
    EXPECT_EQ(refused(script).at(0).code, "imprecise-integer");
}

TEST_F(Rehearsal, SaysThatAStepIsLeftOutByTheMadeUpValues) {
    Json document = document_named("pivot");
    document["steps"][2]["when"] = "$input.mail == true";
    Limits singles;
    singles.depth = Depth::Singles;
    Script script = script_of(document);
    EXPECT_THAT(rehearsed(script, singles).notes, testing::Contains(HasSubstr("leaves out: tell")));
    script.input = Json{{"mail", true}};
    EXPECT_THAT(rehearsed(script, singles).notes, Each(testing::Not(HasSubstr("leaves out"))));
}

TEST_F(Rehearsal, RefusesWhatItCannotUse) {
    Script script = script_named("pivot");
    script.replies = Json{{"moved", 1}};
    script.reads = {"nobody"};
    const auto problems = refused(script);
    ASSERT_THAT(problems, SizeIs(2));
    EXPECT_EQ(problems[0].pointer, "/replies/moved");
    EXPECT_THAT(problems[0].hint, HasSubstr("move"));
    EXPECT_EQ(problems[1].pointer, "/reads/0");
    script.reads.clear();
    script.replies = 7;
    EXPECT_EQ(refused(script).at(0).code, "wrong-type");
}

TEST_F(Rehearsal, RefusesWhatNeverEnds) {
    Json document = document_named("plain");
    document["steps"][0]["outcome"] =
        Json::parse(R"([{"when": "$response.body.state? != \"done\"", "is": "retry"}])");
    document["steps"][0]["retry"] = Json{{"maximum_attempts", 1'000'000}};
    Script script = script_of(document);
    EXPECT_EQ(refused(script).at(0).code, "endless");
    document["steps"][0]["retry"] = Json{{"maximum_attempts", 2}};
    script = script_of(document);
    script.replies = Json{{"look", {{"state", "done"}}}};
    EXPECT_EQ(rehearsed(script).verdict, Verdict::Sound);
}

/// No schema that has a value of some kind is beyond it, but for the odd ones.
TEST_F(Rehearsal, SaysThatItCannotMakeUpAnInput) {
    Json document = document_named("plain");
    document["input_schema"] = Json::parse(R"({"not": {"type": "object"}, "minLength": 3})");
    EXPECT_EQ(refused(script_of(document)).at(0).code, "no-sample-input");
}

}  // namespace
}  // namespace skald::rehearsal
