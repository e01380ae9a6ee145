#include "tests/benchmark/filled_store.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "sagas/lint.h"
#include "store/sqlite/sqlite_store.h"
#include "tests/benchmark/finished_saga.h"
#include "tests/benchmark/measured_server.h"

namespace skald::benchmark {
namespace {

using sagas::Json;
using sagas::Milliseconds;
using sagas::Timestamp;

constexpr std::uint64_t kSagasPerCommit = 1'000;
constexpr std::uint64_t kMixer = 0x9e3779b97f4a7c15;

template <typename T>
T value_or_throw(sagas::Result<T> result) {
    if (!result) throw std::runtime_error(result.error().message);
    return std::move(*result);
}

/// As skald's: a UUID of version 7, whose first half is the time and grows.
std::string make_id(Timestamp started_at, std::uint64_t number) {
    const auto ms = static_cast<unsigned long long>(started_at.time_since_epoch().count());
    char text[64];
    std::snprintf(text, sizeof text, "%08llx-%04llx-7%03llx-8%03llx-%012llx", ms >> 16, ms & 0xffff,
                  static_cast<unsigned long long>(number & 0xfff),
                  static_cast<unsigned long long>(number * kMixer >> 52),
                  static_cast<unsigned long long>(number * kMixer >> 8 & 0xffffffffffff));
    return text;
}

/// What search knows of a saga that has ended.
store::Summary summary_of(store::SagaKey key, const sagas::Definition& definition,
                          const sagas::Saga& saga) {
    store::Summary summary{key, sagas::status(saga), saga.end->at, std::nullopt, "", ""};
    for (std::size_t i = 0; i < saga.steps.size(); ++i) {
        if (saga.steps[i].error.empty()) continue;
        summary.last_error = saga.steps[i].error;
        summary.last_step = definition.steps[i].name;
    }
    return summary;
}

/// Where all sagas of one file come from.
struct Source {
    store::DefinitionKey key;
    std::shared_ptr<const sagas::Definition> definition;
};

Source find_bench(const store::Reader& reader) {
    const store::DefinitionRow row = value_or_throw(reader.definition("bench", std::nullopt));
    return {row.key, value_or_throw(sagas::load_definition(Json::parse(row.filled)))};
}

void add_saga(store::Batch& batch, const Source& source, store::SagaKey key, std::uint64_t number,
              Timestamp started_at) {
    char order[32];
    std::snprintf(order, sizeof order, "o-%012llu", static_cast<unsigned long long>(number));
    const bool is_refused = number % kOneRefusedOf == kOneRefusedOf - 1;
    store::NewSaga start{};
    start.key = key;
    start.id = make_id(started_at, number);
    start.id_origin = store::IdOrigin::Ours;
    start.definition = source.key;
    start.started_at = started_at;
    start.input = sagas::make_value({{"order_id", order}, {"amount", 4200}});
    if (number % kOneLabelledOf == 0) {
        start.labels["customer"] = "c-" + std::to_string(number / kOneLabelledOf % kCustomers);
    }
    const auto last =
        sagas::StepIndex{static_cast<std::uint32_t>(source.definition->steps.size() - 1)};
    FinishedSaga finished =
        run_saga(*source.definition, start.id, started_at, start.input,
                 is_refused ? std::optional<sagas::StepIndex>(last) : std::nullopt);
    batch.summaries.push_back(summary_of(key, *source.definition, finished.saga));
    for (std::uint32_t i = 1; i < finished.journal.size(); ++i) {
        batch.rows.push_back({key, i + 1, std::move(finished.journal[i])});
    }
    start.begun = std::move(finished.journal.front());
    batch.starts.push_back(std::move(start));
}

std::unique_ptr<store::Store> open_unsynced(const std::filesystem::path& database) {
    store::SqliteOptions options;
    options.path = database;
    options.synchronous = store::SqliteOptions::Synchronous::Normal;
    return value_or_throw(store::open_sqlite_store(options));
}

}  // namespace

void add_finished_sagas(store::Store& store, std::uint64_t count, Timestamp first) {
    const Source source = find_bench(store.reader());
    const auto last = static_cast<std::int64_t>(value_or_throw(store.recovery().last_keys()).saga);
    for (std::uint64_t from = 0; from < count; from += kSagasPerCommit) {
        store::Batch batch;
        Timestamp started_at = first;
        for (std::uint64_t i = from; i < std::min(from + kSagasPerCommit, count); ++i) {
            const auto offset = static_cast<std::int64_t>(i);
            started_at = first + Milliseconds{offset};
            add_saga(batch, source, store::SagaKey{last + 1 + offset}, i, started_at);
        }
        value_or_throw(store.writer().write(batch));
        while (value_or_throw(store.writer().maintain(started_at))) {
        }
    }
}

void make_filled_database(const std::filesystem::path& database, const std::filesystem::path& skald,
                          const std::string& definition, std::uint64_t count) {
    const std::filesystem::path mark = database.string() + ".filled";
    if (std::filesystem::exists(mark)) return;
    remove_database(database);
    {
        MeasuredServer server(skald, database);
        server.put_definition(definition);
        server.stop();
    }
    const auto now = std::chrono::time_point_cast<Milliseconds>(std::chrono::system_clock::now());
    const auto span = Milliseconds{static_cast<std::int64_t>(count)};
    add_finished_sagas(*open_unsynced(database), count, now - span);
    std::ofstream(mark) << count << '\n';
}

}  // namespace skald::benchmark
