#include "tests/torture/work.h"

#include <algorithm>
#include <utility>

namespace skald::torture {

Work::Work(std::uint64_t seed_of_all, std::chrono::seconds patience_of_all, Keeper& keeper_of_all,
           Books& books_of_all, Findings& findings_of_all, Sights& sights_of_all)
    : seed(seed_of_all),
      patience(patience_of_all),
      keeper(keeper_of_all),
      books(books_of_all),
      findings(findings_of_all),
      sights(sights_of_all),
      first_(all_errands()) {
    std::mt19937_64 random(seed);
    std::shuffle(first_.begin(), first_.end(), random);
}

std::optional<Errand> Work::next(std::mt19937_64& random) {
    const std::lock_guard lock(mutex_);
    if (!first_.empty()) {
        const Errand errand = first_.back();
        first_.pop_back();
        return errand;
    }
    return is_over_ ? std::nullopt : std::optional<Errand>(random_errand(random));
}

void Pile::add(Left left) {
    const std::lock_guard lock(mutex_);
    left_.push_back(std::move(left));
}

std::optional<Pile::Left> Pile::take(std::size_t rest) {
    const std::lock_guard lock(mutex_);
    if (left_.size() <= rest) {
        return std::nullopt;
    }
    Left left = std::move(left_.front());
    left_.pop_front();
    return left;
}

}  // namespace skald::torture
