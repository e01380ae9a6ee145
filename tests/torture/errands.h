#pragma once

#include <cstdint>
#include <random>
#include <vector>

#include "tests/torture/story.h"

namespace skald::torture {

/// What a client does about one saga (or, in a batch, about a hundred).
struct Errand {
    enum class Kind : std::uint8_t {
        Wait,    ///< Starts it, and waits for its end.
        Repeat,  ///< The same, and sends the same start once more.
        Fire,    ///< Starts it, and leaves the looking to another one.
        Batch,   ///< The same with a hundred.
        Cancel,
        Suspend,  ///< Suspends and resumes it.
        Operate,  ///< Waits until it is stuck, and does something about it.
    };
    enum class Operation : std::uint8_t {
        Retry,
        ResolveSucceeded,
        ResolveCompensated,
        ResolveSkipped,
        Cancel,
        Abandon,
    };
    Kind kind = Kind::Wait;
    Story story = Story::Plain;
    Operation operation = Operation::Retry;
};

/// Every errand that there is, at least once.
std::vector<Errand> all_errands();
/// Mostly plain ones, and of the others all now and then.
Errand random_errand(std::mt19937_64& random);
/// A story that needs no operator.
Story random_unattended(std::mt19937_64& random);

}  // namespace skald::torture
