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

Decision changed(std::vector<StepChange> steps) {
    Decision decision;
    decision.steps = std::move(steps);
    return decision;
}

/// A `for_each` step begins, and calls for the first of its elements.
Decision began_elements() {
    Decision decision =
        changed({{kStep, Iterating{}}, {element_of(kStep, 0), Calling{1, 1, false}}});
    decision.items = {{kStep, make_value(Json{"a", {{"b", 2}}})},
                      {StepIndex{7}, make_value(Json::array())}};
    decision.errors = {{element_of(StepIndex{0}, 999), "no"}};
    decision.turned = Failure{element_of(kStep, 12), "HTTP 409"};
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
        // Schema 2.
        {{kAt,
          Begin{std::nullopt,
                std::nullopt,
                "cart \"7\"",
                Parent{"order-1", kStep, Phase::Action, 1},
                {{"payment", 3}, {"refund", 12}}},
          {}},
         R"({"lock":"cart \"7\"","parent":["order-1",1,0,1],"pins":{"payment":3,"refund":12}})"},
        {{kAt,
          Begin{RequestKey{"k", "00ff"}, std::nullopt, std::nullopt,
                Parent{"order-1", element_of(kStep, 999), Phase::Compensation, 2}},
          {}},
         R"({"key":["k","00ff"],"parent":["order-1",[1,999],1,2]})"},
        {{kAt, LockGranted{}, changes({Calling{1, 1, false}})}, R"({"to":[[0,"calling"]]})"},
        {{kAt, ParentTurned{}, changes({Compensating{1, 1}})}, R"({"to":[[0,"compensating"]]})"},
        {{kAt,
          CalledBackCause{kStep, Phase::Action, 2, Outcome::Success, "",
                          make_value(Json{{"id", 5}})},
          changes({Succeeded{}})},
         R"({"s":1,"a":2,"o":"success","out":{"id":5},"to":[[0,"succeeded"]]})"},
        {{kAt,
          CalledBackCause{element_of(kStep, 3), Phase::Compensation, 1, Outcome::Failure,
                          "too late", nullptr},
          {}},
         R"({"s":[1,3],"p":1,"o":"failure","e":"too late"})"},
        {{kAt, Due{kStep, Phase::Action, 1},
          changes({Waiting{kDue}, AwaitingCallback{1, 1, false, kDue},
                   AwaitingCallback{3, 2, true, kDue}, Iterating{},
                   CompensationAwaitingCallback{2, 1, kDue}})},
         R"({"s":1,"to":[[0,"waiting",1700000000200],[1,"awaiting_callback",1,1,0,1700000000200],[2,"awaiting_callback",3,2,1,1700000000200],[3,"iterating"],[4,"undo_awaiting_callback",2,1,1700000000200]]})"},
        {{kAt,
          AnsweredCause{element_of(StepIndex{199}, 0), Phase::Action, 1, Outcome::Success, 200, "",
                        nullptr},
          began_elements()},
         R"({"s":[199,0],"o":"success","h":200,"items":[[1,["a",{"b":2}]],[7,[]]],"to":[[1,"iterating"],[[1,0],"calling"]],"err":[[[0,999],"no"]],"turn":["HTTP 409",[1,12]]})"},
        {{kAt, Retry{element_of(kStep, 3), {"ops", "", std::nullopt}},
          wanted(Wanted::Set, Failure{element_of(kStep, 3), "x"})},
         R"({"s":[1,3],"by":"ops","want":["x",[1,3]]})"},
        // Schema 3.
        {{kAt,
          CalledBackCause{kStep, Phase::Action, 2, Outcome::Success, "",
                          make_value(Json{{"id", 5}}), EventRef{"stock.events", 17}},
          changes({Succeeded{}})},
         R"({"s":1,"a":2,"o":"success","out":{"id":5},"ev":["stock.events",17],"to":[[0,"succeeded"]]})"},
        {{kAt,
          LateCause{element_of(kStep, 3), Phase::Compensation, 1, Outcome::Failure, 0,
                    "told by event: no", EventRef{"stock.events", 9'007'199'254'740'993}},
          {}},
         R"({"s":[1,3],"p":1,"o":"failure","e":"told by event: no","ev":["stock.events",9007199254740993]})"},
        {{kAt, Begin{},
          changed({{kStep, Calling{1, 1, false}}, {kStep, AwaitingCallback{1, 1, false, kDue}}})},
         R"({"to":[[1,"calling"],[1,"awaiting_callback",1,1,0,1700000000200]]})"},
    };
}

std::optional<EventRef> event_of(const Cause& cause) {
    if (const auto* called_back = std::get_if<CalledBackCause>(&cause)) return called_back->event;
    if (const auto* late = std::get_if<LateCause>(&cause)) return late->event;
    return std::nullopt;
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
        EXPECT_EQ(event_of(read->cause), event_of(stored.record.cause)) << stored.text;
        const auto* begin = std::get_if<Begin>(&stored.record.cause);
        if (begin != nullptr) {
            const auto& begin_read = std::get<Begin>(read->cause);
            EXPECT_EQ(begin_read.lock, begin->lock);
            EXPECT_EQ(begin_read.parent, begin->parent);
            EXPECT_EQ(begin_read.pins, begin->pins);
        }
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
        {RecordType::Answered, R"({"s":200,"o":"success"})"},
        {RecordType::Answered, R"({"s":256,"o":"success"})"},
        {RecordType::Answered, R"({"s":[],"o":"success"})"},
        {RecordType::Answered, R"({"s":[1],"o":"success"})"},
        {RecordType::Answered, R"({"s":[1,2,3],"o":"success"})"},
        {RecordType::Answered, R"({"s":[1,1000],"o":"success"})"},
        {RecordType::Answered, R"({"s":[1,-1],"o":"success"})"},
        {RecordType::Answered, R"({"s":[1,16777215],"o":"success"})"},
        {RecordType::Answered, R"({"s":[200,0],"o":"success"})"},
        {RecordType::Answered, R"({"s":[[1,2],0],"o":"success"})"},
        {RecordType::Answered, R"({"s":{"1":2},"o":"success"})"},
        {RecordType::CalledBack, R"({"o":"success"})"},
        {RecordType::CalledBack, R"({"s":0,"o":"later"})"},
        {RecordType::CalledBack, R"({"s":0,"o":"success","ev":"stock.events"})"},
        {RecordType::CalledBack, R"({"s":0,"o":"success","ev":["stock.events"]})"},
        {RecordType::CalledBack, R"({"s":0,"o":"success","ev":["stock.events",1,2]})"},
        {RecordType::CalledBack, R"({"s":0,"o":"success","ev":[1,1]})"},
        {RecordType::Late, R"({"s":0,"o":"success","ev":["stock.events","1"]})"},
        {RecordType::Late, R"({"s":0,"o":"success","ev":["stock.events",9223372036854775808]})"},
        {RecordType::Begun, R"({"lock":7})"},
        {RecordType::Begun, R"({"parent":"order-1"})"},
        {RecordType::Begun, R"({"parent":["order-1",1,0]})"},
        {RecordType::Begun, R"({"parent":["order-1",1,2,1]})"},
        {RecordType::Begun, R"({"parent":[1,1,0,1]})"},
        {RecordType::Begun, R"({"parent":["order-1",[1,1000],0,1]})"},
        {RecordType::Begun, R"({"parent":["order-1",1,0,4294967296]})"},
        {RecordType::Begun, R"({"pins":["payment",3]})"},
        {RecordType::Begun, R"({"pins":{"payment":"3"}})"},
        {RecordType::Begun, R"({"pins":{"payment":-3}})"},
        {RecordType::Begun, R"({"to":[[0,"waiting"]]})"},
        {RecordType::Begun, R"({"to":[[0,"awaiting_callback",1,1,0]]})"},
        {RecordType::Begun, R"({"to":[[0,"undo_awaiting_callback",1,1]]})"},
        {RecordType::Begun, R"({"to":[[[0,3],"iterating"]]})"},
        {RecordType::Begun, R"({"to":[[[0,3,4],"calling"]]})"},
        {RecordType::Begun, R"({"err":[[[0,1000],"x"]]})"},
        {RecordType::Begun, R"({"turn":["x",[0]]})"},
        {RecordType::Begun, R"({"items":{}})"},
        {RecordType::Begun, R"({"items":[[0]]})"},
        {RecordType::Begun, R"({"items":[[0,"abc"]]})"},
        {RecordType::Begun, R"({"items":[[[0,1],[]]]})"},
        {RecordType::Begun, "{\"items\":[[0," + Json(std::vector<int>(1'001)).dump() + "]]}"},
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

TEST(Codec, ReadsAsManyElementsAsThereMayBe) {
    Decision decision;
    decision.items = {{StepIndex{199}, make_value(Json(std::vector<int>(kItemsMax)))}};
    decision.steps = {{element_of(StepIndex{199}, kItemsMax - 1), Pending{}}};
    const Record record{kAt, LockGranted{}, decision};
    const auto read = decode(RecordType::LockGranted, kAt, encode(record));
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(read->decision.steps, decision.steps);
    EXPECT_EQ(read->decision.items.at(0).second->size(), kItemsMax);
}

}  // namespace
}  // namespace skald::store
