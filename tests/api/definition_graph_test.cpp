#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/definition_schema.h"
#include "tests/api/engine_in_memory.h"

namespace skald::api {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class DefinitionGraphs : public testing::Test {
 protected:
    DefinitionGraphs() {
        engine.put_definition(definition("order", {step("reserve")}));
        engine.put_definition(definition("order", {step("reserve"), step("charge")}));
    }
    Reply graph(const std::string& query = "") {
        return engine.call("GET", "/v1/definitions/order/graph" + query);
    }

    EngineInMemory engine;
};

TEST_F(DefinitionGraphs, AreWrittenInTheFormatThatIsAskedFor) {
    const Reply json = graph();
    EXPECT_EQ(json.status, 200);
    EXPECT_EQ(json.content_type, "application/json");
    EXPECT_EQ(body_of(json)["steps"].size(), 2u);
    EXPECT_EQ(graph("?format=json").body, json.body);
    const Reply mermaid = graph("?format=mermaid");
    EXPECT_EQ(mermaid.content_type, "text/vnd.mermaid; charset=utf-8");
    EXPECT_THAT(mermaid.body, StartsWith("flowchart TD\n"));
    const Reply dot = graph("?format=dot");
    EXPECT_EQ(dot.content_type, "text/vnd.graphviz; charset=utf-8");
    EXPECT_THAT(dot.body, StartsWith("digraph \"order\" {\n"));
    const Reply bad = graph("?format=png");
    EXPECT_EQ(bad.status, 400);
    EXPECT_THAT(bad.body, HasSubstr("must be json, mermaid or dot"));
}

TEST_F(DefinitionGraphs, AreOfOneVersion) {
    EXPECT_EQ(body_of(graph("?version=1"))["steps"].size(), 1u);
    EXPECT_EQ(body_of(graph("?version=2"))["steps"].size(), 2u);
    EXPECT_EQ(graph("?version=3").status, 404);
    EXPECT_EQ(graph("?version=0").status, 400);
    EXPECT_EQ(graph("?version=x").status, 400);
    EXPECT_EQ(engine.call("GET", "/v1/definitions/parcel/graph").status, 404);
    EXPECT_EQ(engine.call("GET", "/v1/definitions/Parcel/graph").status, 400);
}

TEST_F(DefinitionGraphs, StayOfADeletedDefinitionsVersions) {
    EXPECT_EQ(engine.call("DELETE", "/v1/definitions/order").status, 204);
    EXPECT_EQ(graph().status, 404);
    EXPECT_EQ(graph("?version=2").status, 200);
}

TEST(DefinitionSchemaResource, IsServed) {
    EngineInMemory engine;
    const Reply reply = engine.call("GET", "/v1/schemas/definition.json");
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.content_type, "application/schema+json");
    EXPECT_EQ(reply.body, definition_schema_resource());
    EXPECT_EQ(body_of(reply)["$schema"], "http://json-schema.org/draft-07/schema#");
}

}  // namespace
}  // namespace skald::api
