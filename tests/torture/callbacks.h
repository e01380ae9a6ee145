#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>

#include "tests/outside/http_client.h"
#include "tests/torture/findings.h"

namespace skald::torture {

/// The --public-url of skald. Nobody is there: callbacks go to the path of the URL.
constexpr const char* kPublicUrl = "https://skald.example";

/// How participants call back: each call that they put off is said to have succeeded, until skald
/// answers; one in four twice.
///
/// Threads: any; sends on one of its own.
class Callbacks {
 public:
    Callbacks(Findings& findings, Sights& sights) : findings_(findings), sights_(sights) {}

    /// From now on they are sent to that port.
    void open(std::uint16_t port);
    /// `url`: of the header `Skald-Callback`.
    void add(std::string_view saga, std::string_view url);

 private:
    struct Due {
        std::string saga;
        std::string target;
    };

    void send_all(const std::stop_token& stop, std::uint16_t port);
    void send(const std::stop_token& stop, outside::HttpClient& client, const Due& due);
    /// Whether it counted; none: it was never answered as it should.
    std::optional<bool> post(const std::stop_token& stop, outside::HttpClient& client,
                             const Due& due);

    Findings& findings_;
    Sights& sights_;
    std::mutex mutex_;
    std::condition_variable_any changed_;
    std::deque<Due> due_;     ///< Guarded by mutex_.
    std::uint64_t sent_ = 0;  ///< Only of the thread.

    std::jthread thread_;
};

}  // namespace skald::torture
