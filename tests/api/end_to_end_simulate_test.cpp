#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "tests/api/running_skald.h"

namespace skald::end_to_end {
namespace {

using testing::HasSubstr;
using testing::Not;

/// A POST that nobody undoes.
Json unsound() {
    return Json::parse(R"({"name": "charge", "steps": [{"name": "charge", "compensation": "none",
        "action": {"http": {"method": "POST", "url": "http://127.0.0.1:9/charges"}},
        "retry": {"maximum_attempts": 2}}]})");
}

TEST(EndToEndSimulate, PrintsNothingButItsReport) {
    const Folder folder;
    const std::filesystem::path file = folder / "charge.json";
    std::ofstream(file) << unsound();
    const Ran ran = run_skald("simulate -o json " + file.string());
    EXPECT_EQ(ran.exit, 6);
    const Json report = Json::parse(ran.output, nullptr, false);
    ASSERT_TRUE(report.is_object()) << ran.output;
    EXPECT_EQ(report["verdict"], "unsound");

    Json undone = unsound();
    undone["steps"][0]["compensation"] = Json::parse(
        R"({"http": {"method": "DELETE", "url": "http://127.0.0.1:9/charges/{$action_key}"}})");
    std::ofstream(file) << undone;
    EXPECT_EQ(run_skald("simulate " + file.string()).exit, 0);
    const Ran strict = run_skald("simulate --strict -o table " + file.string());
    EXPECT_EQ(strict.exit, 5);
    EXPECT_THAT(strict.output, Not(HasSubstr("[warning]")));
}

TEST(EndToEndSimulate, TakesTheFilesOfChildren) {
    const Folder folder;
    const std::filesystem::path order = folder / "order.json";
    const std::filesystem::path charge = folder / "charge.json";
    std::ofstream(order) << R"({"name": "order", "steps": [
        {"name": "pay", "action": {"saga": {"definition": "charge", "input": {}}}}]})";
    std::ofstream(charge) << unsound();
    EXPECT_EQ(run_skald("simulate " + order.string()).exit, 1);
    const Ran ran = run_skald("simulate -o json " + order.string() + " " + charge.string());
    EXPECT_EQ(ran.exit, 6);
    const Json report = Json::parse(ran.output, nullptr, false);
    ASSERT_TRUE(report.is_object()) << ran.output;
    EXPECT_EQ(report["definition"], "order");
    EXPECT_EQ(report["outcomes"][0]["done"], Json({"pay", "pay/charge"}));
}

TEST(EndToEndSimulate, IsAnsweredByAServerThatKnowsTheName) {
    const Folder folder;
    RunningSkald skald(folder / "skald.db");
    const Json body{{"definition", unsound()}, {"depth", "singles"}};
    const auto answer = skald.send("POST", "/v1/simulate", body.dump());
    ASSERT_EQ(answer.status, 200) << answer.text;
    EXPECT_EQ(answer.body["verdict"], "unsound");
    EXPECT_EQ(skald.send("PUT", "/v1/definitions/charge", unsound().dump()).status, 201);
    EXPECT_EQ(
        run_skald("simulate charge --server http://127.0.0.1:" + std::to_string(skald.port())).exit,
        6);
}

}  // namespace
}  // namespace skald::end_to_end
