#include "tests/engine/rig.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "sagas/lint.h"

namespace skald::engine {

void HeldCommitter::finish(std::optional<sagas::Error> error) {
    Held held = std::move(*held_);
    held_.reset();
    sagas::Result<store::Committed> result =
        error ? sagas::Result<store::Committed>(tl::unexpected(*error))
              : writer_.write(*held.batch);
    if (result) result->space = space;
    held.done(std::move(held.batch), std::move(result));
}

Rig::Rig(store::Store& store, CoordinatorOptions options, sagas::Milliseconds ahead)
    : committer(store.writer()), catalog(store.reader()), store_(store) {
    clock.advance(ahead);
    coordinator = std::make_unique<Coordinator>(
        Coordinator::Parts{committer, caller, clock, catalog, watchers, bell, telemetry, secrets_,
                           [this] { is_wanted_ = true; },
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

void Rig::settle() {
    do {
        turn();
        if (committer.is_syncing()) committer.finish();
    } while (is_wanted_ || committer.is_syncing());
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

void Rig::define(std::string_view document) {
    const sagas::Json json = sagas::parse_json(document).value();
    const sagas::Checked checked = sagas::check_definition(json, std::nullopt);
    ASSERT_TRUE(checked.definition) << document;
    coordinator->post(
        ChangeDefinition{store::PutDefinition{checked.definition->name, json.dump(),
                                              checked.filled.dump(), std::nullopt, clock.now()},
                         [](ChangeDefinition::Result) {}});
    settle();
}

std::shared_ptr<std::optional<Start::Result>> Rig::start(const std::string& definition,
                                                         const std::string& id,
                                                         std::optional<sagas::RequestKey> request) {
    auto result = std::make_shared<std::optional<Start::Result>>();
    coordinator->post(Start{catalog.to_start(definition, std::nullopt).value(),
                            id,
                            store::IdOrigin::Client,
                            sagas::make_value(sagas::Json::object()),
                            {},
                            "hash of " + id,
                            std::move(request),
                            std::nullopt,
                            [result](Start::Result what) { *result = std::move(what); }});
    return result;
}

std::shared_ptr<std::optional<Operate::Result>> Rig::cancel(
    const std::string& id, std::optional<sagas::RequestKey> request) {
    auto result = std::make_shared<std::optional<Operate::Result>>();
    coordinator->post(Operate{id, sagas::Cancel{{"local", "test", std::move(request)}},
                              [result](Operate::Result what) { *result = std::move(what); }});
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

}  // namespace skald::engine
