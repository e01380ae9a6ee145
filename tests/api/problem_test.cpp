#include "api/problem.h"

#include <gtest/gtest.h>

#include <set>

namespace skald::api {
namespace {

TEST(Problem, HasAUrnAStatusAndATitleForEveryType) {
    std::set<std::string_view> urns;
    for (const ProblemType type : problem_types()) {
        EXPECT_TRUE(urn(type).starts_with("urn:skald:problem:"));
        EXPECT_TRUE(urns.insert(urn(type)).second) << urn(type);
        EXPECT_GE(http_status(type), 400);
        EXPECT_LT(http_status(type), 600);
        EXPECT_FALSE(title(type).empty());
        EXPECT_EQ(retry_after(type).has_value(), http_status(type) == 503) << urn(type);
    }
    EXPECT_EQ(urns.size(), static_cast<std::size_t>(ProblemType::HttpVersionNotSupported) + 1);
}

TEST(Problem, BecomesAWholeDocument) {
    const Problem problem{ProblemType::IdTaken, "saga a-1: is another one", {}, nullptr};
    const sagas::Json expected = {{"type", "urn:skald:problem:id-taken"},
                                  {"title", "Another saga has this id"},
                                  {"status", 409},
                                  {"detail", "saga a-1: is another one"},
                                  {"request_id", "r-1"}};
    EXPECT_EQ(to_json(problem, "r-1"), expected);
}

TEST(Problem, TellsAllErrorsWithTheirHints) {
    const Problem problem{ProblemType::InvalidDefinition,
                          "2 errors",
                          {{"unknown-field", "/steps/0/x", "unknown", "did you mean \"y\"?"},
                           {"cycle", "", "a needs itself", ""}},
                          nullptr};
    const sagas::Json expected = {
        {{"code", "unknown-field"},
         {"pointer", "/steps/0/x"},
         {"detail", "unknown"},
         {"hint", "did you mean \"y\"?"}},
        {{"code", "cycle"}, {"pointer", ""}, {"detail", "a needs itself"}}};
    EXPECT_EQ(to_json(problem, "r-1")["errors"], expected);
}

TEST(Problem, TakesExtensionsButLetsThemReplaceNothing) {
    const Problem problem{
        ProblemType::Conflict, "no", {}, {{"status", "running"}, {"saga", "a-1"}}};
    const sagas::Json json = to_json(problem, "r-1");
    EXPECT_EQ(json["saga"], "a-1");
    EXPECT_EQ(json["status"], 409);
}

}  // namespace
}  // namespace skald::api
