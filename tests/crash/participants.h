#pragma once

#include <array>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "tests/crash/ledger.h"
#include "tests/crash/story.h"
#include "tests/outside/participant_server.h"

namespace skald::crash {

/// The --public-url of every skald whose sagas are called back. Nobody needs to be there: whoever
/// calls back posts to the path of the URL.
constexpr const char* kPublicUrl = "https://skald.example";

/// The three participants, by their steps, each on a port of its own: they act as the story says
/// that each action carries, and one of 16 keys loses its first answer (the connection closes once
/// it took effect).
///
/// Threads: each serves on one of its own, from the constructor until the destructor.
class Participants {
 public:
    /// Told of each call once it is in the ledger and before it is answered, with its number; by
    /// all three at once.
    using Observer = std::function<void(std::uint64_t call)>;

    Participants(Ledger& ledger, std::uint64_t seed, Observer observer);
    ~Participants();
    Participants(const Participants&) = delete;
    Participants& operator=(const Participants&) = delete;

    const std::vector<std::uint16_t>& ports() const { return ports_; }
    /// From now on the second step of that saga, Parked or Held, is answered as it should.
    void mend(const std::string& saga);
    /// Where the second step of that saga is to be called back ("/v1/callbacks/…"), once it is in
    /// the ledger; empty: it was not called within that time.
    std::string await_callback(const std::string& saga, std::chrono::milliseconds time);
    /// All three stand still, as after a SIGSTOP: the system takes connections and requests, and
    /// nobody acts on them until `thaw`.
    void freeze();
    /// That one alone.
    void freeze(std::size_t participant);
    /// Whether one that stands still has a call of that saga in front of it, within that time.
    bool await_kept_waiting(const std::string& saga, std::chrono::milliseconds time);
    /// All go on; gives when the calls that they had in front of them are in the ledger.
    void thaw();
    /// What calls broke of the contract of requests ("no Idempotency-Key"); ask once skald stopped.
    std::vector<std::string> broken_calls() const;

 private:
    struct Participant {
        outside::ParticipantServer server{1};
        // Guarded by mutex_.
        bool is_frozen = false;
        std::string waiting;  ///< The saga of the call that it was frozen at; empty: of none.
        // Its own thread's.
        std::vector<outside::Call> put_off;  ///< Early ones, without their 202.

        std::jthread thread;
    };

    void on_call(std::size_t participant, const outside::ReceivedCall& received);
    void act(std::size_t participant, const outside::ReceivedCall& received);
    void note_broken(const std::string& what, const outside::ReceivedCall& received);
    void note_callback(const std::string& saga, const outside::ReceivedCall& received);
    bool loses_answer(const std::string& key) const;
    bool is_mended(const std::string& saga) const;

    Ledger& ledger_;
    const std::uint64_t seed_;
    const Observer observer_;
    std::vector<std::uint16_t> ports_;

    mutable std::mutex mutex_;
    // Guarded by mutex_.
    std::vector<std::string> broken_calls_;
    std::set<std::string> mended_;
    std::map<std::string, std::string> callbacks_;  ///< The URL by saga.
    std::condition_variable changed_;  ///< Of what is frozen, or waits, or is to be called back.

    std::array<Participant, kSteps.size()> participants_;
};

}  // namespace skald::crash
