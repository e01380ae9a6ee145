#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/api/running_skald.h"
#include "tests/outside/http_message.h"

namespace skald::end_to_end {
namespace {

using testing::HasSubstr;

struct Case {
    std::string what;
    std::string method;
    std::string target;
    std::string body;
    int status;
    std::string type;
    std::string detail;  ///< Is part of the whole answer: says where or what.
};

class EndToEndBadInput : public testing::Test {
 protected:
    void SetUp() override {
        Json order = definition("order", {"reserve"}, participants.port());
        order["input_schema"] = {{"type", "object"}, {"required", {"order"}}};
        ASSERT_EQ(skald.send("PUT", "/v1/definitions/order", order.dump()).status, 201);
    }
    void expect_refused(const Case& each) {
        SCOPED_TRACE(each.what);
        const auto answer = skald.send(each.method, each.target, each.body);
        EXPECT_EQ(answer.status, each.status) << answer.text;
        EXPECT_EQ(outside::find_header(answer.headers, "Content-Type"), "application/problem+json");
        EXPECT_EQ(answer.body["type"], "urn:skald:problem:" + each.type);
        EXPECT_EQ(answer.body["status"], each.status);
        EXPECT_THAT(answer.text, HasSubstr(each.detail));
        EXPECT_EQ(skald.get("/v1/sagas").body["items"].size(), 0u);
        EXPECT_EQ(skald.get("/v1/definitions").body["items"].size(), 1u);
    }

    Folder folder;
    Participants participants;
    RunningSkald skald{folder / "skald.db"};
};

TEST_F(EndToEndBadInput, OfJsonIsRefusedWithItsPlace) {
    const std::string deep = std::string(70, '[') + std::string(70, ']');
    const std::string malformed = "malformed-json";
    for (const std::string& target : {std::string("/v1/sagas"), std::string("/v1/lint")}) {
        expect_refused({"nothing", "POST", target, "", 400, malformed, "empty"});
        expect_refused({"broken", "POST", target, "{\"a\": ", 400, malformed, "byte"});
        expect_refused({"two values", "POST", target, "{} {}", 400, malformed, "byte"});
        expect_refused({"deep", "POST", target, deep, 400, malformed, "64"});
        expect_refused({"twice", "POST", target, R"({"a": 1, "a": 2})", 400, malformed, "a"});
        expect_refused(
            {"no UTF-8", "POST", target, "{\"a\": \"\xc0\x80\"}", 400, malformed, "byte"});
        expect_refused({"surrogate", "POST", target, R"({"a": "\ud800"})", 400, malformed, "byte"});
        expect_refused({"1e400", "POST", target, R"({"a": 1e400})", 400, malformed, ""});
        expect_refused(
            {"2^64", "POST", target, R"({"a": 18446744073709551616})", 400, malformed, ""});
    }
}

TEST_F(EndToEndBadInput, OfStartsIsRefused) {
    const auto refuse = [&](const std::string& body, int status, const std::string& type,
                            const std::string& detail) {
        expect_refused({body, "POST", "/v1/sagas", body, status, type, detail});
    };
    refuse("[]", 400, "invalid-request", "object");
    refuse(R"({"definition": 1, "input": {}})", 400, "invalid-request", "/definition");
    refuse(R"({"definiton": "order", "input": {}})", 400, "invalid-request", "did you mean");
    refuse(R"({"definition": "order"})", 400, "invalid-request", "/input");
    refuse(R"({"definition": "order", "input": {}, "id": "../x"})", 400, "invalid-request", "/id");
    refuse(R"({"definition": "order", "input": {}, "id": ".."})", 400, "invalid-request", "/id");
    refuse(R"({"definition": "order", "input": {}})", 422, "invalid-input", "/input");
    refuse(R"({"definition": "order", "input": {"order": 9007199254740993}})", 422, "invalid-input",
           "/input/order");
    refuse(R"({"definition": "nobody", "input": {}})", 404, "definition-not-found", "nobody");
    refuse(R"({"definition": "order", "version": 9, "input": {}})", 404, "definition-not-found",
           "9");
    const std::string large = std::string(1u << 20, ' ') + "{}";
    refuse(large, 413, "body-too-large", "");
}

TEST_F(EndToEndBadInput, OfParametersIsRefused) {
    const auto refuse = [&](const std::string& target, const std::string& detail) {
        expect_refused({target, "GET", target, "", 400, "invalid-request", detail});
    };
    refuse("/v1/sagas?limit=0", "limit");
    refuse("/v1/sagas?limit=999999999999999999999", "limit");
    refuse("/v1/sagas?cursor=%00", "");
    refuse("/v1/sagas?cursor=nonsense", "cursor");
    refuse("/v1/sagas?status=done", "completed");
    refuse("/v1/sagas?stat=running", "status");
    refuse("/v1/sagas/a?wait=forever", "wait");
    refuse("/v1/sagas/a?wait=2h", "at most 1m");
    refuse("/v1/sagas/a%2Fb", "saga id");
    refuse("/v1/definitions/order/versions/one", "version");
    expect_refused({"unknown saga", "GET", "/v1/sagas/a", "", 404, "saga-not-found", "a"});
    expect_refused({"unknown path", "GET", "/v2/sagas", "", 404, "not-found", ""});
    expect_refused({"method", "PUT", "/v1/sagas", "{}", 405, "method-not-allowed", "POST"});
}

TEST_F(EndToEndBadInput, OfDefinitionsIsRefusedAllAtOnce) {
    const auto answer = skald.send("PUT", "/v1/definitions/parcel",
                                   R"({"name": "order", "stepz": [], "deadline": "soon"})");
    EXPECT_EQ(answer.status, 422) << answer.text;
    EXPECT_GE(answer.body["errors"].size(), 3u) << answer.text;
    EXPECT_EQ(skald.get("/v1/definitions/parcel").status, 404);
}

TEST_F(EndToEndBadInput, OfStrangePagesIsRefused) {
    const std::string body = R"({"definition": "order", "input": {"order": 1}})";
    EXPECT_EQ(skald.send("POST", "/v1/sagas", body, "Origin: https://evil.example\r\n").status,
              403);
    EXPECT_EQ(skald.get("/v1/sagas").body["items"].size(), 0u);
}

}  // namespace
}  // namespace skald::end_to_end
