#include "store/codec.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

/// The stored format: every kind of row, with the text that it has on disk for ever.
namespace skald::store {
namespace {

using namespace sagas;

constexpr Timestamp kAt{Milliseconds{1'700'000'000'000}};
constexpr Timestamp kDue{Milliseconds{1'700'000'000'200}};
constexpr StepIndex kStep{1};

Operator who() { return {"local", "card \"blocked\"", RequestKey{"k-1", "ab12"}}; }

struct Stored {
    Record record;
    std::string text;
};

Decision changes(std::vector<StepState> states) {
    Decision decision;
    std::uint32_t step = 0;
    for (StepState& state : states) decision.steps.push_back({StepIndex{step++}, std::move(state)});
    return decision;
}

Decision ended(End end) {
    Decision decision;
    decision.end = std::move(end);
    return decision;
}

Decision turned(Failure failure) {
    Decision decision;
    decision.turned = std::move(failure);
    decision.errors = {{StepIndex{2}, "when: no such path"}};
    return decision;
}

Decision wanted(Wanted wanted, std::optional<Failure> failure) {
    Decision decision;
    decision.wanted = wanted;
    decision.turn_wanted = std::move(failure);
    return decision;
}

std::vector<Stored> every_kind_of_row() {
    return {
        {{kAt, Begin{}, changes({Calling{1, 1, false}, Pending{}})},
         R"({"to":[[0,"calling"],[1,"pending"]]})"},
        {{kAt, Begin{RequestKey{"k", "00ff"}}, {}}, R"({"key":["k","00ff"]})"},
        {{kAt, Begin{RequestKey{"k", "00ff"}, Replay{"order-1", "local", "card works now"}}, {}},
         R"({"key":["k","00ff"],"of":"order-1","by":"local","why":"card works now"})"},
        {{kAt, Begin{std::nullopt, Replay{"order-1", "local", ""}}, {}},
         R"({"of":"order-1","by":"local"})"},
        {{kAt,
          AnsweredCause{kStep, Phase::Action, 1, Outcome::Success, 201, "",
                        make_value(Json{{"id", 5}})},
          changes({Succeeded{}, Calling{2, 2, true}})},
         R"({"s":1,"o":"success","h":201,"out":{"id":5},"to":[[0,"succeeded"],[1,"calling",2,2,1]]})"},
        {{kAt,
          AnsweredCause{kStep, Phase::Action, 3, Outcome::Unknown, 0, "no reply\nwithin 5s",
                        nullptr},
          changes({BackingOff{4, 1, true, kDue}})},
         R"({"s":1,"a":3,"o":"unknown","e":"no reply\nwithin 5s","to":[[0,"backing_off",4,1,1,1700000000200]]})"},
        {{kAt,
          AnsweredCause{kStep, Phase::Compensation, 1, Outcome::Retry, 429, "HTTP 429", nullptr},
          changes({CompensationBackingOff{2, 1, kDue}, Compensating{1, 1}, Compensating{3, 2}})},
         R"({"s":1,"p":1,"o":"retry","h":429,"e":"HTTP 429","to":[[0,"undo_backing_off",2,1,1700000000200],[1,"compensating"],[2,"compensating",3,2]]})"},
        {{kAt, AnsweredCause{kStep, Phase::Action, 1, Outcome::Failure, 409, "HTTP 409", nullptr},
          turned({kStep, "HTTP 409"})},
         R"({"s":1,"o":"failure","h":409,"e":"HTTP 409","err":[[2,"when: no such path"]],"turn":["HTTP 409",1]})"},
        {{kAt, UnsendableCause{kStep, Phase::Action, 1, "$secrets.KEY: not set"},
          changes({Failed{}, Cancelled{}, InDoubt{}, Skipped{}, Settling{1, false},
                   Settling{2, true}})},
         R"({"s":1,"e":"$secrets.KEY: not set","to":[[0,"failed"],[1,"cancelled"],[2,"in_doubt"],[3,"skipped"],[4,"settling"],[5,"settling",2,1]]})"},
        {{kAt, Due{kStep, Phase::Compensation, 2}, {}}, R"({"s":1,"p":1,"a":2})"},
        {{kAt, DeadlinePassed{}, turned({std::nullopt, "deadline"})},
         R"({"err":[[2,"when: no such path"]],"turn":["deadline"]})"},
        {{kAt, Cancel{who()}, wanted(Wanted::Set, Failure{std::nullopt, "cancelled"})},
         R"({"by":"local","why":"card \"blocked\"","key":["k-1","ab12"],"want":["cancelled"]})"},
        {{kAt, AnsweredCause{kStep, Phase::Action, 1, Outcome::Success, 200, "", nullptr},
          wanted(Wanted::Lapsed, std::nullopt)},
         R"({"s":1,"o":"success","h":200,"lapsed":true})"},
        {{kAt, Retry{kStep, {"ops", "", std::nullopt}},
          changes({StuckAction{StuckReason::Exhausted, 5, true},
                   StuckCompensation{StuckReason::CompensationRefused, 1},
                   Compensated{UndoneBy::Call}, Compensated{UndoneBy::Waived}})},
         R"({"s":1,"by":"ops","to":[[0,"stuck",2,5,1],[1,"undo_stuck",5,1],[2,"compensated"],[3,"compensated",2]]})"},
        {{kAt, Retry{std::nullopt, {"ops", "", std::nullopt}}, {}}, R"({"by":"ops"})"},
        {{kAt,
          Resolve{kStep,
                  ResolveAs::Succeeded,
                  make_value(Json(nullptr)),
                  {"ops", "called them", std::nullopt}},
          ended({Status::Completed, kAt, make_value(Json{{"x", "ü"}}), ""})},
         R"({"s":1,"as":"succeeded","out":null,"by":"ops","why":"called them","end":{"st":"completed","out":{"x":"ü"}}})"},
        {{kAt, Abandon{{"ops", "gone", std::nullopt}},
          ended({Status::Abandoned, kAt, nullptr, ""})},
         R"({"by":"ops","why":"gone","end":{"st":"abandoned"}})"},
        {{kAt, Suspend{{"ops", "", std::nullopt}}, {}}, R"({"by":"ops"})"},
        {{kAt, Resume{{"ops", "", std::nullopt}},
          ended({Status::Completed, kAt, nullptr, "output: no x"})},
         R"({"by":"ops","end":{"st":"completed","err":"output: no x"}})"},
        {{kAt, LateCause{kStep, Phase::Action, 2, Outcome::Success, 200, ""}, {}},
         R"({"s":1,"a":2,"o":"success","h":200})"},
    };
}

TEST(Codec, WritesEveryKindOfRowAsItEverDid) {
    for (const Stored& stored : every_kind_of_row()) {
        EXPECT_EQ(encode(stored.record), stored.text);
    }
}

TEST(Codec, ReadsBackWhatItWrote) {
    for (const Stored& stored : every_kind_of_row()) {
        const auto read = decode(type(stored.record.cause), kAt, stored.text);
        ASSERT_TRUE(read) << stored.text << ": " << read.error().message;
        EXPECT_EQ(read->at, kAt);
        EXPECT_EQ(type(read->cause), type(stored.record.cause));
        EXPECT_EQ(encode(*read), stored.text);
        EXPECT_EQ(read->decision.steps, stored.record.decision.steps) << stored.text;
    }
}

TEST(Codec, KnowsEveryTypeOfRow) {
    std::vector<bool> seen(std::variant_size_v<Cause>);
    for (const Stored& stored : every_kind_of_row()) seen[stored.record.cause.index()] = true;
    for (std::size_t i = 0; i < seen.size(); ++i) EXPECT_TRUE(seen[i]) << "cause " << i;
}

TEST(Codec, KnowsEveryState) {
    std::vector<bool> seen(std::variant_size_v<StepState>);
    for (const Stored& stored : every_kind_of_row()) {
        for (const StepChange& change : stored.record.decision.steps) {
            seen[change.state.index()] = true;
        }
    }
    for (std::size_t i = 0; i < seen.size(); ++i) EXPECT_TRUE(seen[i]) << "state " << i;
}

TEST(Codec, WritesTextThatIsNotUtf8Readably) {
    const Record record{kAt, UnsendableCause{kStep, Phase::Action, 1, "bad \xff byte"}, {}};
    const auto read = decode(RecordType::Unsendable, kAt, encode(record));
    ASSERT_TRUE(read);
    EXPECT_EQ(std::get<UnsendableCause>(read->cause).error, "bad \xEF\xBF\xBD byte");
}

TEST(Codec, CallsARowThatIsNotOursCorrupt) {
    const std::vector<std::pair<RecordType, std::string>> rows = {
        {RecordType::Begun, ""},
        {RecordType::Begun, "[]"},
        {RecordType::Begun, R"({"to":[[0]]})"},
        {RecordType::Begun, R"({"to":[[0,"asleep"]]})"},
        {RecordType::Begun, R"({"to":[[-1,"pending"]]})"},
        {RecordType::Begun, R"({"to":[[4294967296,"pending"]]})"},
        {RecordType::Begun, R"({"to":[[0,"backing_off",2,1,0]]})"},
        {RecordType::Begun, R"({"to":[[0,"stuck",99,1,0]]})"},
        {RecordType::Begun, R"({"to":[[0,"compensated",9]]})"},
        {RecordType::Begun, R"({"key":["k"]})"},
        {RecordType::Answered, R"({"o":"success"})"},
        {RecordType::Answered, R"({"s":0,"o":"maybe"})"},
        {RecordType::Answered, R"({"s":"0","o":"success"})"},
        {RecordType::Answered, R"({"s":18446744073709551615,"o":"success"})"},
        {RecordType::Cancelled, R"({"why":"x"})"},
        {RecordType::Abandoned, R"({"by":"x","end":{"st":"running"}})"},
        {static_cast<RecordType>(99), "{}"},
    };
    for (const auto& [type, text] : rows) {
        const auto read = decode(type, kAt, text);
        ASSERT_FALSE(read) << text;
        EXPECT_EQ(read.error().code, ErrorCode::Corruption) << text;
    }
}

}  // namespace
}  // namespace skald::store
