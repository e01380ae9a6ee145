#include "engine/connection_pool.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "sagas/check.h"

namespace skald::engine {

ConnectionPool::~ConnectionPool() {
    for (const auto& [origin, kept] : origins_) {
        for (const Idle& idle : kept.idle) idle.connection->close();
    }
}

void ConnectionPool::make_room() {
    if (open_ < limits_.open) return;
    for (auto& [origin, kept] : origins_) {
        if (kept.idle.empty()) continue;
        drop(std::move(kept.idle.front().connection));
        return kept.idle.pop_front();
    }
}

void ConnectionPool::drop(HttpConnectionPtr connection) {
    connection->close();
    --open_;
}

void ConnectionPool::keep(HttpConnectionPtr connection) {
    const Instant now = steady_now();
    if (now - connection->opened_at() > limits_.age_max) return drop(std::move(connection));
    entry(connection->origin()).idle.push_back({std::move(connection), now});
}

HttpConnectionPtr ConnectionPool::take(const Origin& origin) {
    const auto found = origins_.find(origin);
    if (found == origins_.end()) return nullptr;
    std::deque<Idle>& idle = found->second.idle;
    while (!idle.empty()) {
        HttpConnectionPtr connection = std::move(idle.back().connection);
        idle.pop_back();
        if (connection->is_quiet() == Transport::Quiet::Yes) return connection;
        drop(std::move(connection));
    }
    return nullptr;
}

void ConnectionPool::drop_idle(const HttpConnection& connection) {
    std::deque<Idle>& idle = origins_.at(connection.origin()).idle;
    const auto found = std::find_if(idle.begin(), idle.end(), [&](const Idle& other) {
        return other.connection.get() == &connection;
    });
    SKALD_CHECK(found != idle.end());
    drop(std::move(found->connection));
    idle.erase(found);
}

std::optional<Address> ConnectionPool::good_address(const Origin& origin) const {
    const auto found = origins_.find(origin);
    return found == origins_.end() ? std::nullopt : found->second.good;
}

void ConnectionPool::set_good_address(const Origin& origin, const Address& address) {
    entry(origin).good = address;
}

ConnectionPool::Kept& ConnectionPool::entry(const Origin& origin) {
    Kept& kept = origins_[origin];
    kept.used = steady_now();
    if (!next_sweep_) next_sweep_ = kept.used + limits_.idle_max;
    return kept;
}

void ConnectionPool::sweep(Instant now) {
    next_sweep_.reset();
    for (auto place = origins_.begin(); place != origins_.end();) {
        Kept& kept = place->second;
        while (!kept.idle.empty() && kept.idle.front().since + limits_.idle_max <= now) {
            drop(std::move(kept.idle.front().connection));
            kept.idle.pop_front();
        }
        const Instant due =
            (kept.idle.empty() ? kept.used : kept.idle.front().since) + limits_.idle_max;
        if (kept.idle.empty() && due <= now) {
            place = origins_.erase(place);
            continue;
        }
        next_sweep_ = std::min(next_sweep_.value_or(due), due);
        ++place;
    }
}

}  // namespace skald::engine
