#include "tests/events/saga_books.h"

namespace skald::events {
namespace {

constexpr std::uint64_t kRefusedOf = 4;  ///< One of so many.

const std::vector<std::string>& works_of(std::uint64_t order) {
    static const std::vector<std::string> kDone = {"charge action", "reserve action",
                                                   "ship action"};
    static const std::vector<std::string> kUndone = {"charge action", "reserve action",
                                                     "reserve compensation"};
    return is_refused(order) ? kUndone : kDone;
}

}  // namespace

bool is_refused(std::uint64_t order) { return order % kRefusedOf == 0; }

bool SagaBooks::enter(const Command& command) {
    const std::lock_guard lock(mutex_);
    Saga& saga = sagas_[command.saga];
    saga.orders.insert(command.order);
    const bool is_new = saga.keys[command.step + ' ' + command.phase].insert(command.key).second;
    ++commands_;
    repeats_ += is_new ? 0 : 1;
    return !is_new;
}

void SagaBooks::end(const std::string& saga, const std::string& status) {
    const std::lock_guard lock(mutex_);
    auto& ends = sagas_[saga].ends;
    ended_ += ends.empty() ? 1 : 0;
    ends.push_back(status);
}

std::uint64_t SagaBooks::ended() const {
    const std::lock_guard lock(mutex_);
    return ended_;
}
std::uint64_t SagaBooks::commands() const {
    const std::lock_guard lock(mutex_);
    return commands_;
}
std::uint64_t SagaBooks::repeats() const {
    const std::lock_guard lock(mutex_);
    return repeats_;
}

Faults SagaBooks::close(std::uint64_t orders) const {
    const std::lock_guard lock(mutex_);
    Faults faults("sagas");
    std::map<std::uint64_t, std::uint64_t> started;
    for (const auto& [id, saga] : sagas_) {
        for (const std::uint64_t order : saga.orders) ++started[order];
        check(id, saga, faults);
    }
    for (std::uint64_t order = 1; order <= orders; ++order) {
        const auto found = started.find(order);
        if (found == started.end()) {
            faults.lost("order " + std::to_string(order) + " started no saga");
        } else if (found->second != 1) {
            faults.wrong("order " + std::to_string(order) + " started " +
                         std::to_string(found->second) + " sagas");
        }
    }
    if (!started.empty() && (started.begin()->first == 0 || started.rbegin()->first > orders)) {
        faults.wrong("a saga is of an order that nobody made");
    }
    return faults;
}

void SagaBooks::check(const std::string& id, const Saga& saga, Faults& faults) {
    if (saga.ends.empty()) {
        faults.lost(id + " never ended");
        return;
    }
    if (saga.ends.size() != 1) {
        faults.wrong(id + " ended " + std::to_string(saga.ends.size()) + " times");
    }
    if (saga.orders.size() != 1) {
        faults.wrong(id + " is of " + std::to_string(saga.orders.size()) + " orders");
        return;
    }
    const std::uint64_t order = *saga.orders.begin();
    if (const std::string wanted = is_refused(order) ? "compensated" : "completed";
        saga.ends.front() != wanted) {
        faults.wrong(id + " is " + saga.ends.front() + ", not " + wanted);
    }
    std::vector<std::string> works;
    for (const auto& [work, keys] : saga.keys) {
        works.push_back(work);
        if (keys.size() != 1) faults.wrong(id + " had more than one effect: " + work);
    }
    if (works != works_of(order)) faults.wrong(id + " asked for other steps than it has");
}

}  // namespace skald::events
