#include "tests/engine/rig.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

#include "sagas/lint.h"

namespace skald::engine {

void HeldCommitter::finish(std::optional<sagas::Error> error) {
    Held held = std::move(*held_);
    held_.reset();
    sagas::Result<store::Committed> result =
        error ? sagas::Result<store::Committed>(tl::unexpected(*error))
              : write_growing(writer_, *held.batch, held.react);
    if (result) result->space = space;
    held.done(std::move(result));
}

void HeldCommitter::finish_unheard() {
    EXPECT_TRUE(write_growing(writer_, *held_->batch, held_->react));
    held_.reset();
}

sagas::Result<store::EventPage> RigEvents::events(const std::string& topic, store::Offset after,
                                                  std::uint32_t limit) const {
    ++reads;
    if (topic != kSagaTopic) {
        return reader_.events(topic, std::max(after, gone), limit);
    }
    // Before the rows: those that come between are left for the next page.
    const auto last = reader_.last_position();
    const auto feed = reader_.feed(store::Position{static_cast<std::int64_t>(after)}, limit);
    if (!last || !feed) return tl::unexpected(last ? feed.error() : last.error());
    store::EventPage page{{}, store::Offset{static_cast<std::int64_t>(*last)}, feed->is_cut};
    for (const store::FeedRow& row : feed->rows) {
        const store::Offset offset{static_cast<std::int64_t>(row.row.position)};
        if (unseen.contains(offset)) continue;
        const std::string type(sagas::to_text(sagas::type(row.row.record.cause)));
        const sagas::Json event{{"type", type}, {"source", "/sagas"}, {"subject", row.saga.id}};
        page.rows.push_back({offset, row.row.record.at, event.dump()});
    }
    return page;
}

sagas::Result<Start> RigTriggers::make_start(const TriggerOrder& order) const {
    ++asked;
    if (error) return tl::unexpected(*error);
    auto version = catalog_.to_start(order.definition, std::nullopt);
    if (!version) return tl::unexpected(version.error());
    const sagas::Json event = sagas::parse_json(order.event).value();
    const auto text = [&event](const char* field) { return event.at(field).get<std::string>(); };
    Start start{};
    start.version = std::move(*version);
    start.id = "by-" + text("id");
    start.id_origin = store::IdOrigin::Ours;
    start.input = sagas::make_value(sagas::Json::object());
    start.request = sagas::RequestKey{order.definition + '\n' + text("source") + '\n' + text("id"),
                                      "by an event"};
    return start;
}

ScriptedLoader::ScriptedLoader(const store::Reader& reader, Catalog& catalog,
                               const EventLog& events, const TriggerStarts& starts)
    : inner_(make_inline_loader(
          reader, catalog, events, starts,
          [this](std::function<void()> answer) { answers.push_back(std::move(answer)); })) {}

template <typename Found>
bool ScriptedLoader::fails(const std::function<void(sagas::Result<Found>)>& done) {
    if (failures == 0) return false;
    --failures;
    answers.push_back([done, error = failure] { done(tl::unexpected(error)); });
    return true;
}

void ScriptedLoader::load(Name name, std::function<void(sagas::Result<Loaded>)> done) {
    ++loads;
    if (!fails(done)) inner_->load(std::move(name), std::move(done));
}

void ScriptedLoader::load_parked(
    sagas::Timestamp until, std::uint32_t limit,
    std::function<void(sagas::Result<std::vector<store::Park>>)> done) {
    if (!fails(done)) inner_->load_parked(until, limit, std::move(done));
}

void ScriptedLoader::prepare(ChildOrder order,
                             std::function<void(sagas::Result<ChildReady>)> done) {
    if (!fails(done)) inner_->prepare(std::move(order), std::move(done));
}

void ScriptedLoader::load_events(std::string topic, store::Offset after, std::uint32_t limit,
                                 std::function<void(sagas::Result<store::EventPage>)> done) {
    if (!fails(done)) inner_->load_events(std::move(topic), after, limit, std::move(done));
}

void ScriptedLoader::prepare_trigger(TriggerOrder order,
                                     std::function<void(sagas::Result<Start>)> done) {
    if (!fails(done)) inner_->prepare_trigger(std::move(order), std::move(done));
}

std::string PlainCallbackUrls::url(std::string_view saga_id, sagas::StepIndex step,
                                   sagas::Phase phase) const {
    return std::string(saga_id) + "/" + std::to_string(sagas::to_size(step)) + "/" +
           std::string(sagas::to_text(phase));
}

Rig::Rig(store::Store& store, CoordinatorOptions options, sagas::Milliseconds ahead)
    : committer(store.writer()),
      catalog(store.reader()),
      events_read(store.reader()),
      triggers(catalog),
      loader(store.reader(), catalog, events_read, triggers),
      store_(store) {
    clock.advance(ahead);
    coordinator = std::make_unique<Coordinator>(
        Coordinator::Parts{committer, caller, clock, catalog, watchers, bell, event_bell, telemetry,
                           secrets_, callbacks_, loader, broker, [this] { is_wanted_ = true; },
                           [this](sagas::Milliseconds delay) { wake_at_ = clock.now() + delay; },
                           [this](const sagas::Error& error) { fatal = error; }},
        options);
    EXPECT_TRUE(coordinator->recover(store.recovery()));
}

void Rig::turn() {
    while (is_wanted_) {
        is_wanted_ = false;
        coordinator->turn();
    }
}

void Rig::deliver_reads() {
    for (const auto& answer : std::exchange(loader.answers, {})) answer();
}

void Rig::deliver_first_read() {
    ASSERT_FALSE(loader.answers.empty());
    const auto answer = std::move(loader.answers.front());
    loader.answers.pop_front();
    answer();
}

void Rig::deliver_last_read() {
    ASSERT_FALSE(loader.answers.empty());
    const auto answer = std::move(loader.answers.back());
    loader.answers.pop_back();
    answer();
}

void Rig::settle() {
    const auto moves = [this] {
        return is_wanted_ || committer.is_syncing() || (!holds_reads && !loader.answers.empty());
    };
    do {
        turn();
        if (!holds_reads) deliver_reads();
        turn();
        if (committer.is_syncing()) committer.finish();
    } while (moves());
}

void Rig::wait(sagas::Milliseconds most) {
    const sagas::Timestamp until = clock.now() + most;
    if (wake_at_ && *wake_at_ <= until) {
        clock.advance(std::max(*wake_at_ - clock.now(), sagas::Milliseconds{0}));
        wake_at_.reset();
        is_wanted_ = true;
    } else {
        clock.advance(most);
    }
    settle();
}

void Rig::pass(sagas::Milliseconds time) {
    const sagas::Timestamp until = clock.now() + time;
    while (clock.now() < until) wait(until - clock.now());
}

void Rig::define(std::string_view document) { define(document, {}); }

void Rig::define(std::string_view document, std::vector<store::OwnedSubscription> subscriptions) {
    const sagas::Json json = sagas::parse_json(document).value();
    const sagas::Checked checked = sagas::check_definition(json, std::nullopt);
    ASSERT_TRUE(checked.definition) << document;
    coordinator->post(ChangeDefinition{
        store::PutDefinition{checked.definition->name, json.dump(), checked.filled.dump(),
                             std::nullopt, clock.now(), std::move(subscriptions)},
        [](ChangeDefinition::Result) {}, sagas::match_paths(*checked.definition)});
    settle();
}

Rig::Later<Start::Result> Rig::start(const std::string& definition, const std::string& id,
                                     std::optional<sagas::RequestKey> request) {
    return start(definition, id,
                 Wanted{sagas::Json::object(), std::nullopt, {}, std::move(request)});
}

Rig::Later<Start::Result> Rig::start(const std::string& definition, const std::string& id,
                                     Wanted wanted) {
    auto result = std::make_shared<std::optional<Start::Result>>();
    Start start;
    start.version = catalog.to_start(definition, std::nullopt).value();
    start.id = id;
    start.id_origin = store::IdOrigin::Client;
    start.input = sagas::make_value(std::move(wanted.input));
    start.body_hash = "hash of " + id;
    start.request = std::move(wanted.request);
    start.lock = std::move(wanted.lock);
    start.pins = std::move(wanted.pins);
    start.done = [result](Start::Result what) { *result = std::move(what); };
    coordinator->post(std::move(start));
    return result;
}

Rig::Later<Operate::Result> Rig::operate(const std::string& id, decltype(Operate::event) event) {
    auto result = std::make_shared<std::optional<Operate::Result>>();
    coordinator->post(Operate{id, std::move(event),
                              [result](Operate::Result what) { *result = std::move(what); }});
    return result;
}

Rig::Later<Operate::Result> Rig::cancel(const std::string& id,
                                        std::optional<sagas::RequestKey> request) {
    return operate(id, sagas::Cancel{{"local", "test", std::move(request)}});
}

Rig::Later<Publish::Result> Rig::publish(const std::string& topic,
                                         std::vector<sagas::Json> events) {
    auto result = std::make_shared<std::optional<Publish::Result>>();
    Publish command{topic, {}, [result](Publish::Result what) { *result = std::move(what); }};
    for (sagas::Json& event : events) {
        command.events.push_back({event.at("source"), event.at("id"), std::move(event)});
    }
    coordinator->post(std::move(command));
    return result;
}

Rig::Later<ChangeSubscription::Result> Rig::subscribe(const std::string& name,
                                                      const sagas::Json& document,
                                                      store::Offset begin) {
    sagas::Problems problems;
    auto read = read_subscription(document, Author::People, problems);
    EXPECT_TRUE(problems.is_empty()) << document;
    auto result = std::make_shared<std::optional<ChangeSubscription::Result>>();
    coordinator->post(ChangeSubscription{
        store::PutSubscription{name, read.topic, document.dump(), begin, std::nullopt, clock.now()},
        read, [result](ChangeSubscription::Result what) { *result = std::move(what); }});
    return result;
}

Rig::Later<ChangeBridge::Result> Rig::put_bridge(
    const std::string& name, std::vector<store::OwnedSubscription> subscriptions) {
    auto result = std::make_shared<std::optional<ChangeBridge::Result>>();
    const std::string source = sagas::Json{{"out", subscriptions.size()}}.dump();
    coordinator->post(ChangeBridge{
        store::PutBridge{name, source, std::move(subscriptions), std::nullopt, clock.now()},
        [result](ChangeBridge::Result what) { *result = std::move(what); }});
    return result;
}

Rig::Later<Fetch::Result> Rig::fetch(const std::string& name, std::size_t limit,
                                     sagas::Milliseconds wait) {
    auto result = std::make_shared<std::optional<Fetch::Result>>();
    coordinator->post(Fetch{name, limit, clock.now() + wait,
                            [result](Fetch::Result what) { *result = std::move(what); }});
    return result;
}

Rig::Later<AnswerLeases::Result> Rig::answer_leases(const std::string& name,
                                                    std::vector<Lease> leases, AnswerLeases::As as,
                                                    sagas::Milliseconds by) {
    auto result = std::make_shared<std::optional<AnswerLeases::Result>>();
    coordinator->post(
        AnswerLeases{name, std::move(leases), as, by, "no",
                     [result](AnswerLeases::Result what) { *result = std::move(what); }});
    return result;
}

Rig::Later<Rewind::Result> Rig::rewind(const std::string& name, store::Offset behind) {
    auto result = std::make_shared<std::optional<Rewind::Result>>();
    coordinator->post(
        Rewind{name, behind, [result](Rewind::Result what) { *result = std::move(what); }});
    return result;
}

Rig::Later<SettleDeadLetters::Result> Rig::settle_letters(const std::string& name,
                                                          SettleDeadLetters::How how) {
    auto result = std::make_shared<std::optional<SettleDeadLetters::Result>>();
    coordinator->post(
        SettleDeadLetters{name, dead_letters(name), how,
                          [result](SettleDeadLetters::Result what) { *result = std::move(what); }});
    return result;
}

store::SubscriptionRow Rig::subscription(const std::string& name) const {
    return store_.reader().subscription(name).value_or(store::SubscriptionRow{});
}

std::vector<store::DeadLetter> Rig::dead_letters(const std::string& name) const {
    const auto letters =
        store_.reader().dead_letters(subscription(name).key, store::Offset{0}, 1'000);
    return letters.value_or(std::vector<store::DeadLetter>{});
}

std::vector<sagas::Json> Rig::events(const std::string& topic) const {
    std::vector<sagas::Json> events;
    const auto page = store_.reader().events(topic, store::Offset{0}, 1'000);
    if (!page) return events;
    for (const store::EventRow& row : page->rows) {
        events.push_back(sagas::parse_json(row.event).value());
    }
    return events;
}

Rig::Later<CallBack::Result> Rig::call_back(const std::string& id, sagas::CalledBack event) {
    auto result = std::make_shared<std::optional<CallBack::Result>>();
    coordinator->post(CallBack{id, std::move(event),
                               [result](CallBack::Result what) { *result = std::move(what); }});
    return result;
}

void Rig::answer(std::string_view target, sagas::Answer answer) {
    const auto found = std::find_if(caller.open.begin(), caller.open.end(), [&](const auto& made) {
        return made.request.target == target;
    });
    ASSERT_NE(found, caller.open.end()) << "no open call to " << target;
    const CallId id = found->id;
    caller.open.erase(found);
    coordinator->answered(id, std::move(answer));
    settle();
}

void Rig::answer(std::string_view target, int status) {
    answer(target, sagas::Reply{status, {}, sagas::make_value(nullptr), std::nullopt});
}

std::vector<std::string> Rig::open() const {
    std::vector<std::string> targets;
    for (const auto& made : caller.open) targets.push_back(made.request.target);
    return targets;
}

std::string Rig::status(const std::string& id) const {
    const auto row = store_.reader().saga(id);
    return row ? std::string(sagas::to_text(row->summary.status)) : row.error().message;
}

std::vector<std::string> Rig::journal(const std::string& id) const {
    std::vector<std::string> types;
    const auto row = store_.reader().saga(id);
    if (!row) return types;
    const auto rows = store_.reader().journal(row->key, 0, 1'000).value();
    for (const store::JournalRow& each : rows) {
        types.emplace_back(sagas::to_text(sagas::type(each.record.cause)));
    }
    return types;
}

std::vector<std::string> Rig::parked() const {
    std::vector<std::string> ids;
    const auto parks = store_.reader().parked(sagas::Timestamp::max(), 1'000).value();
    for (const store::Park& park : parks) {
        ids.push_back(store_.reader().saga(park.saga).value().id);
    }
    return ids;
}

}  // namespace skald::engine
