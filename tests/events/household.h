#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/events/kills.h"
#include "tests/outside/child_process.h"

namespace skald::events {

/// The processes of a run: each is killed as planned, and started again at once.
///
/// Threads: one, with which they die.
class Household {
 public:
    explicit Household(std::filesystem::path folder) : folder_(std::move(folder)) {}

    /// Its number. What it prints goes to NAME.log in the folder.
    std::size_t add(const std::string& name, std::vector<std::string> command);
    /// Those of `victims` are killed.
    void plan(std::vector<Kill> kills, std::vector<std::size_t> victims);

    /// Kills what is due, by the events that were published; starts it again.
    void look(std::uint64_t published);
    bool has_struck_all() const { return next_ == kills_.size(); }
    /// Who ended by himself, and the end of his log; empty: nobody.
    std::string find_dead() const;

    void kill(std::size_t member) { members_[member].process->kill(); }
    std::optional<int> stop(std::size_t member, std::chrono::milliseconds time);

    struct Figures {
        std::string name;
        std::size_t kills;
    };
    std::vector<Figures> figures() const;

 private:
    using Clock = std::chrono::steady_clock;
    struct Member {
        std::string name;
        std::vector<std::string> command;
        std::unique_ptr<outside::ChildProcess> process;
        std::size_t kills = 0;
    };

    std::filesystem::path log_of(const Member& member) const;
    void start(Member& member) const;

    const std::filesystem::path folder_;
    std::vector<Member> members_;
    std::vector<std::size_t> victims_;
    std::vector<Kill> kills_;
    std::size_t next_ = 0;
    std::optional<Clock::time_point> due_at_;  ///< Of kills_[next_], once its event is there.
};

}  // namespace skald::events
