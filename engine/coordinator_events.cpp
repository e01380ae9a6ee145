#include <algorithm>
#include <map>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/coordinator_impl.h"
#include "sagas/check.h"
#include "sagas/event_match.h"
#include "sagas/json.h"
#include "sagas/json_text.h"

/// What the coordinator has to do with the event log: it writes what sagas and others publish, and
/// brings each event to the step that waits for it.
namespace skald::engine {

namespace {

/// In one commit, which waits for them.
constexpr std::size_t kReactionsMax = 1'024;

sagas::EventRef ref_of(const std::string& topic, store::Offset offset) {
    return {topic, static_cast<std::int64_t>(offset)};
}

}  // namespace

// ---- What sagas publish, and wait for ----------------------------------------------------------

/// In the commit of the record that `transition` made.
void Coordinator::Impl::publish(const LiveSaga& live, sagas::Transition& transition) {
    const sagas::Timestamp now = parts_.clock.now();
    for (sagas::Expectation& expectation : transition.expectations) {
        gathering_.batch->expectations.push_back(
            {live.key, expectation.step, expectation.phase, std::move(expectation.keys), now});
    }
    for (sagas::Publication& publication : transition.publications) {
        auto& [text, type, source, id, subject] = publication.event;
        const auto paths = paths_of(publication.topic, type);
        sagas::EventKeys keys;
        if (!paths.empty()) {
            keys = sagas::keys_of_event(publication.topic, publication.event.json(), paths);
        }
        gathering_.batch->events.push_back({std::move(publication.topic), source, std::move(id),
                                            std::move(text), std::move(keys), live.key, now});
        gathering_.events.emplace_back(
            EventHead{std::move(type), std::move(source), std::move(subject)});
    }
}

// ---- What others publish -----------------------------------------------------------------------

void Coordinator::Impl::take(Publish command) {
    if (const auto busy = refuses_writes()) {
        command.done(*busy);
        return;
    }
    const sagas::Timestamp now = parts_.clock.now();
    gathering_.publishes.push_back(
        {gathering_.batch->events.size(), command.events.size(), std::move(command.done)});
    for (Publish::Event& event : command.events) {
        const auto saga = event.event.find("sagaid");
        if (saga != event.event.end() && saga->is_string()) {
            gathering_.addressed.push_back({gathering_.batch->events.size(), *saga});
        }
        std::string text;
        sagas::append_json(text, event.event);
        gathering_.batch->events.push_back({command.topic,
                                            std::move(event.source),
                                            std::move(event.id),
                                            std::move(text),
                                            keys_of(command.topic, event.event),
                                            {},
                                            now});
        gathering_.events.emplace_back(std::move(event.event));
    }
}

void Coordinator::Impl::take(ChangeTopic command) {
    if (is_store_full_) {
        command.done(Busy{Busy::Why::DiskFull, "the disk is full"});
        return;
    }
    gathering_.batch->topics.push_back(std::move(command.change));
    gathering_.topics.push_back(std::move(command.done));
}

void Coordinator::Impl::answer_publishes(Gathering& done, const store::Committed& committed) {
    SKALD_CHECK(done.topics.size() == committed.topics.size());
    for (std::size_t i = 0; i < done.topics.size(); ++i) done.topics[i](committed.topics[i]);

    SKALD_CHECK(done.batch->events.size() == committed.events.size());
    struct Count {
        std::size_t all = 0;
        std::size_t repeated = 0;
    };
    std::map<std::string_view, Count> counts;
    for (std::size_t i = 0; i < committed.events.size(); ++i) {
        if (!committed.events[i]) continue;
        Count& count = counts[done.batch->events[i].topic];
        ++count.all;
        count.repeated += committed.events[i]->is_repeat;
    }
    for (auto& [first, count, reply] : done.publishes) {
        std::vector<store::EventWritten> written;
        for (std::size_t i = first; i < first + count; ++i) written.push_back(*committed.events[i]);
        reply(std::move(written));
    }
    for (const auto& [topic, count] : counts) {
        parts_.telemetry.events_published(topic, count.all, count.repeated);
        if (count.all > count.repeated) parts_.event_bell.ring(topic);
    }
}

/// What names a saga and was waited for by nobody, as a reply after the end, is journaled there as
/// late. That may be lost in a crash, for it changes nothing.
void Coordinator::Impl::reach_late(Gathering& done, const store::Committed& committed) {
    if (done.addressed.empty() || is_draining_) return;
    std::set<std::pair<std::string_view, store::Offset>> heard;
    for (const store::EventHit& hit : committed.event_hits) heard.emplace(hit.topic, hit.offset);
    for (Gathering::Addressed& addressed : done.addressed) {
        const auto& written = committed.events[addressed.event];
        store::NewEvent& event = done.batch->events[addressed.event];
        const bool is_late =
            written && !written->is_repeat && !heard.contains({event.topic, written->offset});
        if (!is_late || loads_.commands() >= options_.loading_max) continue;
        DeliverLate late{event.topic, written->offset, std::move(event.event)};
        in_turn([this, id = std::move(addressed.saga), late = std::move(late)] {
            const auto found = by_id_.find(id);
            if (found != by_id_.end()) {
                deliver(live_.at(found->second), late);
            } else {
                await(id, late);
            }
        });
    }
}

// ---- Keys --------------------------------------------------------------------------------------

/// From now on events can be found by `paths`: before any saga of their definition starts.
void Coordinator::Impl::know(const std::vector<sagas::MatchPath>& paths) {
    for (const sagas::MatchPath& path : paths) {
        if (match_paths_.insert(path).second) gathering_.batch->match_paths.push_back(path);
    }
}

sagas::EventKeys Coordinator::Impl::keys_of(const std::string& topic,
                                            const sagas::Json& event) const {
    const std::string& type = event.at("type").get_ref<const std::string&>();
    return sagas::keys_of_event(topic, event, paths_of(topic, type));
}

std::vector<sagas::MatchPath> Coordinator::Impl::paths_of(const std::string& topic,
                                                          const std::string& type) const {
    std::vector<sagas::MatchPath> own;
    if (match_paths_.contains(sagas::MatchPath{})) own.emplace_back();
    for (auto path = match_paths_.lower_bound({topic, type, {}});
         path != match_paths_.end() && path->topic == topic && path->type == type; ++path) {
        own.push_back(*path);
    }
    return own;
}

// ---- Events that somebody waits for ------------------------------------------------------------

/// Within the commit of their events: what becomes of sagas in memory goes into it too. Each step
/// by event takes one commit so, as one by call does.
store::Batch Coordinator::Impl::react(const std::vector<store::EventHit>& hits) {
    SKALD_CHECK(syncing_);
    std::swap(gathering_, *syncing_);
    // The writer reads that one just now.
    const auto whole = std::exchange(gathering_.batch, std::make_shared<store::Batch>());
    for (std::size_t i = 0; i < std::min(hits.size(), kReactionsMax); ++i) {
        LiveSaga* live = hits[i].is_told || !hits[i].index ? nullptr : find(hits[i].saga);
        if (live == nullptr || !can_go_on_in(gathering_.number, *live)) continue;
        parts_.telemetry.event_hit();
        live->summary_slot.reset();  // The writer has been there.
        react(*live, hits[i], *whole);
    }
    const auto growth = std::exchange(gathering_.batch, whole);
    std::swap(gathering_, *syncing_);
    return std::move(*growth);
}

void Coordinator::Impl::react(LiveSaga& live, const store::EventHit& hit,
                              const store::Batch& whole) {
    const auto* const parsed = std::get_if<sagas::Json>(&gathering_.events[*hit.index]);
    if (parsed == nullptr) {  // A saga published it.
        deliver(live, hit);
        return;
    }
    deliver(live, {*parsed, whole.events[*hit.index].keys, ref_of(hit.topic, hit.offset)}, hit.step,
            hit.phase);
    write_told(hit);
}

/// Not a saga that has gone on already in the batch after it, or whose child begins there: it might
/// turn before that. Nor one that is parked in it, or whose parent may be: that the writer has
/// seen.
bool Coordinator::Impl::can_go_on_in(std::uint64_t batch, const LiveSaga& live) const {
    const bool has_starting =
        std::any_of(live.links.begin(), live.links.end(),
                    [](const ChildLink& link) { return link.state == ChildLink::State::Starting; });
    return live.last_batch <= batch && !has_starting && live.park_batch == 0 && !live.parent;
}

/// To the saga, in memory or not. It is told again after a restart until ToldHit is durable.
void Coordinator::Impl::reach(store::EventHit hit) {
    parts_.telemetry.event_hit();
    in_turn([this, hit = std::move(hit)] {
        if (LiveSaga* live = find(hit.saga)) {
            deliver(*live, hit);
        } else {
            await(hit.saga, Deliver{hit});
        }
    });
}

void Coordinator::Impl::deliver(LiveSaga& live, const store::EventHit& hit) {
    if (const auto read = parse_event(hit.topic, hit.event)) {
        deliver(live, {read->event, read->keys, ref_of(hit.topic, hit.offset)}, hit.step,
                hit.phase);
    }
    write_told(hit);
}

void Coordinator::Impl::deliver(LiveSaga& live, const DeliverLate& late) {
    const auto read = parse_event(late.topic, late.event);
    if (!read) return;
    const HeardEvent heard{read->event, read->keys, ref_of(late.topic, late.offset)};
    for (std::uint32_t i = 0; i < live.saga.steps.size(); ++i) {
        const sagas::StepIndex step{i};
        for (const sagas::Phase phase : {sagas::Phase::Action, sagas::Phase::Compensation}) {
            if (sagas::awaited_event(live.definition().step(step), phase) == nullptr) continue;
            deliver(live, heard, step, phase);
            for (std::size_t item = 0; item < live.saga.steps[i].elements.size(); ++item) {
                deliver(live, heard, sagas::element_of(step, item), phase);
            }
        }
    }
}

/// None: it can't be read; nobody can wait for it then.
std::optional<Coordinator::Impl::ParsedEvent> Coordinator::Impl::parse_event(
    const std::string& topic, const std::string& text) const {
    auto event = sagas::parse_json(text);
    if (!event) return std::nullopt;
    auto keys = keys_of(topic, *event);
    return ParsedEvent{std::move(*event), std::move(keys)};
}

/// Nothing, where the store's hashes were equal and the keys are not, or its type says nothing.
void Coordinator::Impl::deliver(LiveSaga& live, const HeardEvent& heard, sagas::StepIndex place,
                                sagas::Phase phase) {
    const sagas::Definition& definition = live.definition();
    const bool has_step =
        live.saga.has(place) && sagas::awaited_event(definition.step(place), phase) != nullptr;
    if (!has_step) return;
    const auto awaited = sagas::keys_awaited(definition, live.saga, place, phase);
    if (!awaited) return;
    if (!sagas::is_awaited(heard.keys, *awaited)) return;
    auto reply = sagas::reply_by_event(definition, place, phase, heard.event, heard.ref);
    // What was borrowed may be gone after it: the saga may publish in the same batch.
    if (reply) hear(live, std::move(*reply));
}

void Coordinator::Impl::hear(LiveSaga& live, sagas::CalledBack reply) {
    sagas::Transition transition = tell(live, std::move(reply), parts_.clock.now());
    if (transition.record) journal(live, std::move(*transition.record));
}

void Coordinator::Impl::write_told(const store::EventHit& hit) {
    gathering_.batch->told_hits.push_back({hit.saga, hit.step, hit.phase, hit.topic, hit.offset});
}

void Coordinator::Impl::run(LiveSaga& live, const Deliver& errand) { deliver(live, errand.hit); }
void Coordinator::Impl::run(Loader::Loaded& loaded, const Deliver& errand) {
    deliver(bring_back(std::move(loaded)), errand.hit);
}
void Coordinator::Impl::run(const Loader::Name&, const Deliver& errand) { write_told(errand.hit); }

void Coordinator::Impl::run(LiveSaga& live, const DeliverLate& errand) { deliver(live, errand); }
void Coordinator::Impl::run(Loader::Loaded& loaded, const DeliverLate& errand) {
    deliver(bring_back(std::move(loaded)), errand);
}
void Coordinator::Impl::run(const Loader::Name&, const DeliverLate&) {}

}  // namespace skald::engine
