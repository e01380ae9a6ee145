#include "tests/simulation/publishers.h"

#include <utility>

#include "tests/simulation/process.h"

namespace skald::simulation {
namespace {

using Owner = Timeline::Owner;

/// Where the event says whom it is meant for.
std::string saga_of(const sagas::Json& event) {
    const auto saga = event.find("sagaid");
    return saga == event.end() ? std::string() : saga->get<std::string>();
}

EventsPosted posted(std::uint64_t number, const std::string& topic,
                    const std::vector<sagas::Json>& events) {
    EventsPosted seen{number, topic, {}};
    for (const sagas::Json& event : events) {
        seen.events.push_back(
            {event.at("source"), event.at("id"), event.at("type"), saga_of(event)});
    }
    return seen;
}

engine::Publish command(const std::string& topic, const std::vector<sagas::Json>& events) {
    engine::Publish publish{topic, {}, nullptr};
    for (sagas::Json event : events) {
        event["specversion"] = "1.0";
        publish.events.push_back({event.at("source"), event.at("id"), std::move(event)});
    }
    return publish;
}

}  // namespace

Publishers::Publishers(Timeline& timeline, Random random, Counters& counters, See see)
    : timeline_(timeline), random_(random), counters_(counters), see_(std::move(see)) {}

void Publishers::publish(std::string topic, std::vector<sagas::Json> events) {
    letters_.emplace(++last_letter_, Letter{std::move(topic), std::move(events)});
    post_soon(last_letter_, Time{0});
}

void Publishers::post_soon(std::uint64_t number, Time delay) {
    timeline_.after(delay, Owner::World, [this, number] { post(number); });
}

void Publishers::post(std::uint64_t number) {
    const Letter& letter = letters_.at(number);
    const auto send = [this, number, &letter] {
        timeline_.after(way(), Owner::World, [this, number, letter] { deliver(number, letter); });
    };
    if (!goes_wrong(6)) send();
    if (goes_wrong(5)) send();
    timeline_.after(Time{random_.between(300, 6'000)}, Owner::World,
                    [this, number] { look_after(number); });
}

/// The publisher has waited long enough for an answer.
void Publishers::look_after(std::uint64_t number) {
    Letter& letter = letters_.at(number);
    const bool has_doubts = !letter.is_repeated && goes_wrong(12);
    if (letter.is_answered && has_doubts) {
        letter.is_repeated = true;
        post_soon(number, Time{random_.between(0, 40'000)});
    } else if (letter.is_answered) {
        letters_.erase(number);
    } else {
        counters_.count("a post got no answer");
        post_soon(number, Time{0});
    }
}

/// `letter`: as it was sent.
void Publishers::deliver(std::uint64_t number, const Letter& letter) {
    if (process_ == nullptr) {
        counters_.count("a post met no process");
        return;
    }
    const std::uint64_t post = ++last_post_;
    see_(posted(post, letter.topic, letter.events));
    engine::Publish publish = command(letter.topic, letter.events);
    publish.done = [this, number, post](const engine::Publish::Result& result) {
        answered(number, post, result);
    };
    process_->coordinator().post(std::move(publish));
}

void Publishers::answered(std::uint64_t number, std::uint64_t post,
                          const engine::Publish::Result& result) {
    EventsAnswered seen{post, {}};
    const auto* written = std::get_if<std::vector<store::EventWritten>>(&result);
    if (written == nullptr) {
        counters_.count("a post was answered busy");
        see_(seen);
        return;
    }
    for (const store::EventWritten& each : *written) {
        seen.written.push_back({static_cast<std::int64_t>(each.offset), each.is_repeat});
        if (each.is_repeat) counters_.count("an event was published again");
    }
    see_(seen);
    const auto letter = letters_.find(number);
    if (letter != letters_.end()) letter->second.is_answered = true;
}

Time Publishers::way() {
    if (is_healed_) return Time{1};
    return Time{random_.chance(6) ? random_.between(300, 8'000) : random_.between(0, 30)};
}

}  // namespace skald::simulation
