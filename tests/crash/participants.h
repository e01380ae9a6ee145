#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "tests/crash/ledger.h"
#include "tests/outside/participant_server.h"

namespace skald::crash {

/// The three participants, each on a port of its own: they act as the story says that each action
/// carries, and one of 16 keys loses its first answer (the connection closes once it took effect).
///
/// Threads: serves on one of its own, from the constructor until the destructor.
class Participants {
 public:
    /// Told of each call once it is in the ledger and before it is answered, with its number.
    using Observer = std::function<void(std::uint64_t call)>;

    Participants(Ledger& ledger, std::uint64_t seed, Observer observer);
    ~Participants();
    Participants(const Participants&) = delete;
    Participants& operator=(const Participants&) = delete;

    const std::vector<std::uint16_t>& ports() const { return server_.ports(); }
    /// From now on the second step of that saga, Parked or Held, is answered as it should.
    void mend(const std::string& saga);
    /// All three stand still, as after a SIGSTOP: the system takes connections and requests, and
    /// nobody reads them until `thaw`.
    void freeze();
    void thaw();
    /// What calls broke of the contract of requests ("no Idempotency-Key"); ask once skald stopped.
    std::vector<std::string> broken_calls() const;

 private:
    void on_call(const outside::ReceivedCall& received);
    bool loses_answer(const std::string& key) const;
    bool is_mended(const std::string& saga) const;

    Ledger& ledger_;
    const std::uint64_t seed_;
    const Observer observer_;
    outside::ParticipantServer server_;

    mutable std::mutex mutex_;
    // Guarded by mutex_.
    std::vector<std::string> broken_calls_;
    std::set<std::string> mended_;
    bool is_frozen_ = false;
    std::condition_variable thawed_;

    std::jthread thread_;
};

}  // namespace skald::crash
