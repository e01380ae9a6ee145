#include "tests/simulation/clients.h"

#include <algorithm>
#include <utility>

#include "engine/owned_subscriptions.h"
#include "sagas/check.h"
#include "sagas/children.h"
#include "sagas/event_match.h"
#include "sagas/lint.h"
#include "sagas/lock.h"
#include "tests/simulation/plans.h"

namespace skald::simulation {
namespace {

using Owner = Timeline::Owner;

/// The latest version of each name, as a registration and a start see them.
sagas::FindLatest find_latest(Process& process) {
    return [&process](std::string_view name) -> sagas::Result<sagas::KnownDefinition> {
        auto version = process.catalog().to_start(name, std::nullopt);
        if (!version) return tl::unexpected(version.error());
        const auto definition = std::shared_ptr<const sagas::Definition>(
            *version, &(*version)->definition);  // It lives as long as its version.
        return sagas::KnownDefinition{definition, (*version)->number};
    };
}

}  // namespace

Clients::Clients(Timeline& timeline, Random random, Counters& counters, History& history, See see,
                 std::int64_t pace)
    : timeline_(timeline),
      random_(random),
      counters_(counters),
      history_(history),
      see_(std::move(see)),
      pace_(pace),
      clients_(history.starts.size()) {
    std::map<std::string, std::uint32_t> versions;
    for (const DefinitionPlan& plan : history.definitions) {
        registrations_.push_back({++versions[plan.name]});
    }
}

void Clients::begin_process(Process& process) {
    process_ = &process;
    for (const Client& client : clients_) {
        if (client.saga) watch(*client.saga);
    }
    work_soon(Time{0});
}

void Clients::end_process() {
    watches_.clear();
    process_ = nullptr;
}

bool Clients::is_satisfied() const {
    return std::all_of(
        history_.starts.begin(), history_.starts.end(), [this](const StartPlan& start) {
            return start.event.has_value() || clients_[start.number].saga.has_value();
        });
}

std::optional<std::string> Clients::saga(const StartPlan& start) const {
    if (start.is_id_of_client) return start.id;
    return clients_[start.number].saga;
}

void Clients::work_soon(Time delay) {
    timeline_.after(delay, Owner::Process, [this] { work(); });
}

/// One round: what is not registered yet, then starts whose definition is.
void Clients::work() {
    register_next();
    for (const StartPlan& start : history_.starts) {
        if (start.event) continue;
        const bool is_needed = !clients_[start.number].saga;
        const bool is_moved = is_needed ? random_.one_in(3) : random_.one_in(60);
        if (!registrations_[start.definition].is_done || !is_moved) continue;
        post(start);
        if (random_.one_in(10)) post(start);  // Its twin, by the network.
    }
    if (random_.one_in(16)) watch_children();
    work_soon(pace_ * Time{random_.between(100, 4'000)});
}

void Clients::register_next() {
    const auto next = std::find_if(registrations_.begin(), registrations_.end(),
                                   [](const Registration& each) { return !each.is_done; });
    if (next == registrations_.end()) return;
    const auto index = static_cast<std::size_t>(next - registrations_.begin());
    if (!next->checked) {
        next->document = document(history_.definitions[index]);
        next->checked = sagas::check_definition(next->document, std::nullopt);
    }
    const auto& definition = next->checked->definition;
    SKALD_CHECK(definition);  // plans.cpp made a definition that is refused.
    const auto problems = sagas::check_children(*definition, find_latest(*process_));
    if (process_->is_dying()) return;  // The disk went down under its feet; later again.
    SKALD_CHECK(problems.empty());
    auto owned = subscriptions_of(*definition);
    if (!owned) return;
    store::PutDefinition put{
        definition->name, next->document.dump(),   next->checked->filled.dump(),
        std::nullopt,     process_->clock().now(), std::move(*owned)};
    const auto done = [this, index](const engine::ChangeDefinition::Result& result) {
        if (!std::holds_alternative<store::DefinitionOutcome>(result)) return;
        if (registrations_[index].is_done) return;
        registrations_[index].is_done = true;
        see_(Registered{index});
        timeline_.after(Time{0}, Owner::Process, [this] { register_next(); });
    };
    process_->coordinator().post(
        engine::ChangeDefinition{std::move(put), done, sagas::match_paths(*definition)});
}

/// For its triggers. None: the log can't be read now.
std::optional<std::vector<store::OwnedSubscription>> Clients::subscriptions_of(
    const sagas::Definition& definition) {
    const auto end_of = [this](const std::string& topic) -> sagas::Result<store::Offset> {
        if (const auto last = process_->last_offset(topic)) return *last;
        return sagas::fail(sagas::ErrorCode::Unavailable, "the log can't be read");
    };
    auto owned = engine::trigger_subscriptions(definition, end_of);
    if (!owned) return std::nullopt;
    for (std::size_t i = 0; i < owned->size(); ++i) {
        SubscriptionPlan plan;
        plan.topic = definition.triggers[i].topic;
        plan.filter.type = {definition.triggers[i].type, false};
        plan.how = SubscriptionPlan::How::Trigger;
        plan.attempts_max = 16;
        plan.target = definition.name;
        history_.subscriptions.emplace((*owned)[i].source, std::move(plan));
    }
    return std::move(*owned);
}

void Clients::post(const StartPlan& start) {
    const Registration& registration = registrations_[start.definition];
    auto version = process_->catalog().to_start(history_.definitions[start.definition].name,
                                                registration.version);
    if (!version) return;  // The disk went down under its feet; later again.
    auto pins = sagas::pin_children((*version)->definition, find_latest(*process_));
    if (!pins) return;
    const sagas::Value input = sagas::make_value(input_of(start));
    auto lock = sagas::render_lock((*version)->definition, *input);
    SKALD_CHECK(lock);
    Client& client = clients_[start.number];
    ++client.posts;
    const std::string number = std::to_string(start.number);
    const std::string id =
        start.is_id_of_client ? start.id : "saga-" + number + "-" + std::to_string(client.posts);
    std::optional<sagas::RequestKey> request;
    if (!start.request_key.empty()) request = {start.request_key, "hash of " + number};
    see_(StartAsked{start.number, *pins});
    process_->coordinator().post(engine::Start{
        std::move(*version),
        id,
        start.is_id_of_client ? store::IdOrigin::Client : store::IdOrigin::Ours,
        input,
        {},
        "hash of " + number,
        std::move(request),
        std::nullopt,
        std::move(*lock),
        std::move(*pins),
        [this, &start, id](const engine::Start::Result& result) { answered(start, id, result); }});
}

void Clients::answered(const StartPlan& start, const std::string& id,
                       const engine::Start::Result& result) {
    using How = StartAnswered::How;
    StartAnswered seen{start.number, How::Busy, {}};
    if (std::holds_alternative<engine::Start::Started>(result)) {
        seen.how = How::Started;
        seen.saga = id;
    } else if (const auto* repeats = std::get_if<store::StartRepeats>(&result)) {
        counters_.count("a start was repeated");
        seen.how = How::Repeats;
        seen.saga = repeats->id;
    } else if (std::holds_alternative<store::StartIdUsed>(result)) {
        seen.how = How::IdUsed;
    } else {
        counters_.count("a start was answered busy");
    }
    see_(seen);
    if (seen.saga.empty() || clients_[start.number].saga) return;
    clients_[start.number].saga = seen.saga;
    watch(seen.saga);
}

/// Somebody looks at what the latest children come to.
void Clients::watch_children() {
    const auto list = process_->reader().list({}, {std::nullopt, 10, 10});
    if (!list) return;
    for (const store::SagaRow& row : list->rows) {
        if (row.parent && !watches_.contains(row.id)) watch(row.id);
    }
}

void Clients::watch(const std::string& saga) {
    watches_.erase(saga);
    const auto made = watches_.emplace(saga, process_->watchers().watch(saga)).first;
    made->second.when_ready([this, saga] {
        // A watch must not be replaced from within its own call.
        timeline_.after(Time{0}, Owner::Process, [this, saga] {
            const auto found = watches_.find(saga);
            if (found == watches_.end() || found->second.rest() == nullptr) return;
            const sagas::Status status = sagas::status(found->second.rest()->saga);
            see_(RestTold{saga, std::string(sagas::to_text(status))});
            watch(saga);
        });
    });
}

}  // namespace skald::simulation
