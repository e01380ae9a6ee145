#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "tests/api/engine_in_memory.h"

namespace skald::api {

/// What came of pushes is durable so soon.
inline constexpr sagas::Milliseconds kWritten{20};

inline const sagas::Json kPull = {
    {"topic", "orders"}, {"from", "start"}, {"pull", sagas::Json::object()}};

inline sagas::Json push_to(const std::string& url) {
    return {{"topic", "orders"}, {"push", {{"url", url}, {"secret", "$secrets.WEBHOOK_KEY"}}}};
}

/// A test that makes subscriptions, publishes, and takes events.
class Subscribing : public testing::Test {
 protected:
    static std::string target(const std::string& name, const std::string& part = "") {
        return "/v1/subscriptions/" + name + part;
    }
    Reply put(const std::string& name, const sagas::Json& document,
              EngineInMemory::Headers headers = {}) {
        Reply reply = engine.call("PUT", target(name), document.dump(), std::move(headers));
        engine.settle();
        return reply;
    }
    void subscribe(const std::string& name, const sagas::Json& document = kPull) {
        const Reply reply = put(name, document);
        ASSERT_EQ(reply.status, 201) << reply.body;
    }
    void publish(const std::string& id, const std::string& subject = "",
                 const std::string& type = "placed", const std::string& topic = "orders") {
        sagas::Json event = {{"specversion", "1.0"}, {"id", id}, {"source", "/s"}, {"type", type}};
        if (!subject.empty()) event["subject"] = subject;
        const Reply reply = engine.call("POST", "/v1/topics/" + topic + "/events", event.dump(),
                                        {{"content-type", "application/cloudevents+json"}});
        ASSERT_EQ(reply.status, 202) << reply.body;
        engine.settle();
    }
    Document shown(const std::string& name) {
        engine.advance(kWritten);
        return body_of(engine.call("GET", target(name)));
    }
    Reply post(const std::string& name, const std::string& part, const sagas::Json& body) {
        Reply reply = engine.call("POST", target(name, part), body.dump());
        engine.settle();
        return reply;
    }
    std::vector<Document> fetch(const std::string& name,
                                const sagas::Json& body = sagas::Json::object()) {
        const Reply reply = post(name, "/fetch", body);
        EXPECT_EQ(reply.status, 200) << reply.body;
        const Document read = body_of(reply);
        return {read["events"].begin(), read["events"].end()};
    }
    static std::vector<std::int64_t> offsets(const std::vector<Document>& events) {
        std::vector<std::int64_t> found;
        for (const Document& each : events) found.push_back(each["offset"]);
        return found;
    }
    static sagas::Json leases(const std::vector<Document>& events) {
        sagas::Json found = sagas::Json::array();
        for (const Document& each : events) found.push_back(each["lease"].get<std::string>());
        return found;
    }
    Document answer(const std::string& name, const std::string& part, sagas::Json body) {
        const Reply reply = post(name, part, body);
        EXPECT_EQ(reply.status, 200) << reply.body;
        return body_of(reply);
    }
    Document acknowledge(const std::string& name, const std::vector<Document>& events) {
        return answer(name, "/ack", {{"leases", leases(events)}});
    }
    /// Fails the next event until it is a dead letter.
    void bury_next(const std::string& name) {
        const std::vector<Document> events = fetch(name, {{"limit", 1}});
        ASSERT_EQ(events.size(), 1u);
        answer(name, "/nack", {{"leases", leases(events)}, {"error", "no such\ncustomer"}});
    }
    std::vector<std::int64_t> dead(const std::string& name, const std::string& query = "") {
        const Document page = body_of(engine.call("GET", target(name, "/dead-letters" + query)));
        return offsets({page["dead_letters"].begin(), page["dead_letters"].end()});
    }
    static std::string type_of(const Reply& reply) {
        return body_of(reply).value("type", "").substr(std::string("urn:skald:problem:").size());
    }

    EngineInMemory engine;
};

}  // namespace skald::api
