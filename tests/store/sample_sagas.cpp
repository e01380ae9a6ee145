#include "tests/store/sample_sagas.h"

#include <gtest/gtest.h>

#include <memory>
#include <utility>

#include "store/codec.h"

namespace skald::store::sample {
namespace {

using sagas::StepIndex;

constexpr std::int64_t kStart = 1'795'300'348'000;

Value value(Json json) { return std::make_shared<const Json>(std::move(json)); }

sagas::StepChange calling(std::uint32_t step) {
    return {StepIndex{step}, sagas::Calling{1, 1, false}};
}

}  // namespace

Timestamp at(std::int64_t milliseconds) { return Timestamp{Milliseconds{kStart + milliseconds}}; }

PutDefinition definition(const std::string& name, const std::string& source) {
    return {name, source, source, std::nullopt, at(0)};
}

DefinitionKey put(Store& store, const PutDefinition& put) {
    Batch batch;
    batch.definitions.emplace_back(put);
    const auto committed = store.writer().write(batch);
    if (!committed) {
        ADD_FAILURE() << committed.error().message;
        return {};
    }
    return std::get<DefinitionWritten>(committed->definitions.at(0)).key;
}

NewSaga start(std::int64_t key, DefinitionKey definition) {
    NewSaga saga{};
    saga.key = SagaKey{key};
    saga.id = "saga-" + std::to_string(key);
    saga.id_origin = IdOrigin::Ours;
    saga.definition = definition;
    saga.started_at = at(key);
    saga.input = value({{"order_id", "o-" + std::to_string(key)}, {"amount", 12.5}});
    saga.begun.at = saga.started_at;
    saga.begun.cause = sagas::Begin{};
    saga.begun.decision.steps.push_back(calling(0));
    return saga;
}

NewSaga with_request_key(NewSaga start, const std::string& key, const std::string& body_hash) {
    start.begun.cause = sagas::Begin{sagas::RequestKey{key, body_hash}};
    return start;
}

NewSaga with_client_id(NewSaga start, const std::string& id, const std::string& body_hash) {
    start.id = id;
    start.id_origin = IdOrigin::Client;
    start.body_hash = body_hash;
    return start;
}

NewSaga with_lock(NewSaga start, const std::string& value) {
    std::get<sagas::Begin>(start.begun.cause).lock = value;
    return start;
}

NewSaga with_parent(NewSaga start, std::int64_t parent) {
    start.parent = SagaKey{parent};
    std::get<sagas::Begin>(start.begun.cause).parent =
        sagas::Parent{"saga-" + std::to_string(parent), StepIndex{0}, sagas::Phase::Action, 1};
    return start;
}

Append granted_row(std::int64_t saga, std::uint32_t seq) {
    return {SagaKey{saga}, seq, {at(saga + seq), sagas::LockGranted{}, {}}};
}

Append abandoned_row(std::int64_t saga, std::uint32_t seq) {
    Record record{at(saga + seq), sagas::Abandon{{"local", "gone", std::nullopt}}, {}};
    record.decision.end = sagas::End{sagas::Status::Abandoned, record.at, nullptr, ""};
    return {SagaKey{saga}, seq, std::move(record)};
}

Append step_row(std::int64_t saga, std::uint32_t seq, std::optional<Timestamp> when) {
    const std::uint32_t step = seq - 2;
    Record record{};
    record.at = when.value_or(at(saga + seq));
    record.cause = sagas::AnsweredCause{StepIndex{step},
                                        sagas::Phase::Action,
                                        1,
                                        sagas::Outcome::Success,
                                        200,
                                        "",
                                        value({{"id", "r-" + std::to_string(saga)}})};
    record.decision.steps.push_back({StepIndex{step}, sagas::Succeeded{}});
    if (seq < 4) {
        record.decision.steps.push_back(calling(step + 1));
    } else {
        record.decision.end =
            sagas::End{sagas::Status::Completed, record.at, value({{"n", saga}}), ""};
    }
    return {SagaKey{saga}, seq, std::move(record)};
}

Summary summary(std::int64_t saga, sagas::Status status, std::optional<Timestamp> ended_at,
                const std::string& error, const std::string& step) {
    return {SagaKey{saga}, status, ended_at, std::nullopt, error, step};
}

void add_finished(Batch& batch, NewSaga start, sagas::Status status,
                  std::optional<Timestamp> ended_at) {
    const auto key = static_cast<std::int64_t>(start.key);
    for (std::uint32_t seq = 2; seq <= 4; ++seq) {
        batch.rows.push_back(step_row(key, seq));
    }
    batch.summaries.push_back(summary(key, status, ended_at.value_or(at(key + 4))));
    batch.starts.push_back(std::move(start));
}

std::string text(const Record& record) {
    return std::to_string(record.at.time_since_epoch().count()) + " " +
           std::string(to_text(type(record.cause))) + " " + encode(record);
}

}  // namespace skald::store::sample
