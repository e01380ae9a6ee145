#include <benchmark/benchmark.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <exception>
#include <filesystem>
#include <iostream>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "sagas/request.h"
#include "store/codec.h"
#include "store/sqlite/sqlite_store.h"
#include "tests/benchmark/api_operations.h"
#include "tests/benchmark/coordinated_saga.h"
#include "tests/benchmark/finished_saga.h"
#include "tests/benchmark/operation.h"
#include "tests/benchmark/scenario.h"

/// What one operation costs by itself: in time with Google Benchmark, or, with --repeat, run so
/// many times for a tool that counts instructions (tests/benchmark/instructions).
namespace skald::benchmark {
namespace {

using sagas::Json;

constexpr sagas::Timestamp kStart{sagas::Milliseconds{1'795'300'348'000}};
constexpr std::size_t kSteps = 3;
constexpr std::size_t kSagasOfBatch = 32;
constexpr const char* kId = "019aa9d3-3f8c-7000-8123-0123456789ab";

std::string bench_json() { return definition_json(*find_scenario("wait_64"), {7001, 7002, 7003}); }

sagas::Value make_input() {
    return sagas::make_value({{"order_id", "o-000000000001"}, {"amount", 4200}});
}

/// A whole saga of three steps through the machine: its begin and three answers.
class Apply final : public Operation {
 public:
    void run() override {
        ::benchmark::DoNotOptimize(run_saga(*definition_, kId, kStart, input_).journal.size());
    }

 private:
    const std::shared_ptr<const sagas::Definition> definition_ = checked_definition(bench_json());
    const sagas::Value input_ = make_input();
};

/// The request of the third step, whose body takes from the input and from an output.
class Render final : public Operation {
 public:
    void run() override {
        const auto request = sagas::render(*definition_, saga_, sagas::StepIndex{kSteps - 1},
                                           sagas::Phase::Action, secrets_, callbacks_);
        if (!request) throw std::runtime_error(request.error().message);
        ::benchmark::DoNotOptimize(request->body.size());
    }

 private:
    const std::shared_ptr<const sagas::Definition> definition_ = checked_definition(bench_json());
    const sagas::Saga saga_ = run_saga(*definition_, kId, kStart, make_input()).saga;
    const sagas::MaskedSecrets secrets_{};
    const sagas::MaskedCallbackUrls callbacks_{};
};

/// 16 sagas of three steps at the same time through the coordinator (CoordinatedSagas).
class Coordinate final : public Operation {
 public:
    void run() override { sagas_.run(16); }

 private:
    CoordinatedSagas sagas_;
};

/// The four rows of a saga as text.
class Encode final : public Operation {
 public:
    void run() override {
        for (const sagas::Record& record : journal_) {
            ::benchmark::DoNotOptimize(store::encode(record).size());
        }
    }

 private:
    const std::vector<sagas::Record> journal_ =
        run_saga(*checked_definition(bench_json()), kId, kStart, make_input()).journal;
};

class Decode final : public Operation {
 public:
    Decode() {
        for (const sagas::Record& record :
             run_saga(*checked_definition(bench_json()), kId, kStart, make_input()).journal) {
            rows_.push_back({sagas::type(record.cause), store::encode(record)});
        }
    }

    void run() override {
        for (const Row& row : rows_) {
            const auto record = store::decode(row.type, kStart, row.data);
            if (!record) throw std::runtime_error(record.error().message);
            ::benchmark::DoNotOptimize(record->decision.steps.size());
        }
    }

 private:
    struct Row {
        sagas::RecordType type;
        std::string data;
    };
    std::vector<Row> rows_;
};

/// Where databases may lie, so that a sync costs nothing; removed at the end.
class Folder {
 public:
    explicit Folder(const std::filesystem::path& parent)
        : path_(parent / ("skald-micro-" + std::to_string(::getpid()))) {
        std::filesystem::create_directory(path_);
    }
    ~Folder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    const std::filesystem::path& path() const { return path_; }

 private:
    const std::filesystem::path path_;
};

/// A commit of 128 rows, as 128 sagas make them that are under way at the same time: of 32 the
/// start, of 32 each the first and second answer, and of 32 the third with the end.
class StoreBatch final : public Operation {
 public:
    explicit StoreBatch(const std::filesystem::path& parent) : folder_(parent) {
        store::SqliteOptions options;
        options.path = folder_.path() / "micro.db";
        auto opened = store::open_sqlite_store(options);
        if (!opened) throw std::runtime_error(opened.error().message);
        store_ = std::move(*opened);
        store::Batch batch;
        batch.definitions.emplace_back(
            store::PutDefinition{"bench", bench_json(), bench_json(), std::nullopt, kStart});
        const auto committed = store_->writer().write(batch);
        if (!committed) throw std::runtime_error(committed.error().message);
        key_ = std::get<store::DefinitionWritten>(committed->definitions.at(0)).key;
        prepare(kSteps);  // Until sagas end with each batch.
        for (std::size_t i = 0; i < kSteps; ++i) run();
    }

    bool must_prepare() const override { return true; }

    void prepare(std::size_t count) override {
        for (std::size_t i = 0; i < count; ++i) batches_.push_back(next_batch());
    }

    void run() override {
        const auto written = store_->writer().write(batches_.front());
        if (!written) throw std::runtime_error(written.error().message);
        batches_.pop_front();
    }

 private:
    struct Live {
        store::SagaKey key;
        FinishedSaga finished;
    };

    store::Batch next_batch() {
        store::Batch batch;
        for (std::size_t age = 0; age < generations_.size(); ++age) {
            for (Live& live : generations_[age]) add_row(batch, live, age + 1);
        }
        generations_.push_front({});
        for (std::size_t i = 0; i < kSagasOfBatch; ++i) start_one(batch);
        if (generations_.size() > kSteps) generations_.pop_back();
        return batch;
    }

    void start_one(store::Batch& batch) {
        const std::int64_t number = ++last_;
        std::string id = kId;
        const std::string digits = std::to_string(10'000'000 + number);
        id.replace(id.size() - digits.size(), digits.size(), digits);
        store::NewSaga start{};
        start.key = store::SagaKey{number};
        start.id_origin = store::IdOrigin::Ours;
        start.definition = key_;
        start.started_at = kStart;
        start.input = make_input();
        FinishedSaga finished = run_saga(*definition_, id, kStart, start.input);
        start.id = std::move(id);
        start.begun = finished.journal.at(0);
        generations_.front().push_back({start.key, std::move(finished)});
        batch.starts.push_back(std::move(start));
    }

    static void add_row(store::Batch& batch, Live& live, std::size_t age) {
        const auto seq = static_cast<std::uint32_t>(age + 1);
        batch.rows.push_back({live.key, seq, std::move(live.finished.journal.at(age))});
        if (age == kSteps) {
            batch.summaries.push_back(
                {live.key, sagas::Status::Completed, kStart, std::nullopt, "", ""});
        }
    }

    const Folder folder_;
    const std::shared_ptr<const sagas::Definition> definition_ = checked_definition(bench_json());
    std::unique_ptr<store::Store> store_;
    store::DefinitionKey key_{};
    std::int64_t last_ = 0;
    std::deque<std::vector<Live>> generations_;  ///< The youngest first.
    std::deque<store::Batch> batches_;
};

constexpr std::array kNames = {
    "apply_saga", "render_request", "encode_saga", "decode_saga", "store_batch_128",
    "saga_reply", "read_start",     "reply_head",  "start_saga",  "coordinate_16_sagas"};

/// Null: no such name.
std::unique_ptr<Operation> make_operation(const std::string& name,
                                          const std::filesystem::path& folder) {
    if (name == kNames[0]) return std::make_unique<Apply>();
    if (name == kNames[1]) return std::make_unique<Render>();
    if (name == kNames[2]) return std::make_unique<Encode>();
    if (name == kNames[3]) return std::make_unique<Decode>();
    if (name == kNames[4]) return std::make_unique<StoreBatch>(folder);
    if (name == "coordinate_16_sagas") return std::make_unique<Coordinate>();
    return make_api_operation(name, bench_json());
}

void measure(::benchmark::State& state, const char* name, const std::filesystem::path& folder) {
    const std::unique_ptr<Operation> operation = make_operation(name, folder);
    for ([[maybe_unused]] const auto turn : state) {
        if (operation->must_prepare()) {
            state.PauseTiming();
            operation->prepare(1);
            state.ResumeTiming();
        }
        operation->run();
    }
}

std::filesystem::path usual_folder() {
    const std::filesystem::path memory = "/dev/shm";
    return std::filesystem::is_directory(memory) ? memory : std::filesystem::temp_directory_path();
}

}  // namespace
}  // namespace skald::benchmark

int main(int argc, char** argv) try {
    using namespace skald::benchmark;
    ::benchmark::Initialize(&argc, argv);  // Takes what is its own: --benchmark_…
    CLI::App app("Measures operations by themselves; --benchmark_filter=REGEX selects");
    std::string name;
    std::filesystem::path folder = usual_folder();
    std::size_t count = 100;
    bool is_list = false;
    bool is_prepared_only = false;
    app.add_flag("--list", is_list, "Print the names of the operations");
    app.add_option("--repeat", name, "Don't measure: run this one --count times");
    app.add_option("--count", count, "How often");
    app.add_flag("--prepare-only", is_prepared_only,
                 "With --repeat: everything but that, to be taken off");
    app.add_option("--folder", folder, "For databases; a memory file system makes syncs free");
    CLI11_PARSE(app, argc, argv);
    if (is_list) {
        for (const char* each : kNames) std::cout << each << '\n';
        return 0;
    }
    if (!name.empty()) {
        const std::unique_ptr<Operation> operation = make_operation(name, folder);
        if (!operation) {
            std::cerr << "micro: no operation " << name << "; --list prints the names\n";
            return 2;
        }
        operation->prepare(count + 1);
        operation->run();  // What only the first time does.
        for (std::size_t i = 0; !is_prepared_only && i < count; ++i) operation->run();
        return 0;
    }
    for (const char* each : kNames) {
        ::benchmark::RegisterBenchmark(
            each, [each, &folder](::benchmark::State& state) { measure(state, each, folder); });
    }
    ::benchmark::RunSpecifiedBenchmarks();
    ::benchmark::Shutdown();
    return 0;
} catch (const std::exception& error) {
    std::cerr << "micro: " << error.what() << '\n';
    return 1;
}
