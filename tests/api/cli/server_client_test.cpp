#include "api/server_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>

#include <thread>

namespace skald::api {
namespace {

using cli::ServerEvent;
using testing::HasSubstr;

/// A server of cpp-httplib on a free port, which answers as a test tells it.
class ServerClientTest : public testing::Test {
 protected:
    void SetUp() override {
        port_ = server.bind_to_any_port("127.0.0.1");
        ASSERT_GT(port_, 0);
    }
    void TearDown() override {
        server.stop();
        if (thread_.joinable()) thread_.join();
    }
    /// After the server was told what to answer.
    std::unique_ptr<ServerClient> connect(const std::string& path = "") {
        thread_ = std::jthread([this] { server.listen_after_bind(); });
        auto client =
            make_server_client("http://127.0.0.1:" + std::to_string(port_) + path, "t0ken");
        return client ? std::move(*client) : nullptr;
    }
    /// Sends `text` as an event stream, in pieces that end at each '|'; in chunks or until the
    /// connection's end.
    enum class Framing : std::uint8_t { Chunked, UntilClose };
    void stream_text(const std::string& path, const std::string& text, Framing framing) {
        server.Get(path, [text, framing](const httplib::Request&, httplib::Response& response) {
            const auto provide = [text](std::size_t offset, httplib::DataSink& sink) {
                (void)offset;
                std::istringstream pieces(text);
                for (std::string piece; std::getline(pieces, piece, '|');) {
                    sink.write(piece.data(), piece.size());
                }
                sink.done();
                return true;
            };
            if (framing == Framing::Chunked) {
                response.set_chunked_content_provider("text/event-stream", provide);
            } else {
                response.set_content_provider("text/event-stream", provide);
            }
        });
    }
    /// All events of the stream, and how it ended.
    sagas::Result<ServerReply> read(ServerClient& client, const std::string& path) {
        return client.stream({"GET", path, "", {{"Last-Event-ID", "7"}}},
                             [this](std::span<const ServerEvent> events) {
                                 EXPECT_FALSE(events.empty());
                                 read_.insert(read_.end(), events.begin(), events.end());
                                 return Following::GoOn;
                             });
    }

    httplib::Server server;
    std::vector<ServerEvent> read_;

 private:
    int port_ = 0;
    std::jthread thread_;
};

TEST_F(ServerClientTest, ReadsAStreamToItsEnd) {
    const std::string text =
        "id: 1\nda|ta: a\n\n: ping\n\n|data: b\n\nid: 2\ndata: c\n\n|data: cut";
    stream_text("/x/chunked", text, Framing::Chunked);
    stream_text("/x/closed", text, Framing::UntilClose);
    const auto client = connect("/x/");
    for (const char* path : {"/chunked", "/closed"}) {
        read_.clear();
        const auto end = read(*client, path);
        ASSERT_TRUE(end) << end.error().message;
        EXPECT_EQ(end->status, 200);
        EXPECT_THAT(read_, testing::ElementsAre(ServerEvent{"1", "message", "a"},
                                                ServerEvent{"1", "message", "b"},
                                                ServerEvent{"2", "message", "c"}))
            << path;
    }
}

TEST_F(ServerClientTest, SendsWhatItWasGiven) {
    std::multimap<std::string, std::string> headers;
    server.Get("/events", [&headers](const httplib::Request& request, httplib::Response& response) {
        headers.insert(request.headers.begin(), request.headers.end());
        response.set_content("data: x\n\n", "text/event-stream");
    });
    const auto client = connect();
    ASSERT_TRUE(read(*client, "/events"));
    EXPECT_EQ(headers.find("Last-Event-ID")->second, "7");
    EXPECT_EQ(headers.find("Accept")->second, "text/event-stream");
    EXPECT_EQ(headers.find("Authorization")->second, "Bearer t0ken");
}

TEST_F(ServerClientTest, EndsAStreamThatNobodyWantsAnyMore) {
    server.Get("/endless", [](const httplib::Request&, httplib::Response& response) {
        response.set_chunked_content_provider("text/event-stream",
                                              [](std::size_t, httplib::DataSink& sink) {
                                                  const std::string event = "data: x\n\n";
                                                  return sink.write(event.data(), event.size());
                                              });
    });
    const auto client = connect();
    int calls = 0;
    const auto end =
        client->stream({"GET", "/endless", "", {}}, [&calls](std::span<const ServerEvent>) {
            return ++calls == 2 ? Following::End : Following::GoOn;
        });
    ASSERT_TRUE(end) << end.error().message;
    EXPECT_EQ(end->status, 200);
    EXPECT_EQ(calls, 2);
}

TEST_F(ServerClientTest, GivesTheProblemWhereThereIsNoStream) {
    server.Get("/gone", [](const httplib::Request&, httplib::Response& response) {
        response.status = 404;
        response.set_content(R"({"detail": "No."})", "application/problem+json");
    });
    server.Get("/page", [](const httplib::Request&, httplib::Response& response) {
        response.set_content("<html>", "text/html");
    });
    const auto client = connect();
    const auto gone = read(*client, "/gone");
    ASSERT_TRUE(gone) << gone.error().message;
    EXPECT_EQ(gone->status, 404);
    EXPECT_EQ(gone->body["detail"], "No.");
    const auto page = read(*client, "/page");
    ASSERT_FALSE(page);
    EXPECT_THAT(page.error().message, HasSubstr("no stream"));
    EXPECT_TRUE(read_.empty());
}

TEST_F(ServerClientTest, TellsThatNobodyIsThere) {
    auto client = connect();
    ASSERT_TRUE(client->send({"GET", "/", "", {}}));
    server.stop();
    const auto end = read(*client, "/events");
    ASSERT_FALSE(end);
    EXPECT_EQ(end.error().code, sagas::ErrorCode::Unavailable);
    EXPECT_THAT(end.error().message, HasSubstr("can't connect"));
}

TEST_F(ServerClientTest, SendsAndReadsJson) {
    server.Post("/v1/sagas", [](const httplib::Request& request, httplib::Response& response) {
        response.status = 201;
        response.set_content(R"({"got": )" + request.body + "}", "application/json");
    });
    server.Get("/page", [](const httplib::Request&, httplib::Response& response) {
        response.set_content("<html>", "text/html");
    });
    const auto client = connect();
    const auto reply = client->send({"POST", "/v1/sagas", "{\"a\":1}", {}});
    ASSERT_TRUE(reply) << reply.error().message;
    EXPECT_EQ(reply->status, 201);
    EXPECT_EQ(reply->body["got"]["a"], 1);
    const auto page = client->send({"GET", "/page", "", {}});
    ASSERT_FALSE(page);
    EXPECT_THAT(page.error().message, HasSubstr("no JSON"));
}

}  // namespace
}  // namespace skald::api
