#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "tests/torture/books.h"
#include "tests/torture/errands.h"
#include "tests/torture/findings.h"
#include "tests/torture/keeper.h"

namespace skald::torture {

/// Sagas that were left to themselves, for any client to look after. Threads: any.
class Pile {
 public:
    struct Left {
        std::string saga;
        Errand errand;
    };

    void add(Left left);
    /// The oldest; none when there are no more than `rest`.
    std::optional<Left> take(std::size_t rest);

 private:
    std::mutex mutex_;
    std::deque<Left> left_;  ///< Guarded by mutex_.
};

/// What the clients share. Threads: any.
class Work {
 public:
    Work(std::uint64_t seed, std::chrono::seconds patience, Keeper& keeper, Books& books,
         Findings& findings, Sights& sights);

    /// The next errand: first each of them in a random order, then at random; none once the
    /// load is to end.
    std::optional<Errand> next(std::mt19937_64& random);
    void end() { is_over_ = true; }
    /// Nothing is left to itself any more.
    void tidy_up() { is_tidying_ = true; }
    bool is_tidying() const { return is_tidying_; }

    std::uint64_t next_number() { return ++number_; }
    void count_acknowledged() { ++acknowledged_; }
    std::uint64_t acknowledged() const { return acknowledged_; }

    const std::uint64_t seed;
    const std::chrono::seconds patience;  ///< Of Client.
    Keeper& keeper;
    Books& books;
    Findings& findings;
    Sights& sights;
    Pile fired;  ///< Nobody waits for their ends.
    Pile stuck;  ///< They wait for an operator.

 private:
    std::atomic<bool> is_over_ = false;
    std::atomic<bool> is_tidying_ = false;
    std::atomic<std::uint64_t> number_ = 0;
    std::atomic<std::uint64_t> acknowledged_ = 0;
    std::mutex mutex_;
    std::vector<Errand> first_;  ///< Guarded by mutex_.
};

}  // namespace skald::torture
