#include "tests/simulation/slow_loader.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "tests/simulation/history.h"

namespace skald::simulation {
namespace {

using Owner = Timeline::Owner;

}  // namespace

/// What is read when the disk is down is nobody's: the process is dead.
template <typename T>
void SlowLoader::read(std::function<sagas::Result<T>()> ask,
                      std::function<void(sagas::Result<T>)> done) {
    const auto pause = [this] {
        return Time{random_.one_in(6) ? random_.between(1, 500) : random_.between(0, 2)};
    };
    const auto answer = [this, pause, done = std::move(done)](sagas::Result<T> result) {
        if (world_.disk.is_down()) return;
        const auto kept = std::make_shared<sagas::Result<T>>(std::move(result));
        world_.timeline.after(pause(), Owner::Process, [done, kept] { done(std::move(*kept)); });
    };
    const bool cannot = random_.one_in(25);
    world_.timeline.after(pause(), Owner::Process, [this, cannot, answer, ask = std::move(ask)] {
        if (cannot) {
            world_.counters.count("a saga could not be loaded at once");
            answer(sagas::fail(sagas::ErrorCode::Unavailable, "the readers are busy"));
        } else {
            answer(ask());
        }
    });
}

void SlowLoader::load(Name name, std::function<void(sagas::Result<Loaded>)> done) {
    ++under_way_[name];
    read<Loaded>([this, name] { return reads_.load(name); },
                 [this, name, done = std::move(done)](sagas::Result<Loaded> loaded) {
                     if (--under_way_[name] == 0) under_way_.erase(name);
                     if (loaded) count(name, *loaded);
                     done(std::move(loaded));
                 });
}

void SlowLoader::load_parked(sagas::Timestamp until, std::uint32_t limit,
                             std::function<void(sagas::Result<std::vector<store::Park>>)> done) {
    using Parks = std::vector<store::Park>;
    read<Parks>([this, until, limit] { return reads_.load_parked(until, limit); },
                [this, done = std::move(done)](sagas::Result<Parks> parks) {
                    if (parks) {
                        for (const store::Park& park : *parks) due_.insert(park.saga);
                    }
                    done(std::move(parks));
                });
}

void SlowLoader::prepare(ChildOrder order, std::function<void(sagas::Result<ChildReady>)> done) {
    read<ChildReady>([this, order = std::move(order)] { return reads_.prepare(order); },
                     std::move(done));
}

/// Pages are short now and then, as if their events were large.
void SlowLoader::load_events(std::string topic, store::Offset after, std::uint32_t limit,
                             std::function<void(sagas::Result<store::EventPage>)> done) {
    const auto least = static_cast<std::uint32_t>(random_.between(1, 5));
    const std::uint32_t most = random_.one_in(3) ? std::min(limit, least) : limit;
    read<store::EventPage>([this, topic = std::move(topic), after,
                            most] { return reads_.load_events(topic, after, most); },
                           [this, done = std::move(done)](sagas::Result<store::EventPage> page) {
                               if (page && page->is_cut) {
                                   world_.counters.count("events were read in several pages");
                               }
                               done(std::move(page));
                           });
}

void SlowLoader::prepare_trigger(engine::TriggerOrder order,
                                 std::function<void(sagas::Result<engine::Start>)> done) {
    read<engine::Start>([this, order = std::move(order)] { return reads_.prepare_trigger(order); },
                        std::move(done));
}

void SlowLoader::note_said(const std::string& saga, Cause cause) {
    said_[saga] = cause;
    if (under_way_.contains(Name(saga))) world_.counters.count("a load raced with an event");
}

void SlowLoader::note_hit(store::SagaKey saga) {
    hit_.insert(saga);
    if (under_way_.contains(Name(saga))) world_.counters.count("a load raced with an event");
}

/// By its key the coordinator asks for what is its own business, by its id for what others say.
void SlowLoader::count(const Name& name, const Loaded& loaded) {
    if (loaded.saga.end) {
        world_.counters.count("a saga that was over was loaded");
        return;
    }
    if (const auto* key = std::get_if<store::SagaKey>(&name)) {
        const bool is_due = due_.erase(*key) > 0;
        const bool is_hit = hit_.erase(*key) > 0;
        const bool is_queued = loaded.saga.lock && !loaded.saga.lock->is_held;
        world_.counters.count(is_due      ? "woken by a timer"
                              : is_hit    ? "woken by an event of the log"
                              : is_queued ? "woken by a lock"
                                          : "woken by a child or parent");
        return;
    }
    const auto said = said_.find(std::get<std::string>(name));
    if (said == said_.end()) {
        world_.counters.count("woken by a child or parent");
    } else {
        world_.counters.count(said->second == Cause::Operator ? "woken by an operator"
                                                              : "woken by a callback");
    }
}

}  // namespace skald::simulation
