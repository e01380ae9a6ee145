#include "engine/resolver.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <deque>
#include <optional>
#include <string_view>
#include <system_error>
#include <thread>
#include <unordered_map>
#include <utility>

#include "engine/mutex.h"

namespace skald::engine {
namespace {

using sagas::ErrorCode;
using sagas::Result;

// How long the destructor waits for look-ups that are under way.
constexpr std::chrono::milliseconds kEndWait{200};

template <typename Socket>
Address make_address(const Socket& socket) {
    Address address;
    std::memcpy(&address.storage, &socket, sizeof(socket));
    address.length = sizeof(socket);
    return address;
}

/// The address that `host` is, where it is one and no name.
std::optional<Address> read_literal(const std::string& host) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    if (::inet_pton(AF_INET, host.c_str(), &v4.sin_addr) == 1) return make_address(v4);
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    if (::inet_pton(AF_INET6, host.c_str(), &v6.sin6_addr) == 1) return make_address(v6);
    return std::nullopt;
}

}  // namespace

bool Address::operator==(const Address& other) const {
    return length == other.length && std::memcmp(&storage, &other.storage, length) == 0;
}

Address Address::at(std::uint16_t port) const {
    Address address = *this;
    if (storage.ss_family == AF_INET6) {
        reinterpret_cast<sockaddr_in6&>(address.storage).sin6_port = htons(port);
    } else {
        reinterpret_cast<sockaddr_in&>(address.storage).sin_port = htons(port);
    }
    return address;
}

Result<std::vector<Address>> look_up(const std::string& host) {
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_ADDRCONFIG;
    addrinfo* list = nullptr;
    int code = ::getaddrinfo(host.c_str(), nullptr, &hints, &list);
    if (code == EAI_NONAME || code == EAI_ADDRFAMILY || code == EAI_NODATA) {
        // AI_ADDRCONFIG hides localhost on machines that have no network.
        hints.ai_flags = 0;
        code = ::getaddrinfo(host.c_str(), nullptr, &hints, &list);
    }
    if (code != 0) {
        const std::string why = code == EAI_SYSTEM ? std::system_category().message(errno)
                                                   : std::string(::gai_strerror(code));
        return sagas::fail(ErrorCode::Unavailable, "no address of " + host + ": " + why);
    }
    std::vector<Address> addresses;
    for (const addrinfo* entry = list; entry != nullptr; entry = entry->ai_next) {
        if (entry->ai_family != AF_INET && entry->ai_family != AF_INET6) continue;
        Address address;
        std::memcpy(&address.storage, entry->ai_addr, entry->ai_addrlen);
        address.length = entry->ai_addrlen;
        addresses.push_back(address);
    }
    ::freeaddrinfo(list);
    if (addresses.empty()) {
        return sagas::fail(ErrorCode::Unavailable, "no address of " + host + ": none is IP");
    }
    return addresses;
}

/// Where the threads get their work and leave what they found.
struct Resolver::Desk {
    explicit Desk(LookUp with) : look_up(std::move(with)) {}

    // Constant after construction.
    const LookUp look_up;

    Mutex mutex;
    ConditionVariable changed;
    std::deque<std::string> wanted SKALD_GUARDED_BY(mutex);
    std::size_t idle SKALD_GUARDED_BY(mutex) = 0;
    std::size_t running SKALD_GUARDED_BY(mutex) = 0;
    bool is_ending SKALD_GUARDED_BY(mutex) = false;
    /// Empty once the resolver is being destroyed.
    std::function<void(const std::string&, Result<std::vector<Address>>)> deliver
        SKALD_GUARDED_BY(mutex);

    void work() SKALD_EXCLUDES(mutex) {
        while (const std::optional<std::string> host = next()) {
            Result<std::vector<Address>> found = look_up(*host);
            const MutexLock lock(mutex);
            if (deliver) deliver(*host, std::move(found));
        }
        const MutexLock lock(mutex);
        --running;
        changed.notify_all();
    }

    std::optional<std::string> next() SKALD_EXCLUDES(mutex) {
        const MutexLock lock(mutex);
        ++idle;
        while (wanted.empty() && !is_ending) changed.wait(mutex);
        --idle;
        if (is_ending) return std::nullopt;
        std::string host = std::move(wanted.front());
        wanted.pop_front();
        return host;
    }

    /// Waits a moment for the threads; true: all have ended.
    bool end() SKALD_EXCLUDES(mutex) {
        const Instant until = steady_now() + kEndWait;
        const MutexLock lock(mutex);
        is_ending = true;
        deliver = nullptr;
        changed.notify_all();
        while (running > 0) {
            if (changed.wait_until(mutex, until) == ConditionVariable::Woken::TimedOut) break;
        }
        return running == 0;
    }
};

/// What is known of a name, or who waits for it.
struct Resolver::Name {
    std::vector<Done> waiting;  ///< Not empty: it is being looked up.
    std::optional<Found> found;
    Instant until{};  ///< `found` is good until then.
};

struct Resolver::State {
    std::unordered_map<std::string, Name> names;
    std::vector<std::jthread> threads;
    /// Dies with the resolver: what the loop still holds for it then does nothing.
    std::shared_ptr<Resolver*> alive;
};

Resolver::Resolver(Loop& loop, ResolverOptions options, LookUp look_up)
    : options_(options),
      desk_(std::make_shared<Desk>(std::move(look_up))),
      state_(std::make_unique<State>()) {
    state_->alive = std::make_shared<Resolver*>(this);
    const MutexLock lock(desk_->mutex);
    desk_->deliver = [&loop, alive = std::weak_ptr<Resolver*>(state_->alive)](
                         const std::string& host, Result<std::vector<Address>> found) {
        loop.post([alive, host, found = std::move(found)] {
            if (const auto resolver = alive.lock()) (*resolver)->finish(host, found);
        });
    };
}

Resolver::~Resolver() {
    if (desk_->end()) return;  // The jthreads join at once.
    // getaddrinfo can't be interrupted and may take half a minute. What it still touches is the
    // desk, which its thread keeps alive.
    for (std::jthread& thread : state_->threads) thread.detach();
}

void Resolver::resolve(const std::string& host, Done done) {
    if (const std::optional<Address> literal = read_literal(host)) {
        done(std::make_shared<const std::vector<Address>>(1, *literal));
        return;
    }
    if (state_->names.size() >= options_.names_max && !state_->names.contains(host)) make_room();
    Name& name = state_->names[host];
    if (name.waiting.empty() && name.found && steady_now() < name.until) {
        const Found found = *name.found;
        done(found);
        return;
    }
    name.waiting.push_back(std::move(done));
    if (name.waiting.size() > 1) return;

    bool needs_thread = false;
    {
        const MutexLock lock(desk_->mutex);
        desk_->wanted.push_back(host);
        needs_thread = desk_->idle < desk_->wanted.size();
        desk_->changed.notify_one();
    }
    if (needs_thread && state_->threads.size() < options_.threads) add_thread();
}

void Resolver::add_thread() {
    const MutexLock lock(desk_->mutex);
    try {
        state_->threads.emplace_back([desk = desk_] { desk->work(); });
        ++desk_->running;
    } catch (const std::system_error& error) {
        // Where there are threads already, it only takes longer.
        if (!state_->threads.empty() || desk_->wanted.empty()) return;
        const std::string host = std::move(desk_->wanted.back());
        desk_->wanted.pop_back();
        desk_->deliver(host, sagas::fail(ErrorCode::Unavailable,
                                         "no address of " + host + ": " + error.what()));
    }
}

void Resolver::finish(const std::string& host, Result<std::vector<Address>> found) {
    Name& name = state_->names[host];
    if (found) {
        name.found = std::make_shared<const std::vector<Address>>(std::move(*found));
    } else {
        name.found = tl::unexpected(std::move(found.error()));
    }
    const sagas::Milliseconds ttl = *name.found ? options_.found_ttl : options_.not_found_ttl;
    name.until = steady_now() + ttl;
    // They may resolve anew, and so move or change the entry.
    const std::vector<Done> waiting = std::exchange(name.waiting, {});
    const Found answer = *name.found;
    for (const Done& done : waiting) done(answer);
}

void Resolver::make_room() {
    const Instant now = steady_now();
    std::erase_if(state_->names, [now](const auto& entry) {
        return entry.second.waiting.empty() && entry.second.until <= now;
    });
    // All are in use: forget any that nobody waits for; it is only looked up once more.
    for (auto entry = state_->names.begin();
         state_->names.size() >= options_.names_max && entry != state_->names.end();) {
        entry = entry->second.waiting.empty() ? state_->names.erase(entry) : std::next(entry);
    }
}

}  // namespace skald::engine
