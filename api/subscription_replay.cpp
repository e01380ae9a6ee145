#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "api/asking_engine.h"
#include "api/handlers.h"
#include "api/request_body.h"
#include "api/subscription_place.h"
#include "api/subscription_view.h"

/// Has a subscription's events delivered once more: those behind a place, or its dead letters.
namespace skald::api {
namespace {

using engine::Rewind;
using engine::SettleDeadLetters;
using store::DeadLetter;
using store::Offset;

constexpr std::size_t kOffsetsMax = 1'000;
/// Of one commit.
constexpr std::uint32_t kLettersAtOnce = 100;

Parsed<store::SubscriptionRow> find_subscription(const Services& services,
                                                 const std::string& name) {
    auto row = read_again([&] { return services.reader.subscription(name); });
    if (row) return std::move(*row);
    if (row.error().code == sagas::ErrorCode::NotFound) {
        return tl::unexpected(no_such_subscription(name));
    }
    return tl::unexpected(to_problem(row.error()));
}

// ---- From a place on ---------------------------------------------------------------------------

Parsed<TopicPlace> read_replay_place(const Request& request) {
    const auto body = read_object(request, EmptyBody::IsRefused);
    if (!body) return tl::unexpected(body.error());
    ObjectReader reader(*body, {"from"});
    TopicPlace place;
    if (const sagas::Json* const from = reader.member("from", Presence::Required)) {
        sagas::Problems problems;
        place = read_place(*from, problems);
        for (sagas::Problem& each : problems.take()) {
            reader.note(std::move(each.code), std::move(each.pointer), std::move(each.detail),
                        std::move(each.hint));
        }
    }
    if (auto problem = reader.problem()) return tl::unexpected(std::move(*problem));
    return place;
}

// ---- Dead letters ------------------------------------------------------------------------------

/// Dead letters that are settled piece by piece, each piece in a commit.
struct Settling {
    std::string name;
    store::SubscriptionKey key{};
    SettleDeadLetters::How how{};
    std::optional<std::vector<Offset>> offsets;  ///< None: all, up to `last`.
    std::size_t next = 0;                        ///< Of `offsets`.
    Offset after{};
    Offset last{};
    std::size_t done = 0;
};
using SettlingPtr = std::shared_ptr<Settling>;  // By the rounds of one request.

/// Those that are delivered again already stay as they are.
void take_letter(const Settling& settling, DeadLetter letter, std::vector<DeadLetter>& letters) {
    const bool is_there = letter.is_revived && settling.how == SettleDeadLetters::How::DeliverAgain;
    if (!is_there) letters.push_back(std::move(letter));
}

/// The next piece; empty: there are no more. Errors: those of the store.
sagas::Result<std::vector<DeadLetter>> next_letters(const Services& services, Settling& settling) {
    std::vector<DeadLetter> letters;
    const auto read = [&](Offset after, std::uint32_t limit) {
        return read_again([&] { return services.reader.dead_letters(settling.key, after, limit); });
    };
    if (settling.offsets) {
        const auto& offsets = *settling.offsets;
        while (settling.next < offsets.size() && letters.size() < kLettersAtOnce) {
            const Offset offset = offsets[settling.next++];
            auto found = read(Offset{static_cast<std::int64_t>(offset) - 1}, 1);
            if (!found) return tl::unexpected(found.error());
            const bool is_there = !found->empty() && found->front().offset == offset;
            if (is_there) take_letter(settling, std::move(found->front()), letters);
        }
        return letters;
    }
    while (letters.empty() && settling.after < settling.last) {
        auto found = read(settling.after, kLettersAtOnce);
        if (!found) return tl::unexpected(found.error());
        settling.after = found->empty() ? settling.last : found->back().offset;
        for (DeadLetter& letter : *found) {
            if (letter.offset > settling.last) break;
            take_letter(settling, std::move(letter), letters);
        }
    }
    return letters;
}

Reply settled_reply(const Settling& settling) { return json_reply(200, {{"done", settling.done}}); }

Answer settle_next(const Services& services, const SettlingPtr& settling) {
    auto letters = next_letters(services, *settling);
    if (!letters) return to_problem(letters.error());
    if (letters->empty()) return settled_reply(*settling);
    SettleDeadLetters command;
    command.name = settling->name;
    command.how = settling->how;
    command.letters = std::move(*letters);
    return ask_engine(services, std::move(command),
                      [&services, settling](const SettleDeadLetters::Result& result) {
                          const auto* done = std::get_if<SettleDeadLetters::Done>(&result);
                          if (done == nullptr) return Answer(no_such_subscription(settling->name));
                          settling->done += done->count;
                          if (done->is_full) return Answer(settled_reply(*settling));
                          return settle_next(services, settling);
                      });
}

std::vector<Offset> read_offsets(const sagas::Json& sent, ObjectReader& reader) {
    std::vector<Offset> offsets;
    if (!sent.is_array() || sent.empty() || sent.size() > kOffsetsMax) {
        reader.note("wrong-type", "/offsets",
                    "must be an array of 1 to " + std::to_string(kOffsetsMax) + " offsets", "");
        return offsets;
    }
    for (std::size_t at = 0; at < sent.size(); ++at) {
        const auto* const number = sent[at].get_ptr<const std::uint64_t*>();
        if (number != nullptr && *number >= 1 && *number <= std::uint64_t{1} << 62) {
            offsets.push_back(Offset{static_cast<std::int64_t>(*number)});
        } else {
            reader.note("wrong-type", "/offsets/" + std::to_string(at), "must be an offset", "");
        }
    }
    std::sort(offsets.begin(), offsets.end());
    offsets.erase(std::unique(offsets.begin(), offsets.end()), offsets.end());
    return offsets;
}

Parsed<std::optional<std::vector<Offset>>> read_letters(const Request& request) {
    const auto body = read_object(request, EmptyBody::IsRefused);
    if (!body) return tl::unexpected(body.error());
    ObjectReader reader(*body, {"offsets", "all"});
    std::optional<std::vector<Offset>> offsets;
    const sagas::Json* const sent = reader.member("offsets", Presence::Optional);
    const sagas::Json* const all = reader.member("all", Presence::Optional);
    if (sent != nullptr) offsets = read_offsets(*sent, reader);
    if (all != nullptr && *all != true) reader.note("wrong-value", "/all", "must be true", "");
    if ((sent == nullptr) == (all == nullptr)) {
        reader.note("one-of", "", "send \"offsets\", or \"all\": true", "");
    }
    if (auto problem = reader.problem()) return tl::unexpected(std::move(*problem));
    return offsets;
}

Answer settle_dead_letters(const Services& services, const Request& request,
                           SettleDeadLetters::How how) {
    const std::string& name = request.path.at(0);
    auto offsets = read_letters(request);
    if (!offsets) return offsets.error();
    const auto row = find_subscription(services, name);
    if (!row) return row.error();
    const auto end = end_of_topic(TopicLog(services.reader, services.catalog), row->topic);
    if (!end) return to_problem(end.error());
    auto settling = std::make_shared<Settling>();
    settling->name = name;
    settling->key = row->key;
    settling->how = how;
    settling->offsets = std::move(*offsets);
    settling->last = *end;
    return settle_next(services, settling);
}

}  // namespace

Answer replay_subscription(const Services& services, const Request& request) {
    const std::string name = request.path.at(0);
    const auto place = read_replay_place(request);
    if (!place) return place.error();
    const auto row = find_subscription(services, name);
    if (!row) return row.error();
    const auto behind = find_place(TopicLog(services.reader, services.catalog), row->topic, *place);
    if (!behind) return to_problem(behind.error());
    Rewind command;
    command.name = name;
    command.behind = *behind;
    return ask_engine(services, std::move(command),
                      [name, behind = *behind](const Rewind::Result& result) -> Answer {
                          if (std::holds_alternative<engine::NoSuchSubscription>(result)) {
                              return no_such_subscription(name);
                          }
                          return json_reply(200, {{"behind", static_cast<std::int64_t>(behind)}});
                      });
}

Answer replay_dead_letters(const Services& services, const Request& request) {
    return settle_dead_letters(services, request, SettleDeadLetters::How::DeliverAgain);
}

Answer discard_dead_letters(const Services& services, const Request& request) {
    return settle_dead_letters(services, request, SettleDeadLetters::How::Discard);
}

}  // namespace skald::api
