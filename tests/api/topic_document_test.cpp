#include "api/topic_document.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace skald::api {
namespace {

using sagas::Json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TopicDocument document(const std::string& text) {
    sagas::Problems problems;
    auto read = TopicDocument::read(Json::parse(text), problems);
    EXPECT_TRUE(read) << text;
    return read ? std::move(*read) : TopicDocument();
}

/// "POINTER CODE" of each fault.
std::vector<std::string> texts(const std::vector<sagas::Problem>& problems) {
    std::vector<std::string> found;
    for (const sagas::Problem& each : problems) found.push_back(each.pointer + " " + each.code);
    return found;
}

std::vector<std::string> faults_in(const std::string& text) {
    sagas::Problems problems;
    EXPECT_FALSE(TopicDocument::read(Json::parse(text), problems)) << text;
    return texts(problems.take());
}

Json event(const std::string& type, const Json& data) {
    return {{"specversion", "1.0"}, {"id", "1"}, {"source", "/s"}, {"type", type}, {"data", data}};
}

TEST(TopicDocument, MaySayNothing) {
    const TopicDocument empty = document("{}");
    EXPECT_THAT(empty.faults_of(event("x", 1), ""), IsEmpty());
    EXPECT_FALSE(empty.retain_for());
    EXPECT_FALSE(empty.retain_bytes());
}

TEST(TopicDocument, SaysForHowLongEventsAreKept) {
    const TopicDocument kept = document(R"({"retention": {"age": "30d", "bytes": 1048576}})");
    EXPECT_EQ(kept.retain_for(), std::chrono::hours{24} * 30);
    EXPECT_EQ(kept.retain_bytes(), 1'048'576u);
}

TEST(TopicDocument, TellsAllItsFaults) {
    EXPECT_THAT(faults_in("[]"), ElementsAre(" wrong-type"));
    EXPECT_THAT(faults_in(R"({"type": {}})"), ElementsAre("/type unknown-field"));
    EXPECT_THAT(faults_in(R"({"types": []})"), ElementsAre("/types wrong-type"));
    EXPECT_THAT(faults_in(R"({"types": {"a/b": 1}})"), ElementsAre("/types/a~1b wrong-type"));
    EXPECT_THAT(faults_in(R"({"types": {"": {"schema": true}}})"),
                ElementsAre("/types/ wrong-value"));
    EXPECT_THAT(
        faults_in(R"({"types": {"a": {"compatible": "yes"}, "b": {"schema": {"typ": "object"}}},
                      "closed": 1, "retention": {"age": "1s", "bytes": 5, "size": 1}})"),
        ElementsAre("/closed wrong-type", "/retention/age out-of-range",
                    "/retention/bytes out-of-range", "/retention/size unknown-field",
                    "/types/a missing-field", "/types/a/compatible wrong-type",
                    "/types/b/schema/typ schema-keyword"));
    Json many = Json::object();
    for (std::size_t i = 0; i <= kContractTypesMax; ++i) {
        many["types"]["t" + std::to_string(i)]["schema"] = true;
    }
    EXPECT_THAT(faults_in(many.dump()), ElementsAre("/types too-many"));
}

TEST(TopicDocument, HoldsEventsAgainstTheirContract) {
    const TopicDocument contract = document(R"({"types": {
        "placed": {"schema": {"type": "object", "required": ["id"],
                              "properties": {"id": {"type": "string"}}}},
        "any": {"schema": true}, "none": {"schema": false}}})");
    EXPECT_THAT(contract.faults_of(event("placed", {{"id", "o-1"}}), ""), IsEmpty());
    EXPECT_THAT(texts(contract.faults_of(event("placed", {{"id", 1}}), "/7")),
                testing::Contains("/7/data/id schema-violation"));
    EXPECT_THAT(texts(contract.faults_of(event("placed", nullptr), "")),
                ElementsAre("/data schema-violation"));
    Json without = event("placed", 1);
    without.erase("data");
    EXPECT_THAT(texts(contract.faults_of(without, "")), ElementsAre("/data schema-violation"));
    without["data_base64"] = "YQ==";
    EXPECT_THAT(texts(contract.faults_of(without, "")),
                ElementsAre("/data_base64 schema-violation"));
    EXPECT_THAT(contract.faults_of(event("any", 1), ""), IsEmpty());
    EXPECT_THAT(texts(contract.faults_of(event("none", 1), "")),
                ElementsAre("/data schema-violation"));
    EXPECT_THAT(contract.faults_of(event("other", 1), ""), IsEmpty());
}

TEST(TopicDocument, MayBeClosed) {
    const TopicDocument contract =
        document(R"({"closed": true, "types": {"placed": {"schema": true}}})");
    EXPECT_THAT(contract.faults_of(event("placed", 1), ""), IsEmpty());
    const auto faults = contract.faults_of(event("plaecd", 1), "/2");
    EXPECT_THAT(texts(faults), ElementsAre("/2/type unknown-type"));
    EXPECT_THAT(faults[0].hint, HasSubstr("did you mean \"placed\"?"));
}

TEST(TopicDocument, SaysWhetherAChangeIsCompatible) {
    const TopicDocument before = document(R"({"types": {
        "a": {"schema": {"type": "object"}}, "b": {"schema": {"type": "string"}},
        "c": {"schema": true}}})");
    const auto unsaid = [&](const std::string& after) {
        return texts(document(after).unsaid_since(before, 3));
    };
    const std::string kept = R"("b": {"schema": {"type": "string"}}, "c": {"schema": true}})";
    EXPECT_THAT(unsaid(R"({"types": {"a": {"schema": {"type": "object"}}, )" + kept + "}"),
                IsEmpty());
    EXPECT_THAT(unsaid(R"({"types": {"a": {"schema": {"type": "array"}}, )" + kept + "}"),
                ElementsAre("/types/a compatible-missing"));
    for (const char* said : {"true", "false"}) {
        EXPECT_THAT(unsaid(R"({"types": {"a": {"schema": {"type": "array"}, "compatible": )" +
                           std::string(said) + "}, " + kept + "}"),
                    IsEmpty());
    }
    // Dropped; of one that took everything there is nothing to say.
    EXPECT_THAT(unsaid("{}"),
                ElementsAre("/types/a compatible-missing", "/types/b compatible-missing"));
    EXPECT_THAT(unsaid(R"({"closed": true})"),
                ElementsAre("/types/a compatible-missing", "/types/b compatible-missing",
                            "/types/c compatible-missing"));
    EXPECT_THAT(unsaid(R"({"types": {"a": {"schema": true, "compatible": false}, )" + kept + "}"),
                IsEmpty());
    // A new type.
    EXPECT_THAT(
        unsaid(R"({"types": {"a": {"schema": {"type": "object"}}, "d": {"schema": false}, )" +
               kept + "}"),
        IsEmpty());
}

}  // namespace
}  // namespace skald::api
