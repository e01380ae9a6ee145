#include "tests/simulation/services.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "tests/simulation/log_reading.h"
#include "tests/simulation/process.h"

namespace skald::simulation {
namespace {

using Owner = Timeline::Owner;
using sagas::Json;

constexpr std::uint32_t kRead = 20;
constexpr const char* kServices = "/services";

const Json& data_of(const Json& event) { return event.at("data"); }

ParticipantRequest request_of(const Json& event) {
    ParticipantRequest request{*log_event(0, event).call};
    request.is_of_child = data_of(event).value("of_child", false);
    return request;
}

}  // namespace

Services::Services(Timeline& timeline, Participants& participants, Publishers& publishers,
                   Random random, Counters& counters, See see)
    : timeline_(timeline),
      participants_(participants),
      publishers_(publishers),
      random_(random),
      counters_(counters),
      see_(std::move(see)) {}

// ---- Reading -----------------------------------------------------------------------------------

void Services::follow(const std::string& topic) { topics_.try_emplace(topic); }

/// A service knows where it was; some go back a little, for they are not sure.
void Services::begin_process(Process& process) {
    process_ = &process;
    for (auto& [name, topic] : topics_) {
        topic.listener = std::make_unique<engine::EventBell::Listener>(process.event_bell(), name);
        if (goes_wrong(15)) {
            topic.cursor = std::max<std::int64_t>(0, topic.cursor - random_.between(0, 3));
        }
        read_soon(name, Time{0});
    }
}

void Services::end_process() {
    for (auto& [name, topic] : topics_) topic.listener.reset();
    process_ = nullptr;
}

bool Services::is_quiet() const {
    return process_ != nullptr && undealt_ == 0 &&
           std::all_of(topics_.begin(), topics_.end(), [this](const auto& each) {
               const auto topic = process_->reader().topic(each.first, std::nullopt);
               return !topic || static_cast<std::int64_t>(topic->last) == each.second.cursor;
           });
}

void Services::read_soon(const std::string& topic, Time delay) {
    timeline_.after(delay, Owner::Process, [this, topic] { read(topic); });
}

void Services::read(const std::string& topic) {
    if (process_->is_dying()) return;
    Topic& own = topics_.at(topic);
    const std::uint64_t heard = own.listener->rings();
    const auto page = process_->reader().events(topic, store::Offset{own.cursor}, kRead);
    if (page) {
        for (const store::EventRow& row : page->rows) take(topic, row);
    }
    if (page && page->is_cut) {
        read_soon(topic, Time{0});
    } else {
        own.listener->when_rung(heard, [this, topic] {
            read_soon(topic, is_healed_ ? Time{0} : Time{random_.between(0, 20)});
        });
    }
}

void Services::take(const std::string& topic, const store::EventRow& row) {
    const auto offset = static_cast<std::int64_t>(row.offset);
    topics_.at(topic).cursor = offset;
    auto event = sagas::parse_json(row.event);
    if (!event) return;  // Whoever harvests the log says so.
    see_(EventRead{{topic, offset}, event->at("source"), event->at("id")});
    if (!event->contains("sagakey") || !event->contains("sagaid")) return;  // No command.
    if (goes_wrong(8)) {
        counters_.count("a command came twice");
        deal_soon(topic, *event);
    }
    deal_soon(topic, std::move(*event));
}

// ---- Dealing with it ---------------------------------------------------------------------------

void Services::deal_soon(const std::string& topic, Json event) {
    Time delay{is_healed_ ? 1 : random_.between(0, 60)};
    if (goes_wrong(8)) delay = Time{random_.between(300, 9'000)};
    ++undealt_;
    timeline_.after(delay, Owner::World, [this, topic, event = std::move(event)] {
        --undealt_;
        deal(topic, event);
    });
}

void Services::deal(const std::string& topic, const Json& event) {
    const ParticipantRequest request = request_of(event);
    const Participants::Decided decided = participants_.receive(request);
    see_(Handled{request.call, decided.did, 0});
    if (data_of(event).at("answer").is_null()) return;
    if (decided.word) {
        answer(topic, event, *decided.word);
    } else {
        counters_.count("a reply was never sent");
    }
}

/// An event can say that it was done, or that it surely was not: else there is nothing to say, but
/// some say something.
void Services::answer(const std::string& topic, const Json& command, Word word) {
    const Json& wanted = data_of(command).at("answer");
    const bool is_plain = word == Word::Success || word == Word::Failure;
    const Json& types = word == Word::Success ? wanted.at("success") : wanted.at("failure");
    std::vector<Json> events;
    if (is_plain && !types.empty() && !goes_wrong(6)) {
        events.push_back(reply(command, types));
    } else {
        counters_.count("a reply was never sent");
        if (goes_wrong(30)) {
            counters_.count("a reply of a wrong type");
            events.push_back(reply(command, Json::array({"received"})));
        }
    }
    if (!events.empty() && goes_wrong(8)) {
        counters_.count("a reply under two ids");
        events.push_back(reply(command, Json::array({events.back().at("type")})));
    }
    if (!events.empty() && goes_wrong(6)) {
        counters_.count("a reply for another");
        events.push_back(misdirected(events.back()));
    }
    if (events.empty()) return;
    std::string to = wanted.at("topic");
    if (goes_wrong(2)) {
        counters_.count("a reply to a wrong topic");
        to = topic == to ? "lost-and-found" : topic;
    }
    ++undealt_;
    timeline_.after(patience(), Owner::World,
                    [this, to = std::move(to), events = std::move(events)]() mutable {
                        --undealt_;
                        publishers_.publish(std::move(to), std::move(events));
                    });
}

/// Some give a reply the id of what it answers, so that it is the same each time.
Json Services::reply(const Json& command, const Json& types) {
    Json reply = {{"source", kServices},
                  {"id", "reply-" + std::to_string(++last_reply_)},
                  {"type", types[random_.below(types.size())]},
                  {"data", {{"n", last_reply_}}}};
    if (types.size() == 1 && random_.one_in(3)) {
        reply["id"] =
            "re: " + command.at("id").get<std::string>() + " " + types[0].get<std::string>();
    }
    address(command, reply);
    return reply;
}

/// By the saga's id; by a value, where the service knows nothing of sagas.
void Services::address(const Json& command, Json& reply) {
    const Json& member = data_of(command).at("answer").at("member");
    if (member == "order") {
        reply["data"]["order"] = data_of(command).at("order");
    } else if (member.is_string()) {
        reply["data"][member.get<std::string>()] = data_of(command).at("number");
    } else {
        reply["sagaid"] = command.at("sagaid");
        reply["sagastep"] = command.at("sagastep");
        // Left out it means the action.
        const bool is_action = command.at("sagaphase") == "action";
        if (!is_action || random_.one_in(2)) reply["sagaphase"] = command.at("sagaphase");
    }
}

/// It says the same to nobody.
Json Services::misdirected(Json reply) {
    reply["id"] = "reply-" + std::to_string(++last_reply_);
    if (!reply.contains("sagaid")) {
        reply["data"] = {{"order", "of nobody"}};
    } else if (random_.one_in(2)) {
        reply["sagaid"] = reply.at("sagaid").get<std::string>() + "-of-nobody";
    } else {
        reply["sagastep"] = "s99";
    }
    return reply;
}

/// Before the time-out mostly, and at times after each.
Time Services::patience() {
    if (is_healed_) return Time{1};
    if (random_.one_in(10)) return Time{random_.between(3'000, 110'000)};
    return Time{random_.one_in(3) ? random_.between(0, 10) : random_.between(0, 2'500)};
}

}  // namespace skald::simulation
