#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/api/engine_in_memory.h"

/// Sagas that wait, queue, have children or elements.
namespace skald::api {

/// A step that pauses.
inline sagas::Json pause(const std::string& name, const sagas::Json& wait) {
    return {{"name", name}, {"action", {{"wait", wait}}}};
}
/// A step that calls a child.
inline sagas::Json child_step(const std::string& name, const std::string& child) {
    return {
        {"name", name},
        {"action", {{"saga", {{"definition", child}, {"input", {{"order", "$input.order"}}}}}}}};
}

class SagaWaits : public testing::Test {
 protected:
    Reply start(const std::string& name, const std::string& id, const sagas::Json& input) {
        const sagas::Json body = {{"definition", name}, {"id", id}, {"input", input}};
        Reply reply = engine.call("POST", "/v1/sagas", body.dump());
        engine.settle();
        return reply;
    }
    void expect_started(const std::string& name, const std::string& id,
                        const sagas::Json& input = {{"order", 7}}) {
        const Reply reply = start(name, id, input);
        ASSERT_EQ(reply.status, 201) << reply.body;
    }
    Document get(const std::string& target) {
        const Reply reply = engine.call("GET", target);
        EXPECT_EQ(reply.status, 200) << reply.body;
        return body_of(reply);
    }
    Document saga(const std::string& id) { return get("/v1/sagas/" + id); }
    Document plan(const std::string& id) { return get("/v1/sagas/" + id + "/plan"); }
    /// Participants of these paths have not answered yet.
    void hold(std::vector<std::string> paths) {
        engine.participants = [paths = std::move(paths)](
                                  const sagas::Request& request) -> std::optional<sagas::Answer> {
            for (const std::string& path : paths) {
                if (request.target == path) return std::nullopt;
            }
            return reply(200, sagas::Json::object());
        };
    }

    EngineInMemory engine;
};

/// "send/3" for each entry of a plan.
inline std::vector<std::string> steps_of(const Document& entries) {
    std::vector<std::string> names;
    for (const Document& entry : entries) {
        std::string name = entry["step"];
        if (entry.contains("item")) name += "/" + entry["item"].dump();
        names.push_back(std::move(name));
    }
    return names;
}

class SagaElements : public SagaWaits {
 protected:
    void SetUp() override {
        sagas::Json send = step("send");
        send["for_each"] = "$input.items";
        send["max_parallel"] = 2;
        send["in_doubt"] = "park";
        send["retry"] = {{"maximum_attempts", 1}};
        send["action"]["http"]["body"] = {{"item", "$item"}, {"index", "$index"}};
        engine.put_definition(definition("order", {step("reserve"), send}));
    }
    void expect_started_with(std::size_t count) {
        sagas::Json items = sagas::Json::array();
        for (std::size_t i = 0; i < count; ++i) items.push_back("i" + std::to_string(i));
        expect_started("order", "a", {{"order", 7}, {"items", items}});
    }
    /// Item 1 is in doubt.
    void lose_one() {
        engine.participants = [](const sagas::Request& request) -> std::optional<sagas::Answer> {
            if (request.body.find("\"i1\"") != std::string::npos) return reply(503);
            return reply(200, {{"sent", request.body.size()}});
        };
    }
};

}  // namespace skald::api
