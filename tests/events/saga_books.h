#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "tests/events/books.h"

namespace skald::events {

/// A command that a saga published for a service.
struct Command {
    std::string saga;
    std::string step;
    std::string phase;  ///< "action" or "compensation".
    std::string key;
    std::uint64_t order = 0;  ///< From 1.
};

/// What becomes of an order: some are refused at the second step, and undone.
bool is_refused(std::uint64_t order);

/// What the services did for sagas, and how those ended: each order has one saga, which ends once
/// and as it must, and each of its steps takes effect once. Threads: any.
class SagaBooks {
 public:
    /// A command that came, perhaps again; true: it does.
    bool enter(const Command& command);
    /// That a saga ended, as skald.sagas says.
    void end(const std::string& saga, const std::string& status);

    std::uint64_t ended() const;     ///< Sagas; each counts once.
    std::uint64_t commands() const;  ///< Repeats too.
    std::uint64_t repeats() const;

    /// At the end: that there is a saga for each of the orders, and nothing is missing.
    Faults close(std::uint64_t orders) const;

 private:
    struct Saga {
        std::set<std::uint64_t> orders;
        std::map<std::string, std::set<std::string>> keys;  ///< By "STEP PHASE".
        std::vector<std::string> ends;
    };

    static void check(const std::string& id, const Saga& saga, Faults& faults);

    mutable std::mutex mutex_;
    std::map<std::string, Saga> sagas_;
    std::uint64_t ended_ = 0;
    std::uint64_t commands_ = 0;
    std::uint64_t repeats_ = 0;
};

}  // namespace skald::events
