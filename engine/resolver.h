#pragma once

#include <sys/socket.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/clock.h"
#include "engine/loop.h"
#include "sagas/result.h"

namespace skald::engine {

/// A socket address without a port.
struct Address {
    sockaddr_storage storage{};
    socklen_t length = 0;

    bool operator==(const Address& other) const;
    /// With `port` in it.
    Address at(std::uint16_t port) const;
};

/// What a name stands for: one address at least, the one to try first in front. Shared by the
/// cache and the calls that try them one after another; immutable.
using Addresses = std::shared_ptr<const std::vector<Address>>;

struct ResolverOptions {
    std::size_t threads = 4;
    std::size_t names_max = 10'000;  ///< That are remembered.
    sagas::Milliseconds found_ttl{30'000};
    sagas::Milliseconds not_found_ttl{1'000};
};

/// Asks the system for the addresses of a name; may take long. Errors: Unavailable.
using LookUp = std::function<sagas::Result<std::vector<Address>>(const std::string& host)>;

/// getaddrinfo(3): /etc/hosts, DNS and whatever else the system is set to.
sagas::Result<std::vector<Address>> look_up(const std::string& host);

/// Finds the addresses of hosts without holding up the loop: a few threads look up names, each name
/// once at a time, and remember for a while what they found. A literal address is just read.
///
/// Threads: on the loop's thread. Destroying it returns soon, whatever the look-ups are at.
class Resolver {
 public:
    using Found = sagas::Result<Addresses>;
    /// Called on the loop's thread; from inside `resolve` where the answer is known already.
    using Done = std::function<void(const Found&)>;

    /// `loop` must outlive it. `look_up` is called on threads of the resolver.
    Resolver(Loop& loop, ResolverOptions options, LookUp look_up);
    ~Resolver();

    /// Errors: Unavailable: "no address of api.example.com: Name or service not known".
    void resolve(const std::string& host, Done done);

 private:
    struct Desk;
    struct Name;
    void finish(const std::string& host, sagas::Result<std::vector<Address>> found);
    void make_room();
    void add_thread();

    // Constant after construction.
    const ResolverOptions options_;
    const std::shared_ptr<Desk> desk_;  // Shared with the threads, which may outlive this.

    // Of the loop's thread.
    struct State;
    const std::unique_ptr<State> state_;
};

}  // namespace skald::engine
