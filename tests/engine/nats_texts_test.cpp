#include <gmock/gmock.h>

#include "engine/nats/credentials.h"
#include "engine/nats/jet_stream.h"
#include "engine/nats/server.h"
#include "sagas/json.h"

namespace skald::engine {
namespace {

using ::testing::HasSubstr;

std::string url_of(std::string_view text) {
    const auto url = parse_nats_url(text);
    return url ? url->text() : "!" + url.error();
}

TEST(NatsTexts, ReadUrls) {
    EXPECT_EQ(url_of("nats://broker.example"), "nats://broker.example:4222");
    EXPECT_EQ(url_of("tls://Broker.example:4443/"), "tls://broker.example:4443");
    EXPECT_EQ(url_of("nats://[::1]:7"), "nats://[::1]:7");
    EXPECT_EQ(url_of("nats://10.0.0.1:65535"), "nats://10.0.0.1:65535");
}

TEST(NatsTexts, RefuseUrlsThatAreNone) {
    EXPECT_EQ(url_of("http://a"), "!must begin with nats:// or tls://");
    EXPECT_EQ(url_of("nats://"), "!names no host");
    EXPECT_EQ(url_of("nats://a b"), "!names no host");
    EXPECT_EQ(url_of("nats://[::1"), "!names no host");
    EXPECT_EQ(url_of("nats://[a]"), "!names no host");
    for (const char* text : {"nats://a:", "nats://a:0", "nats://a:65536", "nats://a:1x",
                             "nats://[::1]x", "nats://a:-1"}) {
        EXPECT_EQ(url_of(text), "!must end with a port from 1 to 65535") << text;
    }
    EXPECT_THAT(url_of("nats://me:secret@a"), HasSubstr("do not stand in a URL"));
}

TEST(NatsTexts, ReadCredentials) {
    const auto read = read_credentials(
        "-----BEGIN NATS USER JWT-----\neyJ0.eyJq.sig\n------END NATS USER JWT------\n\n"
        "****** IMPORTANT ******\n\n"
        "-----BEGIN USER NKEY SEED-----\r\nSUAIB\r\n------END USER NKEY SEED------\n");
    ASSERT_TRUE(read.has_value());
    EXPECT_EQ(read->jwt, "eyJ0.eyJq.sig");
    EXPECT_EQ(read->seed, "SUAIB");
}

TEST(NatsTexts, SayWhatCredentialsLack) {
    EXPECT_EQ(read_credentials("").error(), "the credentials hold no NATS USER JWT");
    EXPECT_EQ(read_credentials("-----BEGIN NATS USER JWT-----\na.b.c\n---").error(),
              "the credentials hold no USER NKEY SEED");
    EXPECT_EQ(read_credentials("-----BEGIN NATS USER JWT-----\n\n---").error(),
              "the credentials hold no NATS USER JWT");
}

TEST(NatsTexts, TellSubjectsFromFilters) {
    for (const char* good : {"orders", "orders.placed", "a.b-c.D_1", "\xc3\xa4"}) {
        EXPECT_TRUE(is_nats_subject(good)) << good;
        EXPECT_TRUE(is_nats_filter(good)) << good;
    }
    for (const char* wild : {"orders.>", "*.placed", ">", "a.*.b.*"}) {
        EXPECT_FALSE(is_nats_subject(wild)) << wild;
        EXPECT_TRUE(is_nats_filter(wild)) << wild;
    }
    for (const char* bad : {"", ".", "a.", ".a", "a..b", "a b", "a.>.b", "a*", "a.b>", "$JS.API",
                            "_INBOX.x", "a\tb", "a\x7f"}) {
        EXPECT_FALSE(is_nats_subject(bad)) << bad;
        EXPECT_FALSE(is_nats_filter(bad)) << bad;
    }
    EXPECT_FALSE(is_nats_filter(std::string(256, 'a')));
    EXPECT_TRUE(is_nats_stream("ORDERS-1_x"));
    for (const char* bad : {"", "a.b", "a b", "a*", "a>", "a/b", "a\\b"}) {
        EXPECT_FALSE(is_nats_stream(bad)) << bad;
    }
}

TEST(NatsTexts, NameAConsumerByWhatItIsFor) {
    const NatsInbound inbound{"ORDERS", "orders.>", "orders", NatsInbound::Start{}};
    const sagas::Timestamp made{sagas::Milliseconds{1'700'000'000'000}};
    const std::string identity = bridge_identity("shop", made);
    const std::string name = consumer_name("shop", identity, inbound);
    NatsInbound other = inbound;
    other.subject = "orders.*";
    EXPECT_NE(consumer_name("shop", identity, other), name);
    other = inbound;
    other.topic = "copies";
    EXPECT_NE(consumer_name("shop", identity, other), name);
    // A bridge of that name at another server, or made anew, has another place in the stream.
    const std::string others = bridge_identity("shop", made + sagas::Milliseconds{1});
    EXPECT_NE(consumer_name("shop", others, inbound), name);
    // As in an earlier version: a consumer of another name would begin anew.
    EXPECT_EQ(identity, "43e76cbbbf5f53bd");
    EXPECT_EQ(name, "skald-shop-907d66dc3086a264");
}

TEST(NatsTexts, KnowWhatTheBridgePublishedItself) {
    NatsMessage message;
    message.data = "event";
    message.headers = {{"Nats-Msg-Id", "1"}, {kOriginHeader, origin("me", "orders", "event")}};
    EXPECT_TRUE(is_from("me", "orders", message));
    EXPECT_FALSE(is_from("you", "orders", message));
    EXPECT_FALSE(is_from("me", "copies", message));
    message.data = "what somebody made of it";
    EXPECT_FALSE(is_from("me", "orders", message));
    message.headers.clear();
    EXPECT_FALSE(is_from("me", "orders", message));
}

TEST(NatsTexts, AskForAConsumer) {
    const NatsInbound inbound{"ORDERS", "orders.>", "orders",
                              sagas::Timestamp(sagas::Milliseconds{1'700'000'000'000})};
    const auto asked = sagas::parse_json(consumer_config(inbound, "c", sagas::Milliseconds{1'500}));
    ASSERT_TRUE(asked.has_value());
    EXPECT_EQ(asked->at("stream_name"), "ORDERS");
    const sagas::Json& config = asked->at("config");
    EXPECT_EQ(config.at("durable_name"), "c");
    EXPECT_EQ(config.at("ack_policy"), "explicit");
    EXPECT_EQ(config.at("ack_wait"), 1'500'000'000);
    EXPECT_EQ(config.at("filter_subject"), "orders.>");
    EXPECT_EQ(config.at("deliver_policy"), "by_start_time");
    EXPECT_EQ(config.at("opt_start_time"), "2023-11-14T22:13:20.000Z");
}

TEST(NatsTexts, AskForWhatComesBehindTheEnd) {
    // Of the stream as it was when the binding was made, whenever the consumer is.
    const NatsInbound inbound{
        "ORDERS", "orders.>", "orders",
        NatsInbound::End{sagas::Timestamp(sagas::Milliseconds{1'700'000'000'000})}};
    const auto asked = sagas::parse_json(consumer_config(inbound, "c", sagas::Milliseconds{1'500}));
    EXPECT_EQ(asked->at("config").at("deliver_policy"), "by_start_time");
    EXPECT_EQ(asked->at("config").at("opt_start_time"), "2023-11-14T22:13:20.000Z");
}

TEST(NatsTexts, AskForMessages) {
    const sagas::Milliseconds second{1'000};
    EXPECT_EQ(pull_request({100, 4'096, second, second}),
              R"({"batch":100,"expires":1000000000,"idle_heartbeat":1000000000,"max_bytes":4096})");
    EXPECT_EQ(pull_request({1, 0, second, second}),
              R"({"batch":1,"expires":1000000000,"idle_heartbeat":1000000000})");
}

NatsMessage said(std::string data, int status = 0) {
    NatsMessage message;
    message.data = std::move(data);
    message.status = status;
    return message;
}

TEST(NatsTexts, ReadAcknowledgementsOfPublishes) {
    EXPECT_TRUE(read_publish_ack(said(R"({"stream":"S","seq":7})")).has_value());
    EXPECT_TRUE(read_publish_ack(said(R"({"stream":"S","seq":7,"duplicate":true})")).has_value());
    EXPECT_EQ(read_publish_ack(said("", 503)).error().why, "no stream takes the subject");
    EXPECT_EQ(
        read_publish_ack(
            said(R"({"error":{"code":400,"err_code":10077,"description":"maximum messages"}})"))
            .error()
            .why,
        "the stream refused it: maximum messages");
    EXPECT_EQ(read_publish_ack(said(R"({"error":7})")).error().why,
              "the stream refused it: its error can't be read");
    for (const char* const other : {"hello", "{}", "[]", ""}) {
        EXPECT_FALSE(read_publish_ack(said(other)).error().is_of_stream) << other;
    }
}

TEST(NatsTexts, ReadWhatIsSaidOfConsumers) {
    using Kind = JetStreamError::Kind;
    const NatsInbound inbound{"ORDERS", "orders.>", "orders", NatsInbound::Start{}};
    const std::string good =
        R"({"num_pending":3,"config":{"ack_policy":"explicit","filter_subject":"orders.>"}})";
    ASSERT_TRUE(read_consumer(said(good), inbound).has_value());
    EXPECT_EQ(read_consumer(said(good), inbound)->pending, 3u);
    const auto error = [&](const std::string& text, int status = 0) {
        return read_consumer(said(text, status), inbound).error();
    };
    EXPECT_EQ(error(R"({"error":{"err_code":10014}})").kind, Kind::NoConsumer);
    EXPECT_EQ(error(R"({"error":{"err_code":10059}})").kind, Kind::NoStream);
    EXPECT_EQ(error("", 503).kind, Kind::NoJetStream);
    EXPECT_EQ(error(R"({"num_pending":3})").text, "its answer can't be read");
    EXPECT_THAT(error(R"({"config":{"ack_policy":"none"}})").text, HasSubstr("acknowledgements"));
    EXPECT_THAT(error(R"({"config":{"ack_policy":"explicit","deliver_subject":"x"}})").text,
                HasSubstr("push consumer"));
    EXPECT_THAT(error(R"({"config":{"ack_policy":"explicit","filter_subject":"x"}})").text,
                HasSubstr("other subjects"));
}

TEST(NatsTexts, ReadWhereAMessageComesFrom) {
    const auto old = read_delivered("$JS.ACK.ORDERS.cons.1.42.7.1700000000000000000.5");
    ASSERT_TRUE(old.has_value());
    EXPECT_EQ(old->stream, "ORDERS");
    EXPECT_EQ(old->consumer, "cons");
    EXPECT_EQ(old->sequence, 42u);
    EXPECT_EQ(old->pending, 5u);
    const auto with_domain = read_delivered("$JS.ACK.hub.AB12.ORDERS.cons.1.42.7.17.5.x");
    ASSERT_TRUE(with_domain.has_value());
    EXPECT_EQ(with_domain->stream, "ORDERS");
    EXPECT_EQ(with_domain->sequence, 42u);
    for (const char* none : {"", "_INBOX.a.b", "$JS.ACK.a.b", "$JS.ACK.a.b.1.x.7.17.5"}) {
        EXPECT_FALSE(read_delivered(none).has_value()) << none;
    }
}

}  // namespace
}  // namespace skald::engine
