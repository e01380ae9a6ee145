#include "tests/simulation/subscribers.h"

#include <algorithm>
#include <utility>

#include "sagas/json.h"
#include "tests/simulation/process.h"

namespace skald::simulation {
namespace {

using Owner = Timeline::Owner;

constexpr std::size_t kRemembered = 12;
constexpr std::size_t kWorkersMax = 3;

LeasesAsked::As seen_as(engine::AnswerLeases::As as) {
    using As = engine::AnswerLeases::As;
    if (as == As::Refused) return LeasesAsked::As::Refused;
    return as == As::Extended ? LeasesAsked::As::Extended : LeasesAsked::As::Acknowledged;
}

HandedOut handed_out(const std::string& subscription, const engine::Fetch::Delivery& given) {
    const sagas::Json event = sagas::Json::parse(given.event);
    return {subscription,
            static_cast<std::int64_t>(given.lease.offset),
            event.at("source"),
            event.at("id"),
            given.lease.number,
            given.attempt,
            given.until.time_since_epoch().count()};
}

}  // namespace

Subscribers::Subscribers(Timeline& timeline, Random random, Counters& counters, See see,
                         const std::vector<std::string>& names)
    : timeline_(timeline), random_(random), counters_(counters), see_(std::move(see)) {
    for (const std::string& name : names) {
        for (std::uint64_t count = 1 + random_.below(kWorkersMax); count > 0; --count) {
            workers_.push_back({name});
        }
    }
}

void Subscribers::begin_process(Process& process) {
    process_ = &process;
    for (std::size_t index = 0; index < workers_.size(); ++index) {
        Worker& worker = workers_[index];
        if (!worker.held.empty() && goes_wrong(30)) {
            counters_.count("a lease of a process before was answered");
            say_soon(index, {worker.held.back()},
                     random_.one_in(3) ? As::Refused : As::Acknowledged,
                     Time{random_.between(0, 300)});
        }
        fetch_soon(index, Time{random_.between(0, 500)});
    }
}

void Subscribers::end_process() { process_ = nullptr; }

// ---- Fetching ----------------------------------------------------------------------------------

void Subscribers::fetch_soon(std::size_t index, Time delay) {
    timeline_.after(delay, Owner::Process, [this, index, life = workers_[index].life] {
        if (workers_[index].life == life) fetch(index);
    });
}

void Subscribers::fetch(std::size_t index) {
    const bool is_impatient = !is_healed_ && random_.one_in(3);
    const Time wait{is_impatient ? 0 : random_.between(is_healed_ ? 15'000 : 1, 20'000)};
    process_->coordinator().post(engine::Fetch{
        workers_[index].subscription, 1 + random_.below(random_.one_in(3) ? 20 : 4),
        process_->clock().now() + wait,
        [this, index](const engine::Fetch::Result& result) { given(index, result); }});
}

/// What skald has given out counts, whether it arrives or not.
void Subscribers::given(std::size_t index, const engine::Fetch::Result& result) {
    const auto* all = std::get_if<std::vector<engine::Fetch::Delivery>>(&result);
    if (all == nullptr) {
        fetch_soon(index, Time{random_.between(500, 5'000)});
        return;
    }
    std::vector<engine::Lease> leases;
    for (const engine::Fetch::Delivery& each : *all) {
        see_(handed_out(workers_[index].subscription, each));
        leases.push_back(each.lease);
        keep(workers_[index], each.lease);
        if (each.attempt > 1) counters_.count("a fetched event came again");
    }
    fetch_soon(index, Time{random_.between(0, is_healed_ ? 50 : 1'500)});
    if (leases.empty()) return;
    counters_.count("events were fetched", leases.size());
    if (goes_wrong(4)) {
        counters_.count("what was fetched did not arrive");
    } else {
        deal(index, std::move(leases));
    }
}

void Subscribers::keep(Worker& worker, const engine::Lease& lease) {
    worker.held.push_back(lease);
    if (worker.held.size() > kRemembered) worker.held.pop_front();
}

// ---- What comes of it --------------------------------------------------------------------------

void Subscribers::deal(std::size_t index, std::vector<engine::Lease> leases) {
    if (goes_wrong(30)) {
        deal_badly(index, leases);
    } else if (random_.one_in(2)) {
        say_soon(index, std::move(leases), As::Acknowledged, Time{random_.between(0, 900)});
    } else {
        for (const engine::Lease& lease : leases) {
            say_soon(index, {lease}, As::Acknowledged, Time{random_.between(0, 900)});
        }
    }
}

void Subscribers::deal_badly(std::size_t index, const std::vector<engine::Lease>& leases) {
    switch (random_.below(6)) {
        case 0:
        case 1:
            say_soon(index, leases, As::Refused, Time{random_.between(0, 900)});
            break;
        case 2:  // It takes longer than it had thought.
            say_soon(index, leases, As::Extended, Time{random_.between(0, 2'000)});
            say_soon(index, leases, As::Acknowledged, Time{random_.between(1'000, 30'000)});
            break;
        case 3:
            counters_.count("a subscriber was too slow, or forgot it");
            if (random_.one_in(2)) {
                say_soon(index, leases, As::Acknowledged, Time{random_.between(900, 20'000)});
            }
            break;
        case 4:  // With all that it has; another one comes.
            counters_.count("a subscriber died");
            ++workers_[index].life;
            fetch_soon(index, Time{random_.between(0, 20'000)});
            break;
        default:  // It hears no answer, or says something else meanwhile.
            say_soon(index, leases, As::Acknowledged, Time{random_.between(0, 900)});
            say_soon(index, leases, random_.one_in(3) ? As::Refused : As::Acknowledged,
                     Time{random_.between(0, 5'000)});
            break;
    }
}

void Subscribers::say_soon(std::size_t index, std::vector<engine::Lease> leases, As as,
                           Time delay) {
    const auto work = [this, index, leases = std::move(leases), as, life = workers_[index].life] {
        if (process_ == nullptr || workers_[index].life != life) return;
        say(workers_[index].subscription, leases, as);
    };
    timeline_.after(delay, Owner::World, work);
}

void Subscribers::say(const std::string& subscription, const std::vector<engine::Lease>& leases,
                      As as) {
    const std::uint64_t number = ++last_;
    const Time by{random_.between(1'000, 20'000)};
    LeasesAsked asked{number, subscription, {}, seen_as(as), as == As::Extended ? by.count() : 0};
    for (const engine::Lease& lease : leases) {
        asked.leases.push_back({static_cast<std::int64_t>(lease.offset), lease.number});
    }
    see_(std::move(asked));
    process_->coordinator().post(engine::AnswerLeases{
        subscription, leases, as, by, as == As::Refused ? "it did not work" : "",
        [this, number](const engine::AnswerLeases::Result& result) { answered(number, result); }});
}

void Subscribers::answered(std::uint64_t number, const engine::AnswerLeases::Result& result) {
    LeasesAnswered seen{number, LeasesAnswered::How::Busy, {}};
    if (const auto* stale = std::get_if<std::vector<engine::Lease>>(&result)) {
        seen.how = LeasesAnswered::How::Done;
        for (const engine::Lease& lease : *stale) seen.stale.push_back(lease.number);
        if (!stale->empty()) counters_.count("a stale lease was answered");
    } else if (std::holds_alternative<engine::NoSuchSubscription>(result)) {
        seen.how = LeasesAnswered::How::NotFound;
    } else if (std::holds_alternative<engine::IsNotPulled>(result)) {
        seen.how = LeasesAnswered::How::NotPulled;
    }
    see_(std::move(seen));
}

}  // namespace skald::simulation
