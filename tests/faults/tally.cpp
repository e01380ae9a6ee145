#include "tests/faults/tally.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <utility>

namespace skald::faults {
namespace {

int failures_so_far() {
    return ::testing::UnitTest::GetInstance()->current_test_info()->result()->total_part_count();
}

}  // namespace

Tally::Tally(std::string kind)
    : kind_(std::move(kind)),
      since_(std::chrono::steady_clock::now()),
      failures_(failures_so_far()) {}

void Tally::count(std::size_t kills) {
    ++runs_;
    kills_ += kills;
    faults_ += failures_so_far() > failures_;
    failures_ = failures_so_far();
}

Tally::~Tally() {
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - since_;
    std::printf("tally: %s|%zu|%zu|%zu|%.1f\n", kind_.c_str(), runs_, kills_, faults_,
                took.count());
    std::fflush(stdout);
}

}  // namespace skald::faults
