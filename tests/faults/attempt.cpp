#include "tests/faults/attempt.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <algorithm>
#include <chrono>

#include "tests/crash/surroundings.h"

namespace skald::faults {
namespace {

constexpr std::chrono::seconds kAttemptTime{30};

}  // namespace

Attempt try_to_serve(const std::filesystem::path& database, const Prefix& prefix) {
    std::filesystem::remove(database.string() + ".log");
    Attempt attempt;
    outside::SkaldProcess skald({crash::binary(), database, {}, prefix});
    attempt.is_ready = skald.await_ready(kAttemptTime) != 0;
    attempt.exit_code = skald.stop(kAttemptTime).value_or(-1);
    attempt.said = outside::log_tail(database);
    return attempt;
}

void expect_refused(const Attempt& attempt, const std::string& reason) {
    EXPECT_FALSE(attempt.is_ready);
    EXPECT_EQ(attempt.exit_code, 2) << attempt.said;
    EXPECT_THAT(attempt.said, testing::StartsWith("skald: "));
    EXPECT_THAT(attempt.said, testing::HasSubstr(reason));
    EXPECT_EQ(std::count(attempt.said.begin(), attempt.said.end(), '\n'), 1) << attempt.said;
}

void expect_told_of_damage(const Attempt& attempt) {
    const std::string advice = "keep the file, and restore a backup";
    if (attempt.exit_code == 70) {
        EXPECT_THAT(attempt.said, testing::HasSubstr(advice + "\n"));
    } else {
        expect_refused(attempt, advice);
    }
}

}  // namespace skald::faults
