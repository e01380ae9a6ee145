#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace skald::torture {

enum class Fault : std::uint8_t {
    Lost,   ///< An acknowledged saga or command is not there any more, or never comes to rest.
    Wrong,  ///< Anything else that must not be.
};

struct Finding {
    Fault fault = Fault::Wrong;
    std::string saga;  ///< Empty: it is of none.
    std::string text;
    std::string pages;  ///< What the participants have of it, when it was found; or empty.
};

/// What is wrong. The first few of each kind are kept whole and told on stderr at once, all are
/// counted.
///
/// Threads: any.
class Findings {
 public:
    /// `count`: sagas with the same fault, of which this is one.
    void add(Finding finding, std::uint64_t count = 1);

    std::uint64_t count(Fault fault) const;
    std::vector<Finding> first(Fault fault) const;

 private:
    struct OfKind {
        std::vector<Finding> first;
        std::uint64_t count = 0;
    };
    const OfKind& of(Fault fault) const { return kinds_.at(static_cast<std::size_t>(fault)); }

    mutable std::mutex mutex_;
    std::array<OfKind, 2> kinds_;  ///< By fault; guarded by mutex_.
};

/// What must have happened at least once, or the torture has proved little.
enum class Sight : std::uint8_t {
    RepeatedStart,
    Fired,
    Batch,
    CancelInTime,
    CancelTooLate,
    Suspended,
    Stuck,
    LeftStuck,
    Retried,
    ResolvedSucceeded,
    ResolvedCompensated,
    ResolvedSkipped,
    CancelledWhileStuck,
    Abandoned,
    Unanswered,
    CalledBack,
    CalledBackAgain,
};
constexpr std::size_t kSights = 17;

std::string_view name_of(Sight sight);
/// False where it is left to chance.
bool is_required(Sight sight);

/// Counts of what was seen. Threads: any.
class Sights {
 public:
    void note(Sight sight) { ++at(sight); }
    std::uint64_t count(Sight sight) const { return counts_.at(static_cast<std::size_t>(sight)); }

 private:
    std::atomic<std::uint64_t>& at(Sight sight) {
        return counts_.at(static_cast<std::size_t>(sight));
    }

    std::array<std::atomic<std::uint64_t>, kSights> counts_{};
};

}  // namespace skald::torture
