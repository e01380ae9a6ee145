#include "api/cloud_event.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/cloud_event_request.h"
#include "engine/base64.h"
#include "sagas/event_match.h"

namespace skald::api {
namespace {

using sagas::Json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const sagas::Timestamp kNow = *sagas::parse_rfc3339("2026-11-21T22:32:28.000Z");

Json plain_event() {
    return {{"specversion", "1.0"}, {"id", "1"}, {"source", "/shop"}, {"type", "order.placed"}};
}

/// "POINTER CODE" of each problem of `event`; "": it is one.
std::vector<std::string> faults_of(const Json& event) {
    sagas::Problems problems;
    const auto read = read_cloud_event(event, "/3", kNow, problems);
    EXPECT_EQ(read.has_value(), problems.is_empty());
    std::vector<std::string> found;
    for (const sagas::Problem& each : problems.take()) {
        found.push_back(each.pointer + " " + each.code);
    }
    return found;
}
std::vector<std::string> faults_with(const char* name, const Json& value) {
    Json event = plain_event();
    event[name] = value;
    return faults_of(event);
}

TEST(CloudEvent, IsStoredWithATimeAndWithoutNulls) {
    Json event = plain_event();
    event["subject"] = nullptr;
    event["data"] = nullptr;
    sagas::Problems problems;
    const auto read = read_cloud_event(event, "", kNow, problems);
    ASSERT_TRUE(read);
    event.erase("subject");
    event["time"] = "2026-11-21T22:32:28.000Z";
    EXPECT_EQ(*read, event);
    event["time"] = "2020-01-01T00:00:00+01:00";
    EXPECT_EQ(read_cloud_event(event, "", kNow, problems)->at("time"), event["time"]);
}

TEST(CloudEvent, NeedsFourAttributes) {
    EXPECT_THAT(faults_of(Json::object()), ElementsAre("/3 missing-field", "/3 missing-field",
                                                       "/3 missing-field", "/3 missing-field"));
    for (const char* name : {"specversion", "id", "source", "type"}) {
        Json event = plain_event();
        event.erase(name);
        EXPECT_THAT(faults_of(event), ElementsAre("/3 missing-field")) << name;
        event[name] = nullptr;
        EXPECT_THAT(faults_of(event), ElementsAre("/3 missing-field")) << name;
        const std::string pointer = std::string("/3/") + name;
        EXPECT_THAT(faults_with(name, ""), ElementsAre(pointer + " wrong-value")) << name;
        EXPECT_THAT(faults_with(name, 1), ElementsAre(pointer + " wrong-type")) << name;
    }
    for (const Json& none : {Json("x"), Json(1), Json::array(), Json(nullptr)}) {
        EXPECT_THAT(faults_of(none), ElementsAre("/3 wrong-type"));
    }
}

TEST(CloudEvent, RefusesValuesThatAreNone) {
    const std::pair<const char*, std::vector<Json>> cases[] = {
        {"specversion", {"0.3", "1.1", "1"}},
        {"id", {"a\nb", "\u007f", "a\u0085b"}},
        {"source",
         {"/v1/sagas/p-1", "/v1/bridges/nats/v1/sagas/p-1", "a b", "caf\u00e9", "%", "%2", "%zz",
          "<x>"}},
        {"subject", {"", "\t"}},
        {"time", {"", "yesterday", "2026-11-21", "2026-11-21T25:00:00Z"}},
        {"datacontenttype", {"", "json", "/", "application/", "a b/c"}},
        {"dataschema", {"", "/order.json", "order", "a b:c"}},
        {"data_base64", {"", "a", "=", "YQ", "YR==", "Y Q=", 5}},
        {"sagaid", {""}},
        {"sagastep", {""}},
        {"sagaphase", {"", "undo"}}};
    for (const auto& [name, values] : cases) {
        for (const Json& value : values) {
            if (std::string_view(name) == "data_base64" && value == "") continue;  // No bytes.
            const auto faults = faults_with(name, value);
            ASSERT_EQ(faults.size(), 1u) << name << " " << value;
            EXPECT_THAT(faults[0], testing::StartsWith("/3/" + std::string(name) + " wrong-"))
                << value;
        }
    }
    EXPECT_THAT(faults_with("sagaid", 17), ElementsAre("/3/sagaid wrong-type"));
    Json both = plain_event();
    both["data"] = 1;
    both["data_base64"] = "YQ==";
    EXPECT_THAT(faults_of(both), ElementsAre("/3/data_base64 wrong-value"));
}

TEST(CloudEvent, TakesValuesThatAre) {
    const std::pair<const char*, std::vector<Json>> cases[] = {
        {"id", {"ä/1 %", "🎉"}},
        {"source", {"urn:uuid:6e8b", "https://example.org/a?b=c#d", "a%20b", "shop"}},
        {"subject", {"o-1"}},
        {"time", {"2026-11-21T22:32:28Z", "2026-11-21T22:32:28.123456+02:00"}},
        {"datacontenttype", {"text/plain; charset=utf-8", "application/vnd.x+json"}},
        {"dataschema", {"urn:x", "https://example.org/s"}},
        {"data", {nullptr, 1, "x", Json::array(), Json::object()}},
        {"data_base64", {"", "YQ==", "YWI=", "YWJj", "+/+/"}},
        {"sagaphase", {"action", "compensation"}},
        {"traceparent", {"00-1", ""}},
        {"mine20characterslong", {true, 17, -2.5}}};
    for (const auto& [name, values] : cases) {
        for (const Json& value : values) {
            EXPECT_THAT(faults_with(name, value), IsEmpty()) << name << " " << value;
        }
    }
}

TEST(CloudEvent, NamesAttributesInLowerCase) {
    for (const char* name :
         {"orderId", "order_id", "order-id", "", "a b", "mine21characterslong1"}) {
        const auto faults = faults_with(name, "x");
        EXPECT_THAT(faults, ElementsAre("/3/" + std::string(name) + " bad-name"));
    }
    EXPECT_THAT(faults_with("a/b", 1), ElementsAre("/3/a~1b bad-name"));
    EXPECT_THAT(faults_with("order", Json::object()), ElementsAre("/3/order wrong-type"));
    EXPECT_THAT(faults_with("order", Json::array()), ElementsAre("/3/order wrong-type"));
    sagas::Problems problems;
    Json event = plain_event();
    event["dataContentType"] = "x";
    read_cloud_event(event, "", kNow, problems);
    EXPECT_THAT(problems.take().at(0).hint, HasSubstr("did you mean \"datacontenttype\"?"));
}

TEST(Base64, IsThatOfRfc4648) {
    const std::pair<const char*, const char*> vectors[] = {{"", ""},
                                                           {"f", "Zg=="},
                                                           {"fo", "Zm8="},
                                                           {"foo", "Zm9v"},
                                                           {"foob", "Zm9vYg=="},
                                                           {"fooba", "Zm9vYmE="},
                                                           {"foobar", "Zm9vYmFy"},
                                                           {"\xfb\xff", "+/8="}};
    for (const auto& [bytes, text] : vectors) {
        EXPECT_EQ(engine::to_base64(bytes), text);
        EXPECT_TRUE(engine::from_base64(text)) << text;
    }
    for (const char* none : {"Zg", "Zg=", "Z===", "Zh==", "Zm9v\n", "-_8=", "Zg==Zg=="}) {
        EXPECT_FALSE(engine::from_base64(none)) << none;
    }
}

// ---- The three ways ----------------------------------------------------------------------------

using Headers = std::vector<std::pair<std::string, std::string>>;

Parsed<SentEvents> read(Headers headers, const std::string& body) {
    Request request;
    request.method = "POST";
    request.headers = std::move(headers);
    request.body = body;
    return read_sent_events(request, kNow);
}

Headers binary(const Headers& more) {
    Headers headers{{"ce-specversion", "1.0"},
                    {"ce-id", "1"},
                    {"ce-source", "/shop"},
                    {"ce-type", "order.placed"}};
    headers.insert(headers.end(), more.begin(), more.end());
    return headers;
}

Json stored(Json event) {
    event["time"] = "2026-11-21T22:32:28.000Z";
    return event;
}

TEST(SentEvents, AreStructured) {
    const auto sent = read({{"content-type", "application/cloudevents+json; charset=utf-8"}},
                           plain_event().dump());
    ASSERT_TRUE(sent);
    EXPECT_THAT(sent->events, ElementsAre(stored(plain_event())));
    EXPECT_EQ(sent->pointer(0), "");
}

TEST(SentEvents, CameInOverNoBridge) {
    // Whoever says so means where he has it from.
    Json event = plain_event();
    event["skaldbridge"] = "nats";
    const auto structured = read({{"content-type", "application/cloudevents+json"}}, event.dump());
    ASSERT_TRUE(structured);
    EXPECT_THAT(structured->events, ElementsAre(stored(plain_event())));
    const auto batch =
        read({{"content-type", "application/cloudevents-batch+json"}}, Json::array({event}).dump());
    ASSERT_TRUE(batch);
    EXPECT_THAT(batch->events, ElementsAre(stored(plain_event())));
    const auto one = read(binary({{"ce-skaldbridge", "nats"}}), "");
    ASSERT_TRUE(one);
    EXPECT_FALSE(one->events.front().contains("skaldbridge"));
}

TEST(SentEvents, AreABatch) {
    const Headers headers{{"content-type", "application/cloudevents-batch+json"}};
    Json other = plain_event();
    other["id"] = "2";
    const auto sent = read(headers, Json({plain_event(), other}).dump());
    ASSERT_TRUE(sent);
    EXPECT_THAT(sent->events, ElementsAre(stored(plain_event()), stored(other)));
    EXPECT_EQ(sent->pointer(1), "/1");
    Json batch = Json::array();
    for (std::size_t i = 0; i < kEventBatchMax; ++i) batch.push_back(plain_event());
    EXPECT_TRUE(read(headers, batch.dump()));
    batch.push_back(plain_event());
    for (const std::string& bad : {std::string("[]"), std::string("{}"), batch.dump()}) {
        const auto refused = read(headers, bad);
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().type, ProblemType::InvalidRequest);
        EXPECT_THAT(refused.error().detail, HasSubstr("1 to 1000"));
    }
}

TEST(SentEvents, AreBinary) {
    const auto event = [](const Headers& headers, const std::string& body) {
        const auto sent = read(binary(headers), body);
        EXPECT_TRUE(sent) << sent.error().detail;
        return sent ? sent->events.at(0) : Json();
    };
    Json json = stored(plain_event());
    json["datacontenttype"] = "application/json";
    json["data"] = {{"a", 1}};
    EXPECT_EQ(event({{"content-type", "application/json"}}, R"({"a": 1})"), json);

    EXPECT_EQ(event({}, ""), stored(plain_event()));
    const auto data = [&](const std::string& type, const std::string& body) {
        Json made = event({{"content-type", type}}, body);
        EXPECT_EQ(made.at("datacontenttype"), type);
        return made;
    };
    EXPECT_EQ(data("application/vnd.order+json", "[1]").at("data"), Json({1}));
    EXPECT_EQ(data("text/plain; charset=UTF-8", "héllo").at("data"), "héllo");
    EXPECT_EQ(data("text/plain; charset=iso-8859-1", "h\xe9").at("data_base64"), "aOk=");
    EXPECT_EQ(data("text/plain", "h\xe9").at("data_base64"), "aOk=");
    EXPECT_EQ(data("application/octet-stream", "abc").at("data_base64"), "YWJj");
    EXPECT_FALSE(data("application/json", "").contains("data"));
}

TEST(SentEvents, HaveDecodedHeaders) {
    const auto sent = read(binary({{"ce-subject", "Euro%20%E2%82%AC%20100%25"},
                                   {"ce-mine", R"("a \"b\" c")"},
                                   {"ce-sagaid", "p-1"},
                                   {"x-other", "no"}}),
                           "");
    ASSERT_TRUE(sent) << sent.error().detail;
    EXPECT_EQ(sent->events[0].at("subject"), "Euro € 100%");
    EXPECT_EQ(sent->events[0].at("mine"), "a \"b\" c");
    EXPECT_EQ(sent->events[0].at("sagaid"), "p-1");
    EXPECT_FALSE(sent->events[0].contains("other"));
}

TEST(SentEvents, TellWhatIsWrongWithHeaders) {
    const std::pair<Headers, const char*> cases[] = {
        {{{"ce-subject", "100%"}}, "/subject wrong-value"},
        {{{"ce-subject", "%ff"}}, "/subject wrong-value"},
        {{{"ce-id", "2"}}, "/id wrong-value"},
        {{{"ce-data", "1"}}, "/data bad-name"},
        {{{"ce-datacontenttype", "text/plain"}}, "/datacontenttype bad-name"},
        {{{"ce-my-own", "1"}}, "/my-own bad-name"}};
    for (const auto& [headers, expected] : cases) {
        const auto refused = read(binary(headers), "");
        ASSERT_FALSE(refused) << expected;
        const sagas::Problem& first = refused.error().errors.at(0);
        EXPECT_EQ(first.pointer + " " + first.code, expected);
    }
    EXPECT_EQ(read(binary({}), "x").error().type, ProblemType::UnsupportedMediaType);
    EXPECT_EQ(read(binary({{"content-type", "application/json"}}), "{").error().type,
              ProblemType::MalformedJson);
    EXPECT_EQ(read(binary({{"content-type", "text/\xff"}}), "x").error().type,
              ProblemType::InvalidRequest);
    // With the event around it, it must still be read as JSON.
    const auto nested = [](std::size_t levels) {
        return read(binary({{"content-type", "application/json"}}),
                    std::string(levels, '[') + std::string(levels, ']'));
    };
    EXPECT_TRUE(nested(sagas::kJsonDepthMax - 1));
    EXPECT_EQ(nested(sagas::kJsonDepthMax).error().type, ProblemType::MalformedJson);
}

TEST(SentEvents, TellAllThatIsWrongWithABatch) {
    const auto refused = read({{"content-type", "application/cloudevents-batch+json"}},
                              R"([{"specversion": "1.0", "id": "1", "source": "/s", "type": "t"},
                                  {"specversion": "2.0", "id": "", "source": "/s", "type": "t"},
                                  7])");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().type, ProblemType::InvalidRequest);
    EXPECT_EQ(refused.error().detail,
              "2 of 3 events have faults; the first: /1/id: must not be empty. Nothing was "
              "published.");
    std::vector<std::string> pointers;
    for (const sagas::Problem& each : refused.error().errors) pointers.push_back(each.pointer);
    EXPECT_THAT(pointers, ElementsAre("/1/id", "/1/specversion", "/2"));
}

TEST(SentEvents, HaveASizeEach) {
    const auto with_bytes = [](std::size_t bytes) {
        Json event = stored(plain_event());
        event["data"] = "";
        event["data"] = std::string(bytes - event.dump().size(), 'x');
        EXPECT_EQ(event.dump().size(), bytes);
        return event;
    };
    const Headers headers{{"content-type", "application/cloudevents-batch+json"}};
    EXPECT_TRUE(read(headers, Json({plain_event(), with_bytes(sagas::kEventBytesMax)}).dump()));
    const auto refused =
        read(headers, Json({plain_event(), with_bytes(sagas::kEventBytesMax + 1)}).dump());
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().type, ProblemType::BodyTooLarge);
    EXPECT_EQ(refused.error().errors.at(0).pointer, "/1");
    EXPECT_THAT(refused.error().detail, HasSubstr("262145 bytes as JSON; at most 262144"));
    // Escapes count: bytes that JSON writes as six.
    Json escaped = plain_event();
    escaped["data"] = std::string(sagas::kEventBytesMax / 6, '\x01');
    EXPECT_FALSE(read({{"content-type", "application/cloudevents+json"}}, escaped.dump()));
}

}  // namespace
}  // namespace skald::api
