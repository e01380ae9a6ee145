#include "examples/events/event_client.h"

#include <gmock/gmock.h>
#include <httplib.h>

#include <string>
#include <thread>

namespace events {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr std::chrono::seconds kNoWait{0};

/// A server that answers every request alike, and keeps the latest one.
class Server {
 public:
    Server() {
        const auto answer = [this](const httplib::Request& request, httplib::Response& response) {
            path_ = request.target;
            type_ = request.get_header_value("Content-Type");
            body_ = request.body.empty() ? json() : json::parse(request.body);
            response.status = status;
            response.set_content(reply, "application/json");
        };
        http_.Post(".*", answer).Get(".*", answer);
        port_ = http_.bind_to_any_port("127.0.0.1");
        thread_ = std::thread([this] { http_.listen_after_bind(); });
        while (!http_.is_running()) {  // Or it could not be stopped.
            std::this_thread::yield();
        }
    }
    ~Server() {
        http_.stop();
        thread_.join();
    }

    std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
    const std::string& path() const { return path_; }
    const std::string& type() const { return type_; }
    const json& body() const { return body_; }

    int status = 200;
    std::string reply;

 private:
    httplib::Server http_;
    int port_ = 0;
    std::thread thread_;
    std::string path_;
    std::string type_;
    json body_;
};

struct EventClientTest : testing::Test {
    EventClientTest() { client = std::make_unique<EventClient>(server.url()); }

    Server server;
    std::unique_ptr<EventClient> client;
};

TEST_F(EventClientTest, FetchesWithALeaseForEachEvent) {
    server.reply = R"({"events": [{"offset": 7, "lease": "l-7", "attempt": 2,
                                   "until": "2026-01-01T00:00:00Z", "event": {"id": "e"}}]})";
    const auto deliveries = client->fetch("stock", 10, std::chrono::seconds{20});
    EXPECT_EQ(server.path(), "/v1/subscriptions/stock/fetch");
    EXPECT_EQ(server.body(), json({{"limit", 10}, {"wait", "20s"}}));
    ASSERT_THAT(deliveries, SizeIs(1));
    EXPECT_EQ(deliveries[0].offset, 7u);
    EXPECT_EQ(deliveries[0].lease, "l-7");
    EXPECT_EQ(deliveries[0].attempt, 2u);
    EXPECT_EQ(deliveries[0].event, json({{"id", "e"}}));

    server.reply = R"({"events": []})";
    EXPECT_THAT(client->fetch("stock", 10, kNoWait), IsEmpty());
}

TEST_F(EventClientTest, SaysWhetherTheLeaseStillHeldWhenItAcknowledges) {
    const Delivery delivery{7, json::object(), "l-7", 1};
    server.reply = R"({"done": 1, "stale": []})";
    EXPECT_TRUE(client->acknowledge("stock", delivery));
    EXPECT_EQ(server.path(), "/v1/subscriptions/stock/ack");
    EXPECT_EQ(server.body(), json({{"leases", {"l-7"}}}));
    server.reply = R"({"done": 0, "stale": ["l-7"]})";
    EXPECT_FALSE(client->acknowledge("stock", delivery));
}

TEST_F(EventClientTest, PublishesOneEventOrABatch) {
    server.status = 202;
    server.reply = R"({"offsets": [1]})";
    client->publish("orders", {{"id", "e"}});
    EXPECT_EQ(server.path(), "/v1/topics/orders/events");
    EXPECT_EQ(server.type(), "application/cloudevents+json");
    client->publish("orders", json::array({{{"id", "e"}}}));
    EXPECT_EQ(server.type(), "application/cloudevents-batch+json");
}

TEST_F(EventClientTest, ReadsBehindAnOffset) {
    server.reply = R"({"events": [{"offset": 8, "event": {"id": "e"}}], "next": 8, "last": 9})";
    const Page page = client->read("orders", 7, kNoWait);
    EXPECT_EQ(server.path(), "/v1/topics/orders/events?after=7&wait=0s");
    EXPECT_EQ(page.next, 8u);
    ASSERT_THAT(page.events, SizeIs(1));
    EXPECT_EQ(page.events[0].offset, 8u);
}

int status_of_trouble(EventClient& client) {
    try {
        client.publish("orders", {{"id", "e"}});
    } catch (const Trouble& trouble) {
        EXPECT_THAT(trouble.what(), HasSubstr("/v1/topics/orders/events"));
        return trouble.status;
    }
    return -1;
}

TEST_F(EventClientTest, ThrowsWhatWasRefusedWithItsReason) {
    server.status = 422;
    server.reply = R"({"detail": "The event breaks the contract."})";
    EXPECT_EQ(status_of_trouble(*client), 422);
    server.reply = "a proxy's page";
    EXPECT_EQ(status_of_trouble(*client), 422);
    server.status = 202;
    EXPECT_EQ(status_of_trouble(*client), 202);
}

TEST(EventClient, ThrowsWhereNobodyAnswers) {
    std::string url;
    {
        const Server server;
        url = server.url();
    }
    EventClient client(url);
    EXPECT_EQ(status_of_trouble(client), 0);
}

}  // namespace
}  // namespace events
