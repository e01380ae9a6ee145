#include "tests/simulation/receivers.h"

#include <algorithm>
#include <charconv>
#include <string_view>
#include <utility>

#include "engine/webhook_signature.h"
#include "sagas/json.h"
#include "tests/simulation/delivery_plans.h"

namespace skald::simulation {
namespace {

using Owner = Timeline::Owner;

constexpr int kTaken[] = {200, 201, 202, 204};
constexpr int kNotTaken[] = {500, 503, 429, 404, 302};

std::string header_of(const sagas::Request& request, std::string_view name) {
    const auto found = std::find_if(request.headers.begin(), request.headers.end(),
                                    [name](const auto& header) { return header.first == name; });
    return found == request.headers.end() ? "" : found->second;
}

/// "NAME/OFFSET".
HandedOut pushed(const sagas::Request& request, std::uint64_t number, std::uint32_t attempt) {
    const std::string id = header_of(request, "webhook-id");
    const std::size_t slash = id.rfind('/');
    const sagas::Json event = sagas::Json::parse(request.body);
    HandedOut seen{id.substr(0, slash), 0, event.at("source"), event.at("id"), number, attempt, 0};
    std::from_chars(id.data() + slash + 1, id.data() + id.size(), seen.offset);
    return seen;
}

/// With the receivers' own secret, as Standard Webhooks say.
bool is_signed(const sagas::Request& request) {
    const auto key = engine::read_webhook_secret(kRightSecret);
    std::int64_t seconds = 0;
    const std::string time = header_of(request, "webhook-timestamp");
    std::from_chars(time.data(), time.data() + time.size(), seconds);
    const auto headers =
        engine::webhook_headers(*key, header_of(request, "webhook-id"),
                                sagas::Timestamp{std::chrono::seconds{seconds}}, request.body);
    return std::all_of(headers.begin(), headers.end(), [&request](const auto& header) {
        return header_of(request, header.first) == header.second;
    });
}

}  // namespace

Receivers::Receivers(Timeline& timeline, Random random, Counters& counters, See see)
    : timeline_(timeline), random_(random), counters_(counters), see_(std::move(see)) {}

void Receivers::begin_process(Answered answered) {
    ++process_;
    answered_ = std::move(answered);
}

void Receivers::end_process() {
    open_.clear();
    answered_ = nullptr;
}

void Receivers::call(engine::CallId id, sagas::Request request, std::uint32_t attempt) {
    open_.emplace(id, Open{++last_});
    see_(pushed(request, last_, attempt));
    if (attempt > 1) counters_.count("a push was repeated");
    const Time wait = goes_wrong(10) ? Time{random_.between(1, 2'000)} : Time{0};
    timeline_.after(wait, Owner::Process,
                    [this, id, request = std::move(request)] { leave(id, request); });
}

void Receivers::recall(engine::CallId id) {
    const auto found = open_.find(id);
    if (found == open_.end() || !found->second.is_queued || found->second.is_recalled) return;
    found->second.is_recalled = true;
    timeline_.after(Time{0}, Owner::Process,
                    [this, id] { tell(id, sagas::NotSent{"taken back"}); });
}

void Receivers::leave(engine::CallId id, const sagas::Request& request) {
    const auto found = open_.find(id);
    if (found == open_.end() || found->second.is_recalled) return;
    found->second.is_queued = false;
    Time& down_until = down_until_[request.target];
    if (goes_wrong(2)) down_until = timeline_.now() + Time{random_.between(10, 9'000)};
    if (timeline_.now() < down_until && !is_healed_) {
        counters_.count("a receiver was away");
        tell(id, sagas::NotSent{"connection refused"});
        return;
    }
    timeline_.after(request.timeout, Owner::Process, [this, id] {
        if (open_.contains(id)) counters_.count("a push was not answered in time");
        tell(id, sagas::Lost{"no reply in time"});
    });
    const auto send = [this, id, process = process_, request] {
        timeline_.after(way(), Owner::World,
                        [this, id, process, request] { arrive(process, id, request); });
    };
    if (!goes_wrong(4)) send();
    if (goes_wrong(4)) send();
}

void Receivers::arrive(std::uint64_t process, engine::CallId id, const sagas::Request& request) {
    const int status = decide(request);
    if (status == 0 || goes_wrong(5)) {
        counters_.count("a reply to a push was lost");
        return;
    }
    timeline_.after(way(), Owner::World, [this, process, id, status] {
        if (process == process_ && open_.contains(id)) tell(id, sagas::Reply{status, {}, {}, {}});
    });
}

/// 0: it keeps silent.
int Receivers::decide(const sagas::Request& request) {
    if (!is_signed(request)) {
        counters_.count("a push was signed with a wrong secret");
        return 401;
    }
    if (goes_wrong(3)) return 0;
    if (goes_wrong(15)) {
        counters_.count("a receiver failed");
        return kNotTaken[random_.below(std::size(kNotTaken))];
    }
    return kTaken[random_.below(std::size(kTaken))];
}

void Receivers::tell(engine::CallId id, sagas::Answer answer) {
    const auto found = open_.find(id);
    if (found == open_.end()) return;
    const auto* reply = std::get_if<sagas::Reply>(&answer);
    const bool is_delivered = reply != nullptr && reply->status >= 200 && reply->status < 300;
    const std::uint64_t number = found->second.number;
    open_.erase(found);
    see_(PushTold{number, is_delivered});
    if (is_delivered) counters_.count("an event was pushed");
    answered_(id, std::move(answer));
}

Time Receivers::way() {
    if (is_healed_) return Time{1};
    return Time{random_.chance(6) ? random_.between(200, 4'000) : random_.between(0, 30)};
}

}  // namespace skald::simulation
