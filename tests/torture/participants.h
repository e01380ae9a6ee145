#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "tests/outside/participant_server.h"
#include "tests/torture/books.h"
#include "tests/torture/callbacks.h"
#include "tests/torture/findings.h"

namespace skald::torture {

/// The participants, each on a port of its own. They do as the story says that each call carries,
/// and hold each call against what participants are promised.
///
/// Threads: serves on one of its own, from the constructor until the destructor.
class Participants {
 public:
    /// Of a hundred calls with a known key, so many are done again; 0 but for sabotage.
    Participants(Books& books, Findings& findings, Callbacks& callbacks,
                 unsigned forgotten_percent);
    ~Participants();
    Participants(const Participants&) = delete;
    Participants& operator=(const Participants&) = delete;

    const std::vector<std::uint16_t>& ports() const { return server_.ports(); }

    /// Skald was killed and is gone; what came by its connections, and is read only now, is late.
    void on_killed() { ++life_; }

    /// The reservation that the first step gives, and the fourth must be sent.
    static std::string reservation_of(std::string_view saga);

 private:
    /// Which skald opened a connection.
    struct Connection {
        std::uint32_t generation = 0;
        std::uint32_t life = 0;
    };

    void on_call(const outside::ReceivedCall& received);
    bool is_from_the_dead(outside::Call call);
    void answer(const outside::ReceivedCall& received, const BookedCall& call, Reply reply);

    Books& books_;
    Findings& findings_;
    Callbacks& callbacks_;
    const unsigned forgotten_percent_;
    outside::ParticipantServer server_;
    std::atomic<std::uint32_t> life_ = 1;
    std::vector<Connection> connections_;  ///< By descriptor; only of the thread.
    std::uint64_t calls_ = 0;

    std::jthread thread_;
};

}  // namespace skald::torture
