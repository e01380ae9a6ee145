#include "engine/subscription_document.h"

#include <gmock/gmock.h>

#include <chrono>
#include <string>
#include <vector>

#include "engine/owned_subscriptions.h"
#include "sagas/json.h"

namespace skald::engine {
namespace {

using sagas::Json;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using namespace std::chrono_literals;

/// "CODE POINTER" of each problem.
std::vector<std::string> problems_of(const Json& document, Author author = Author::People) {
    sagas::Problems problems;
    read_subscription(document, author, problems);
    std::vector<std::string> found;
    for (const sagas::Problem& each : problems.take())
        found.push_back(each.code + ' ' + each.pointer);
    return found;
}

SubscriptionDocument read(const Json& document, Author author = Author::People) {
    sagas::Problems problems;
    auto read = read_subscription(document, author, problems);
    EXPECT_TRUE(problems.is_empty()) << document;
    return read;
}

Json with(Json document, const char* field, Json value) {
    document[field] = std::move(value);
    return document;
}

const Json kPull{{"topic", "orders"}, {"pull", Json::object()}};
const Json kPush{{"topic", "orders"},
                 {"push", {{"url", "https://Shop.example/in?x=1"}, {"secret", "$secrets.HOOK"}}}};

TEST(SubscriptionDocument, IsPulledWithWhatItDoesNotSayFilledIn) {
    const auto document = read(kPull);
    EXPECT_EQ(document.topic, "orders");
    EXPECT_EQ(document.filter, EventFilter{});
    EXPECT_EQ(std::get<Pull>(document.how).visibility, 30s);
    EXPECT_TRUE(std::holds_alternative<std::monostate>(document.from));
    EXPECT_EQ(document.retry, (sagas::RetryPolicy{16, 1s, 2.0, 5min, 0.2}));
}

TEST(SubscriptionDocument, IsPushed) {
    const auto document = read(kPush);
    const Push& push = std::get<Push>(document.how);
    EXPECT_EQ(push.scheme, sagas::HttpCall::Scheme::Https);
    EXPECT_EQ(push.host, "shop.example");
    EXPECT_EQ(push.port, 443);
    EXPECT_EQ(push.target, "/in?x=1");
    EXPECT_EQ(push.secret, "HOOK");
    EXPECT_EQ(push.timeout, 10s);
    EXPECT_EQ(push.max_parallel, 16u);
}

TEST(SubscriptionDocument, SaysAllThatItMaySay) {
    Json said = with(kPull, "filter", {{"type", {{"prefix", "order."}}}});
    said["pull"] = {{"visibility", "2m"}};
    said["maximum_attempts"] = 3;
    said["retry"] = {{"initial_interval", "5s"},
                     {"maximum_interval", "1h"},
                     {"backoff_coefficient", 3},
                     {"jitter", 0}};
    const auto document = read(said);
    EXPECT_EQ(std::get<Pull>(document.how).visibility, 2min);
    EXPECT_EQ(document.retry, (sagas::RetryPolicy{3, 5s, 3.0, 1h, 0.0}));
    ASSERT_TRUE(document.filter.type);
    EXPECT_EQ(document.filter.type->text, "order.");
}

TEST(SubscriptionDocument, BeginsSomewhere) {
    using store::Offset;
    EXPECT_EQ(std::get<Offset>(read(with(kPull, "from", "start")).from), Offset{0});
    EXPECT_EQ(std::get<Offset>(read(with(kPull, "from", 17)).from), Offset{17});
    EXPECT_TRUE(std::holds_alternative<std::monostate>(read(with(kPull, "from", "end")).from));
    EXPECT_EQ(std::get<sagas::Timestamp>(read(with(kPull, "from", "2026-11-22T00:00:00Z")).from),
              *sagas::parse_rfc3339("2026-11-22T00:00:00Z"));
    for (const Json& bad : {Json(-1), Json(~0ull), Json(1.5), Json("now"), Json(nullptr)}) {
        EXPECT_THAT(problems_of(with(kPull, "from", bad)), ElementsAre("wrong-value /from")) << bad;
    }
}

TEST(SubscriptionDocument, IsToldWhatIsWrongWithIt) {
    EXPECT_THAT(problems_of(Json::array()), ElementsAre("wrong-type "));
    EXPECT_THAT(problems_of({{"topic", "orders"}}), ElementsAre("missing-field "));
    EXPECT_THAT(problems_of({{"pull", Json::object()}}), ElementsAre("missing-field "));
    EXPECT_THAT(problems_of(with(kPush, "pull", Json::object())), ElementsAre("one-delivery "));
    EXPECT_THAT(problems_of(with(kPull, "maximum_attempts", 0)),
                ElementsAre("out-of-range /maximum_attempts"));
    EXPECT_THAT(problems_of(with(kPull, "pull", {{"visibility", "13h"}})),
                ElementsAre("out-of-range /pull/visibility"));
    EXPECT_THAT(problems_of(with(kPull, "filter", {{"color", "red"}})),
                ElementsAre("unknown-field /filter/color"));
    Json literal = kPush;
    literal["push"]["secret"] = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    EXPECT_THAT(problems_of(literal), ElementsAre("literal-secret /push/secret"));
    literal["push"]["secret"] = "$secrets.../etc/passwd";
    EXPECT_THAT(problems_of(literal), ElementsAre("literal-secret /push/secret"));
    for (const std::string& url :
         {std::string("https://shop.example/a b"), std::string("https://shop.example/a\r\nX: y"),
          std::string("https://shop.example/#f"), std::string("https://shop.example/{$input.id}"),
          std::string("https://shop.example/?t=$secrets.TOKEN"),
          std::string("https://shop.example/../x"),
          "https://shop.example/" + std::string(4'000, 'x')}) {
        Json bad = kPush;
        bad["push"]["url"] = url;
        EXPECT_THAT(problems_of(bad), ElementsAre("bad-url /push/url")) << url;
    }
    Json no_url = kPush;
    no_url["push"].erase("url");
    EXPECT_THAT(problems_of(no_url), ElementsAre("missing-field /push"));
}

TEST(SubscriptionDocument, OfPeopleIsNoOwners) {
    const Json start{{"topic", "orders"}, {"start", {{"definition", "shipping"}}}};
    EXPECT_THAT(problems_of(with(kPull, "start", {{"definition", "shipping"}})),
                ElementsAre("unknown-field /start"));
    EXPECT_THAT(problems_of(start, Author::Owner), IsEmpty());
    EXPECT_THAT(problems_of(kPull, Author::Owner),
                ElementsAre("missing-field ", "unknown-field /pull"));
}

sagas::Result<store::Offset> end_at_7(const std::string& topic) {
    if (topic != "orders") return sagas::fail(sagas::ErrorCode::NotFound, "no such topic");
    return store::Offset{7};
}

TEST(OwnedSubscriptions, OfADefinitionAreItsTriggers) {
    sagas::Definition definition;
    definition.name = "shipping";
    definition.triggers.push_back(
        {"orders", "order.placed", sagas::Template::parse(nullptr).value()});
    definition.triggers.push_back(
        {"returns", "item.sent", sagas::Template::parse(nullptr).value()});
    const auto owned = trigger_subscriptions(definition, end_at_7).value();
    ASSERT_EQ(owned.size(), 2u);
    EXPECT_EQ(owned[0].name, "trigger:shipping:orders:order.placed");
    EXPECT_EQ(owned[0].topic, "orders");
    EXPECT_EQ(owned[0].begin, store::Offset{7});
    EXPECT_EQ(owned[1].begin, store::Offset{0});  // Nobody published to it yet.

    const auto document = read(sagas::parse_json(owned[0].source).value(), Author::Owner);
    EXPECT_EQ(document.topic, "orders");
    EXPECT_EQ(document.filter.type->text, "order.placed");
    EXPECT_EQ(document.filter.type->how, EventFilter::Text::How::Exact);
    EXPECT_EQ(std::get<StartSaga>(document.how).definition, "shipping");
    EXPECT_EQ(document.retry.maximum_attempts, 16u);
}

TEST(OwnedSubscriptions, AreNotMadeWhereTheTopicsEndIsNotKnown) {
    sagas::Definition definition;
    definition.triggers.push_back(
        {"orders", "order.placed", sagas::Template::parse(nullptr).value()});
    const auto owned =
        trigger_subscriptions(definition, [](const std::string&) -> sagas::Result<store::Offset> {
            return sagas::fail(sagas::ErrorCode::Unavailable, "busy");
        });
    ASSERT_FALSE(owned);
    EXPECT_EQ(owned.error().code, sagas::ErrorCode::Unavailable);
}

TEST(OwnedSubscriptions, OfABridgeAreTriedUntilTheyWork) {
    const auto owned = relay_subscription("eu", "orders", "shop.orders", store::Offset{3});
    EXPECT_EQ(owned.name, "bridge:eu:orders:shop.orders");
    EXPECT_EQ(owned.begin, store::Offset{3});
    const auto document = read(sagas::parse_json(owned.source).value(), Author::Owner);
    EXPECT_EQ(std::get<Relay>(document.how).bridge, "eu");
    EXPECT_EQ(std::get<Relay>(document.how).subject, "shop.orders");
    EXPECT_EQ(document.retry.maximum_attempts, std::nullopt);
    EXPECT_EQ(document.retry.maximum_interval, 5s);
}

}  // namespace
}  // namespace skald::engine
