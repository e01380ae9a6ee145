#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace skald::crash {

enum class Phase : std::uint8_t { Action, Compensation };

/// A call to a participant, as its headers and body tell it.
struct LedgerCall {
    std::size_t participant = 0;
    std::string saga;
    Phase phase = Phase::Action;
    std::string key;         ///< Idempotency-Key, without its quotes.
    std::string action_key;  ///< Of compensations: the key of the action to undo.
    std::optional<std::size_t> item = std::nullopt;  ///< Of a step with elements: which one.
};

/// What a participant remembers of one key.
struct LedgerEntry {
    std::size_t participant = 0;
    std::string saga;
    Phase phase = Phase::Action;
    std::string key;
    std::optional<std::size_t> item;
    bool took_effect = false;
    bool is_refused = false;
    std::uint64_t first_call = 0;  ///< Sequence numbers over all participants, from 1.
    std::uint64_t last_call = 0;
    std::uint32_t calls = 0;
};

/// What the business of the participant says to an action that it never saw.
enum class Business : std::uint8_t { Agrees, Refuses };

/// The books of all participants, in the memory of the test: they outlive every skald. Each
/// participant keeps the barrier rule: a key seen before gets the same answer and has no further
/// effect; a compensation for an action that never took effect is remembered and does nothing; an
/// action that comes after its compensation is refused.
///
/// Threads: any.
class Ledger {
 public:
    struct Verdict {
        std::uint64_t call = 0;  ///< The sequence number of this call.
        bool is_refused = false;
        bool is_first = false;  ///< The key was never seen before.
    };

    Verdict enter(const LedgerCall& call, Business business);
    std::vector<LedgerEntry> entries() const;

 private:
    using Key = std::pair<std::size_t, std::string>;  ///< Participant and key.

    mutable std::mutex mutex_;
    std::uint64_t calls_ = 0;
    std::map<Key, LedgerEntry> entries_;
    std::set<Key> compensated_;  ///< Keys of actions.
};

}  // namespace skald::crash
