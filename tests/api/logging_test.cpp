#include "api/logging.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spdlog/spdlog.h>

#include <nlohmann/json.hpp>
#include <thread>

namespace skald::api {
namespace {

std::string logged(LogFormat format, LogLevel level) {
    set_up_logging(format, level);
    testing::internal::CaptureStderr();
    spdlog::info("saga {} said \"{}\"", "a", "two\nlines \x1b[2J");
    spdlog::default_logger()->flush();
    return testing::internal::GetCapturedStderr();
}

TEST(Logging, WritesOneLineOfJsonForEachFact) {
    const std::string text = logged(LogFormat::Json, LogLevel::Info);
    EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1);
    const auto line = nlohmann::json::parse(text);
    EXPECT_EQ(line.size(), 3u);
    EXPECT_EQ(line["level"], "info");
    EXPECT_EQ(line["message"], "saga a said \"two\nlines \x1b[2J\"");
    EXPECT_THAT(line["time"].get<std::string>(), testing::EndsWith("Z"));
}

TEST(Logging, KeepsStrangeTextOnOneLine) {
    const std::string text = logged(LogFormat::Text, LogLevel::Info);
    EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1);
    EXPECT_THAT(text, testing::HasSubstr(" info saga a said"));
    EXPECT_EQ(text.find('\x1b'), std::string::npos);
}

TEST(Logging, LeavesOutWhatIsBelowItsLevel) {
    EXPECT_EQ(logged(LogFormat::Text, LogLevel::Warning), "");
}

/// Of the thread that it lives on; others go on.
TEST(Logging, IsMutedForOneThread) {
    set_up_logging(LogFormat::Text, LogLevel::Info);
    testing::internal::CaptureStderr();
    {
        const MutedLog muted;
        spdlog::error("of the muted one");
        std::thread([] { spdlog::info("of the other"); }).join();
    }
    spdlog::info("of the same, later");
    const std::string text = testing::internal::GetCapturedStderr();
    EXPECT_THAT(text, testing::Not(testing::HasSubstr("of the muted one")));
    EXPECT_THAT(text, testing::HasSubstr("of the other"));
    EXPECT_THAT(text, testing::HasSubstr("of the same, later"));
}

}  // namespace
}  // namespace skald::api
