#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/events/books.h"
#include "tests/events/household.h"

namespace skald::events {

/// What a subscriber's books say.
struct SubscriberFigures {
    std::string name;
    std::uint64_t events = 0;
    std::uint64_t repeats = 0;
    std::uint64_t lives = 0;  ///< How often it was started.
};

struct Result {
    std::uint64_t seed = 0;
    double seconds = 0;  ///< Until the last event was settled, with the time that anybody was down.
    std::uint64_t published = 0, inbound = 0, orders = 0, sagas = 0;
    std::uint64_t saga_commands = 0, saga_command_repeats = 0;
    std::uint64_t sent_again = 0;  ///< Requests that got no answer.
    std::vector<Household::Figures> processes;
    std::size_t kills_wanted = 0;  ///< Of each that is killed.
    std::vector<SubscriberFigures> subscribers;
    std::vector<Faults> faults;
    std::string failure;    ///< Why it ended early; empty: it did not.
    std::string integrity;  ///< What SQLite says of the database: "ok".
    bool has_nats = false;
};

std::uint64_t losses(const Result& result);
std::uint64_t wrongs(const Result& result);
/// Nothing is lost or wrong, everything came to its end, and each kill was made.
bool passed(const Result& result);

std::string table_of(const Result& result);
std::string json_of(const Result& result);

}  // namespace skald::events
