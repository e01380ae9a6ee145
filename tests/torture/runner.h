#pragma once

#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <string_view>

#include "tests/torture/client.h"
#include "tests/torture/work.h"

namespace skald::torture {

/// One client, which runs errand after errand. Threads: one.
class Runner {
 public:
    Runner(Work& work, std::uint64_t number)
        : work_(work),
          client_(work.keeper, work.findings, work.sights, work.patience),
          random_(work.seed * 1'000'003 + number) {}

    /// Until the work is over and what was left was looked after, or skald is gone for good.
    void run();

 private:
    /// How a start is made repeatable, and what it says.
    struct Start {
        Story story = Story::Plain;
        std::string own_id;  ///< At least one of both is not empty.
        std::string key;
        std::string body;
    };
    struct Started {
        std::string saga;  ///< Empty: it was not accepted, which is a finding.
        std::string status;
    };

    void run(const Errand& errand);
    void wait(const Errand& errand);
    void fire(const Errand& errand);
    void batch();
    void cancel(const Errand& errand);
    void suspend(const Errand& errand);
    void operate(const Errand& errand);
    /// Does something about a stuck saga, and awaits its end.
    void move_on(const std::string& saga, const Errand& errand);
    /// Those of the piles, but for so many of each.
    void look_after(std::size_t fired_rest, std::size_t stuck_rest);

    std::string input_of(Story story);
    Start make_start(Story story);
    std::optional<outside::HttpReply> post(const Start& start, const std::string& query);
    Started start(const Start& start, const std::string& query);
    void start_again(const Start& start, const std::string& saga);
    /// Sends a command, with a key of its own, until it is answered; its answer.
    std::optional<outside::HttpReply> command(const std::string& saga, std::string_view name,
                                              const std::string& json);
    /// Waits for the saga's end, unless `status` says that it is there, and settles it.
    void await_end(const std::string& saga, std::string status, const Expectation& expected);
    void lose(const std::string& saga, std::string text);
    void wrong(const std::string& saga, std::string text);

    Work& work_;
    Client client_;
    std::mt19937_64 random_;
};

}  // namespace skald::torture
