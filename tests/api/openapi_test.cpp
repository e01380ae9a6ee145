#include "api/openapi.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "api/problem.h"
#include "tests/api/engine_in_memory.h"
#include "tests/api/openapi_document.h"

namespace skald::api {
namespace {

using sagas::Json;
using testing::Contains;
using testing::IsEmpty;
using Texts = std::set<std::string>;

/// As docs/api.md lists them: what any request can be refused with, before its route counts.
const Texts kOfEveryRoute{"invalid-request",
                          "origin-not-allowed",
                          "request-timeout",
                          "length-required",
                          "target-too-long",
                          "unsupported-media-type",
                          "misdirected-request",
                          "headers-too-large",
                          "internal",
                          "busy",
                          "unauthorized",
                          "body-too-large",
                          "http-version-not-supported"};

class OpenApi : public testing::Test {
 protected:
    EngineInMemory engine_;
    const Reply reply_ = engine_.call("GET", "/openapi.json");
    const OpenApiDocument document_{Json::parse(reply_.body)};

    const OpenApiDocument::Operation& operation_of(const Route& route) const {
        return document_.operation(route.operation_id);
    }
    /// Of the document, by the last part of their URNs.
    Texts problems(const OpenApiDocument::Operation& operation) const;
    /// The objects of the document that have a member `name` and are no part of an example.
    std::vector<const Json*> objects_with(const std::string& name) const {
        std::vector<const Json*> found;
        gather(document_.root(), name, found);
        return found;
    }

 private:
    static void gather(const Json& json, const std::string& name, std::vector<const Json*>& found) {
        if (!json.is_structured()) return;
        if (json.is_object() && json.contains(name)) found.push_back(&json);
        for (const auto& [key, child] : json.items()) {
            if (!json.is_object() || (key != "value" && key != "example")) {
                gather(child, name, found);
            }
        }
    }
};

Texts OpenApi::problems(const OpenApiDocument::Operation& operation) const {
    Texts found;
    for (const auto& [status, response] : operation.object->at("responses").items()) {
        const Json& answer = document_.resolve(response);
        if (!answer.contains("content")) continue;
        const auto content = answer.at("content").find("application/problem+json");
        if (content == answer.at("content").end()) continue;
        for (const auto& [name, example] : content->at("examples").items()) {
            EXPECT_EQ(document_.resolve(example).at("value").at("status"), std::stoi(status));
            EXPECT_EQ(document_.resolve(example).at("value").at("type"),
                      "urn:skald:problem:" + name);
            found.insert(name);
        }
    }
    return found;
}

std::string short_name(ProblemType type) {
    return std::string(urn(type).substr(std::string_view("urn:skald:problem:").size()));
}

TEST_F(OpenApi, IsServed) {
    EXPECT_EQ(reply_.status, 200);
    EXPECT_EQ(reply_.content_type, "application/json");
    EXPECT_EQ(document_.root().at("openapi"), "3.1.0");
    EXPECT_NE(document_.root().at("info").at("version"), "");
    EXPECT_EQ(engine_.call("GET", "/openapi.json").body, reply_.body);
}

TEST_F(OpenApi, HasTheRoutesOfTheTable) {
    Texts documented;
    for (const auto& each : document_.operations()) {
        documented.insert(each.method + " " + each.path + " " + each.id());
    }
    Texts served;
    for (const Route& each : engine_.table().routes()) {
        served.insert(each.method + " " + each.path + " " + each.operation_id);
    }
    EXPECT_EQ(documented, served);
}

TEST_F(OpenApi, HasTheParametersOfEachRoute) {
    for (const Route& route : engine_.table().routes()) {
        SCOPED_TRACE(route.operation_id);
        Texts documented;
        for (const auto& [name, parameter] : document_.parameters(operation_of(route), "query")) {
            documented.insert(name);
        }
        EXPECT_EQ(documented, Texts(route.parameters.begin(), route.parameters.end()));
    }
}

TEST_F(OpenApi, HasTheParametersOfEachPath) {
    for (const auto& operation : document_.operations()) {
        SCOPED_TRACE(operation.id());
        Texts in_path;
        for (std::size_t at = 0; (at = operation.path.find('{', at)) != std::string::npos; ++at) {
            in_path.insert(operation.path.substr(at + 1, operation.path.find('}', at) - at - 1));
        }
        Texts documented;
        for (const auto& [name, parameter] : document_.parameters(operation, "path")) {
            documented.insert(name);
            EXPECT_EQ(parameter.value("required", false), true);
        }
        EXPECT_EQ(documented, in_path);
    }
}

TEST_F(OpenApi, HasTheProblemsOfEachRoute) {
    for (const Route& route : engine_.table().routes()) {
        SCOPED_TRACE(route.operation_id);
        const Texts documented = problems(operation_of(route));
        Texts of_the_route;
        for (const ProblemType type : route.problems) of_the_route.insert(short_name(type));
        EXPECT_TRUE(std::includes(documented.begin(), documented.end(), of_the_route.begin(),
                                  of_the_route.end()));
        Texts others;
        for (const std::string& each : documented) {
            if (!of_the_route.contains(each)) others.insert(each);
        }
        Texts expected = kOfEveryRoute;
        if (route.method == "GET") expected.erase("body-too-large");
        if (route.audience != Audience::Clients) expected.erase("unauthorized");
        for (const std::string& each : of_the_route) expected.erase(each);
        EXPECT_EQ(others, expected);
    }
}

TEST_F(OpenApi, HasAllProblemTypes) {
    const Json& schema = document_.root().at("components").at("schemas").at("Problem");
    Texts types;
    for (const ProblemType type : problem_types()) {
        SCOPED_TRACE(urn(type));
        types.insert(std::string(urn(type)));
        const Json& value =
            document_.root().at("components").at("examples")[short_name(type)].at("value");
        EXPECT_EQ(value.at("title"), title(type));
        EXPECT_NE(value.at("detail"), "");
        EXPECT_THAT(document_.faults(schema, value), IsEmpty());
    }
    EXPECT_EQ(schema.at("properties").at("type").at("enum").get<Texts>(), types);
    for (const char* routeless : {"not-found", "method-not-allowed"}) {
        EXPECT_TRUE(document_.root().at("components").at("responses").contains(routeless));
    }
}

TEST_F(OpenApi, AsksForNoTokenWhereNoneIsNeeded) {
    for (const Route& route : engine_.table().routes()) {
        SCOPED_TRACE(route.operation_id);
        const Json& operation = *operation_of(route).object;
        EXPECT_EQ(operation.contains("security"), route.audience != Audience::Clients);
        EXPECT_EQ(operation.value("security", Json::array()), Json::array());
    }
}

TEST_F(OpenApi, LeadsSomewhereWithEachReference) {
    Texts used;
    for (const Json* reference : objects_with("$ref")) {
        SCOPED_TRACE(*reference);
        EXPECT_NO_THROW(document_.resolve(*reference));
        used.insert(reference->at("$ref").get<std::string>());
    }
    // And everything there is led to.
    for (const auto& [kind, components] : document_.root().at("components").items()) {
        if (kind == "securitySchemes" || kind == "responses") continue;
        for (const auto& [name, component] : components.items()) {
            // What is sent as the data of an event has no place of its own in OpenAPI.
            if (kind == "schemas" && name.ends_with("Event")) continue;
            EXPECT_THAT(
                used, Contains(std::string("#/components/").append(kind).append("/").append(name)));
        }
    }
}

TEST_F(OpenApi, DescribesEverythingThatIsSentWithAnExample) {
    std::size_t count = 0;
    for (const Json* sent : objects_with("content")) {
        for (const auto& [type, media] : sent->at("content").items()) {
            ASSERT_TRUE(media.contains("examples")) << media;
            for (const auto& [name, example] : media.at("examples").items()) {
                SCOPED_TRACE(name);
                EXPECT_THAT(
                    document_.faults(media.at("schema"), document_.resolve(example).at("value")),
                    IsEmpty());
                ++count;
            }
        }
    }
    EXPECT_GT(count, document_.operations().size());
}

TEST_F(OpenApi, HasFittingExamplesOfParameters) {
    for (const auto& operation : document_.operations()) {
        for (const char* in : {"path", "query", "header"}) {
            for (const auto& [name, parameter] : document_.parameters(operation, in)) {
                if (name == "cursor") continue;  // Nobody can make one up.
                SCOPED_TRACE(operation.id() + " " + name);
                ASSERT_TRUE(parameter.contains("example"));
                EXPECT_THAT(document_.faults(parameter.at("schema"), parameter.at("example")),
                            IsEmpty());
            }
        }
    }
}

TEST_F(OpenApi, LeavesNoMembersOpen) {
    for (const Json* schema : objects_with("properties")) {
        if (schema->at("properties").contains("openapi")) continue;  // The document itself.
        SCOPED_TRACE(*schema);
        EXPECT_EQ(schema->value("additionalProperties", Json(true)), false);
    }
}

TEST_F(OpenApi, SaysWhatEachOperationIs) {
    for (const auto& operation : document_.operations()) {
        SCOPED_TRACE(operation.id());
        EXPECT_TRUE(operation.object->contains("summary"));
        EXPECT_EQ(operation.object->at("tags").size(), 1u);
        for (const auto& [name, parameter] : document_.parameters(operation, "query")) {
            EXPECT_TRUE(parameter.contains("description")) << name;
        }
    }
}

}  // namespace
}  // namespace skald::api
