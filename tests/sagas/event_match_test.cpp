#include "sagas/event_match.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "sagas/event_call.h"
#include "sagas/lint.h"
#include "tests/sagas/order_document.h"

namespace skald::sagas {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using Keys = std::vector<std::string>;

constexpr Timestamp kNow{Milliseconds{1'700'000'000'000}};
constexpr StepIndex kReserve{0};
constexpr StepIndex kPack{1};
constexpr StepIndex kApprove{2};
constexpr StepIndex kTell{4};

std::shared_ptr<const Definition> parcel(const std::string& patch = "[]") {
    Checked checked = check_definition(parcel_with(patch), std::nullopt);
    for (const Problem& problem : checked.errors) {
        ADD_FAILURE() << problem.pointer << " " << problem.detail;
    }
    return checked.definition;
}

Saga saga_of(const Definition& definition, Json order_id = "o-1", std::string id = "s1") {
    Saga saga = make_saga(definition, std::move(id), kNow,
                          make_value({{"order_id", std::move(order_id)}, {"items", {1, 2}}}));
    saga.step(kPack).items = make_value(Json{"a", "b"});
    saga.step(kPack).elements.resize(2);
    return saga;
}

Keys awaited(const Definition& definition, const Saga& saga, StepIndex step,
             Phase phase = Phase::Action) {
    const auto keys = keys_awaited(definition, saga, step, phase);
    EXPECT_TRUE(keys) << (keys ? "" : keys.error().message);
    return keys.value_or(Keys());
}

/// Both kinds.
Keys all_keys(const std::string& topic, const Json& event, const std::vector<MatchPath>& paths) {
    const EventKeys keys = keys_of_event(topic, event, paths);
    Keys all = keys.values;
    if (!keys.saga.empty()) all.push_back(keys.saga);
    return all;
}

/// Whether an event is one that the step waits for.
bool meet(const Keys& awaited, const Keys& of_event) {
    const std::set<std::string> all(awaited.begin(), awaited.end());
    return std::any_of(of_event.begin(), of_event.end(),
                       [&all](const std::string& key) { return all.contains(key); });
}

Json event(const std::string& type, const Json& more) {
    Json event{{"specversion", "1.0"}, {"id", "1"}, {"source", "/x"}, {"type", type}};
    event.update(more);
    return event;
}

// ---- Keys ---------------------------------------------------------------------------------------

TEST(EventMatch, KnowsByWhichPathsItsStepsLook) {
    EXPECT_THAT(match_paths(*parcel()),
                ElementsAre(MatchPath{"decisions", "approved", "$event.subject"},
                            MatchPath{"decisions", "declined", "$event.subject"},
                            MatchPath{"decisions", "expired", "$event.subject"},
                            MatchPath{"packing", "parcel.packed", "$event.data.parcel"},
                            MatchPath{"shipping", "parcel.shipped", ""},
                            MatchPath{"stock.events", "stock.rejected", ""},
                            MatchPath{"stock.events", "stock.released", ""},
                            MatchPath{"stock.events", "stock.reserved", ""},
                            MatchPath{"stock.events", "stock.unknown", ""}));
    const auto twice = parcel(R"([{"op": "add", "path": "/steps/3/action/event/reply", "value":
        {"topic": "decisions", "success": {"type": "approved"},
         "match": {"event": "$event.subject", "saga": "$input.order_id"}}}])");
    EXPECT_THAT(match_paths(*twice), SizeIs(8)) << "each once";
    EXPECT_THAT(match_paths(*check_definition(tour_document(), "tour").definition), IsEmpty());
}

TEST(EventMatch, KnowsWhatPublishesAndWhatWaits) {
    const auto definition = parcel();
    EXPECT_EQ(event_called(definition->step(kReserve), Phase::Action)->type, "stock.reserve");
    EXPECT_EQ(event_called(definition->step(kReserve), Phase::Compensation)->type, "stock.release");
    EXPECT_EQ(event_called(definition->step(kApprove), Phase::Action), nullptr);
    EXPECT_EQ(event_called(definition->step(kTell), Phase::Compensation), nullptr);
    EXPECT_EQ(awaited_event(definition->step(kApprove), Phase::Action)->topic, "decisions");
    EXPECT_EQ(awaited_event(definition->step(kApprove), Phase::Compensation), nullptr);
    EXPECT_EQ(awaited_event(definition->step(kTell), Phase::Action), nullptr);
    EXPECT_EQ(awaited_event(definition->step(kPack), Phase::Compensation), nullptr);
    EXPECT_TRUE(speaks_events(*definition));
    EXPECT_FALSE(speaks_events(*check_definition(tour_document(), "tour").definition));
}

TEST(EventMatch, FindsAStepByTheSagaThatTheEventCarries) {
    const auto definition = parcel();
    const Saga saga = saga_of(*definition);
    const Keys action = awaited(*definition, saga, kReserve);
    const Keys undo = awaited(*definition, saga, kReserve, Phase::Compensation);
    const auto found = [&](const Keys& keys, const std::string& type, const Json& more) {
        return meet(keys, all_keys("stock.events", event(type, more), match_paths(*definition)));
    };
    const Json own{{"sagaid", "s1"}, {"sagastep", "reserve"}};
    EXPECT_TRUE(found(action, "stock.reserved", own)) << "without a phase: of the action";
    EXPECT_TRUE(found(action, "stock.rejected", own));
    EXPECT_FALSE(found(action, "stock.counted", own));
    EXPECT_FALSE(found(action, "stock.reserved", {{"sagaid", "s1"}}));
    EXPECT_FALSE(found(action, "stock.reserved", {{"sagaid", "s2"}, {"sagastep", "reserve"}}));
    EXPECT_FALSE(found(action, "stock.reserved", {{"sagaid", "s1"}, {"sagastep", "charge"}}));
    EXPECT_FALSE(found(undo, "stock.released", own));
    Json of_undo = own;
    of_undo["sagaphase"] = "compensation";
    EXPECT_TRUE(found(undo, "stock.released", of_undo));
    EXPECT_FALSE(found(action, "stock.reserved", of_undo));
    EXPECT_FALSE(meet(action, all_keys("stock", event("stock.reserved", own), {MatchPath{}})))
        << "on another topic";
    EXPECT_THAT(all_keys("stock.events", event("stock.reserved", own), {}), IsEmpty())
        << "nobody looks for it so";
    EXPECT_TRUE(meet(action, all_keys("stock.events", event("stock.reserved", own), {MatchPath{}})))
        << "everything is looked for so";
}

TEST(EventMatch, FindsAnElementByItsValue) {
    const auto definition = parcel();
    const Saga saga = saga_of(*definition);
    const Keys second = awaited(*definition, saga, element_of(kPack, 1));
    const auto keys = [&](const Json& parcel) {
        return all_keys("packing", event("parcel.packed", {{"data", {{"parcel", parcel}}}}),
                        match_paths(*definition));
    };
    EXPECT_TRUE(meet(second, keys("o-1/1")));
    EXPECT_FALSE(meet(second, keys("o-1/0")));
    EXPECT_THAT(keys(nullptr), IsEmpty());
    EXPECT_THAT(keys({{"a", 1}}), IsEmpty());
    EXPECT_THAT(
        all_keys("packing", event("parcel.packed", Json::object()), match_paths(*definition)),
        IsEmpty());
    const Json own{{"sagaid", "s1"}, {"sagastep", "pack/1"}};
    EXPECT_FALSE(meet(second, all_keys("packing", event("parcel.packed", own), {MatchPath{}})))
        << "it is the match that counts";
}

// What is equal as JSON has one key; what is not has none in common.
TEST(EventMatch, ComparesValuesAsJson) {
    const auto definition = parcel();
    const auto keys_for = [&](const Json& order_id) {
        return awaited(*definition, saga_of(*definition, order_id), kApprove).front();
    };
    const Json values{1,    -1,         0,    1.5,      1e300,    9007199254740993,
                      "1",  "true",     "",   "1:a",    true,     false,
                      "\n", "\xC3\xA4", -0.5, 1u << 31, "$event", 18446744073709551615ull};
    std::set<std::string> keys;
    for (const Json& value : values) keys.insert(keys_for(value));
    EXPECT_THAT(keys, SizeIs(values.size()));
    EXPECT_EQ(keys_for(1), keys_for(1.0));
    EXPECT_EQ(keys_for(0), keys_for(-0.0));
    EXPECT_EQ(keys_for(-3), keys_for(-3.0));
    EXPECT_EQ(keys_for(9223372036854775808ull), keys_for(9223372036854775808.0));
    EXPECT_NE(keys_for(18446744073709551615ull), keys_for(18446744073709551616.0));
}

TEST(EventMatch, HasNoKeyInCommonForOtherFields) {
    const auto key = [](const std::string& saga, const std::string& step) {
        return all_keys("a", event("b", {{"sagaid", saga}, {"sagastep", step}}), {MatchPath{}});
    };
    const Keys one = key("c1:d", "e");
    const Keys other = key("c", "d1:e");
    EXPECT_THAT(one, SizeIs(1));
    EXPECT_FALSE(meet(one, other));
    const MatchPath path{"a", "b", "$event.id"};
    EXPECT_THAT(all_keys("a", event("b", Json::object()), {path}), SizeIs(1));
    EXPECT_THAT(all_keys("a", event("c", Json::object()), {path}), IsEmpty());
    EXPECT_THAT(all_keys("b", event("b", Json::object()), {path}), IsEmpty());
}

TEST(EventMatch, TakesAnythingForAnEvent) {
    const std::vector<MatchPath> paths{{"a", "b", "$event.data.x"}, {"a", "b", "no path"}, {}};
    for (const Json& odd : {Json(), Json(5), Json::array(), Json::object(), Json{{"type", 5}},
                            Json{{"type", "b"}, {"sagaid", 5}, {"sagastep", "x"}},
                            Json{{"type", "b"}, {"data", "x"}}}) {
        EXPECT_THAT(all_keys("a", odd, paths), IsEmpty()) << odd;
    }
    EXPECT_THAT(all_keys("a", Json{{"type", "b"}, {"data", {{"x", "\xff"}}}}, paths), SizeIs(1));
}

TEST(EventMatch, FailsWhereThereIsNothingToLookBy) {
    const auto definition = parcel();
    for (const Json& order_id : {Json(nullptr), Json::array({1}), Json::object()}) {
        const auto keys =
            keys_awaited(*definition, saga_of(*definition, order_id), kApprove, Phase::Action);
        ASSERT_FALSE(keys) << order_id;
        EXPECT_THAT(keys.error().message, HasSubstr("match: not a text, number or boolean"));
    }
    Saga without = saga_of(*definition);
    without.input = make_value(Json::object());
    EXPECT_THAT(keys_awaited(*definition, without, kApprove, Phase::Action).error().message,
                HasSubstr("match: $input.order_id: no member"));
}

// ---- Replies ------------------------------------------------------------------------------------

TEST(EventMatch, TellsTheMachineWhatAnEventSays) {
    const auto definition = parcel();
    const EventRef ref{"stock.events", 7};
    const auto told = [&](const std::string& type, const Json& more) {
        return reply_by_event(*definition, kReserve, Phase::Action, event(type, more), ref);
    };
    const auto good = told("stock.reserved", {{"data", {{"reservation", 5}}}});
    ASSERT_TRUE(good);
    EXPECT_EQ(good->outcome, Outcome::Success);
    EXPECT_EQ(*good->output, Json({{"reservation", 5}}));
    EXPECT_EQ(good->event, ref);
    EXPECT_EQ(told("stock.reserved", Json::object())->output, nullptr);
    const auto bad = told("stock.rejected", {{"data", {{"reason", "sold out"}}}});
    EXPECT_EQ(bad->outcome, Outcome::Failure);
    EXPECT_EQ(bad->output, nullptr);
    EXPECT_EQ(bad->error, "sold out");
    EXPECT_EQ(told("stock.rejected", {{"data", {{"error", "a"}, {"reason", "b"}}}})->error, "a");
    EXPECT_EQ(told("stock.rejected", {{"data", {{"error", 5}, {"reason", "b"}}}})->error, "b");
    EXPECT_EQ(told("stock.rejected", {{"data", "no"}})->error, "");
    EXPECT_FALSE(told("stock.counted", Json::object()));
}

TEST(EventMatch, TellsNothingOfWhatNobodyWaitsFor) {
    const auto definition = parcel();
    const Json reserved = event("stock.reserved", Json::object());
    EXPECT_FALSE(reply_by_event(*definition, kTell, Phase::Action, reserved, {"stock.events", 1}));
    EXPECT_FALSE(
        reply_by_event(*definition, kReserve, Phase::Compensation, reserved, {"stock.events", 1}));
    EXPECT_FALSE(reply_by_event(*definition, kReserve, Phase::Action, reserved, {"stock", 1}));
    EXPECT_FALSE(reply_by_event(*definition, kReserve, Phase::Action, 5, {"stock.events", 1}));
}

// ---- What is published --------------------------------------------------------------------------

TEST(EventCall, IsACloudEvent) {
    const auto definition = parcel();
    const Saga saga = saga_of(*definition, "o-1", "order 1/a");
    const auto made = render_event(*definition, saga, kReserve, Phase::Action, 2, kNow);
    ASSERT_TRUE(made);
    EXPECT_EQ(made->text, made->json().dump());
    EXPECT_EQ(made->subject, "o-1");
    EXPECT_EQ(made->json(), Json::parse(R"({"specversion": "1.0", "type": "stock.reserve",
        "id": "order 1/a/reserve/action/2", "source": "/v1/sagas/order%201%2Fa",
        "subject": "o-1", "time": "2023-11-14T22:13:20.000Z",
        "datacontenttype": "application/json", "data": {"items": [1, 2]},
        "sagaid": "order 1/a", "sagastep": "reserve", "sagaphase": "action",
        "sagakey": "order 1/a/reserve/action"})"));
    const auto element =
        render_event(*definition, saga, element_of(kPack, 1), Phase::Compensation, 1, kNow);
    EXPECT_EQ(element->json().at("id"), "order 1/a/pack/1/compensation/1");
    EXPECT_EQ(element->json().at("sagastep"), "pack/1");
    EXPECT_EQ(element->json().at("sagaphase"), "compensation");
    EXPECT_EQ(element->json().at("subject"), "order 1/a/pack/1/action");
    EXPECT_FALSE(element->json().contains("data"));
}

TEST(EventCall, HasASubjectThatIsATextOrNone) {
    const auto definition = parcel();
    const auto subject = [&](const Json& order_id) {
        return render_event(*definition, saga_of(*definition, order_id), kTell, Phase::Action, 1,
                            kNow);
    };
    EXPECT_FALSE(subject(nullptr)->json().contains("subject"));
    EXPECT_EQ(subject(17)->json().at("subject"), "17");
    EXPECT_THAT(subject("").error().message, HasSubstr("subject: the text is empty"));
}

TEST(EventCall, IsNotLargerThanTheLogTakes) {
    const auto definition = parcel();
    Saga saga = saga_of(*definition);
    const auto made_with = [&](std::size_t bytes) {
        saga.input = make_value({{"order_id", "o"}, {"items", std::string(bytes, 'x')}});
        return render_event(*definition, saga, kReserve, Phase::Action, 1, kNow);
    };
    const std::size_t rest = made_with(0)->text.size();
    EXPECT_TRUE(made_with(kEventBytesMax - rest));
    const auto over = made_with(kEventBytesMax - rest + 1);
    ASSERT_FALSE(over);
    EXPECT_EQ(over.error().message, "the event has 262145 bytes; at most 262144 are allowed");
}

TEST(EventCall, SaysWhereItCanNotBeMade) {
    const auto definition = parcel();
    Saga saga = saga_of(*definition);
    saga.input = make_value({{"order_id", "o"}});
    EXPECT_THAT(render_event(*definition, saga, kReserve, Phase::Action, 1, kNow).error().message,
                HasSubstr("data: $input.items: no member"));
    saga.input = make_value({{"order_id", "o"}, {"items", "\xff"}});
    EXPECT_EQ(render_event(*definition, saga, kReserve, Phase::Action, 1, kNow).error().message,
              "a text of the event is not UTF-8");
}

}  // namespace
}  // namespace skald::sagas
