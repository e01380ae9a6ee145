#include "tests/benchmark/coordinated_saga.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "engine/coordinator.h"
#include "engine/reply_reader.h"
#include "engine/request_bytes.h"
#include "sagas/json.h"
#include "store/memory_store.h"
#include "tests/benchmark/finished_saga.h"
#include "tests/benchmark/scenario.h"

namespace skald::benchmark {
namespace {

constexpr std::string_view kReply =
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 17\r\n\r\n"
    "{\"id\":\"8d1c6f02\"}";

/// What is handed over waits here for `run`.
class AtOnce final : public engine::Committer, public engine::Caller {
 public:
    explicit AtOnce(const engine::Clock& clock) : clock_(clock) {}

    void commit(std::shared_ptr<store::Batch> batch, React, Done done) override {
        batch_ = std::move(batch);
        done_ = std::move(done);
    }

    void call(engine::CallId id, sagas::Request request, std::uint32_t attempt) override {
        const auto bytes = engine::to_bytes(request, attempt, clock_.now() + request.timeout);
        if (!bytes) throw std::runtime_error(bytes.error().message);
        out_.push_back(id);
    }
    void recall(engine::CallId) override {}
    engine::CallerStats stats() const override { return {out_.size(), 0}; }

    /// False: there was nothing.
    bool run(engine::Coordinator& coordinator) {
        if (batch_) {
            store::Committed committed{};
            committed.starts.assign(batch_->starts.size(), store::StartWritten{});
            batch_.reset();
            std::exchange(done_, nullptr)(std::move(committed));
            return true;
        }
        if (out_.empty()) return false;
        for (const engine::CallId id : std::exchange(out_, {})) {
            engine::ReplyReader::Progress read = reader_.read(kReply, clock_.now());
            coordinator.answered(id, std::move(std::get<engine::ReplyReader::Whole>(read).reply));
        }
        return true;
    }

 private:
    const engine::Clock& clock_;
    std::shared_ptr<store::Batch> batch_;
    Done done_;
    std::vector<engine::CallId> out_;
    engine::ReplyReader reader_{{}};
};

class NobodyListens final : public engine::Telemetry {
 public:
    void saga_started(std::string_view) override {}
    void saga_ended(std::string_view, sagas::Status) override {}
    void attempt_ended(std::string_view, std::string_view, sagas::Phase, sagas::Outcome,
                       double) override {}
    void committed(std::size_t, double) override {}
    void timer_fired(double) override {}
};

engine::VersionPtr bench_version() {
    const auto definition =
        checked_definition(definition_json(*find_scenario("wait_64"), {7001, 7002, 7003}));
    return std::make_shared<const engine::Version>(
        engine::Version{store::DefinitionKey{1}, 1, *definition});
}

}  // namespace

class CoordinatedSagas::Impl {
 public:
    void run(std::size_t count) {
        std::size_t started = 0;
        for (std::size_t i = 0; i < count; ++i) start(started);
        while (std::exchange(is_wanted_, false) || at_once_.run(coordinator_)) coordinator_.turn();
        if (started < count || coordinator_.stats().live > 0) {
            throw std::runtime_error("a saga has not ended");
        }
    }

 private:
    void start(std::size_t& started) {
        engine::Start start{};
        start.version = version_;
        start.id = "019aa9d3-3f8c-7000-8123-" + std::to_string(100'000'000'000 + ++last_);
        start.id_origin = store::IdOrigin::Ours;
        start.input = sagas::make_value({{"order_id", "o-000000000001"}, {"amount", 4200}});
        start.done = [&started](const engine::Start::Result& result) {
            started += std::holds_alternative<engine::Start::Started>(result);
        };
        coordinator_.post(std::move(start));
    }

    const std::unique_ptr<engine::Clock> clock_ =
        *engine::make_engine_clock(engine::system_time(), std::nullopt, engine::AcceptClock::No);
    const std::unique_ptr<store::Store> store_ = store::make_memory_store();
    const engine::VersionPtr version_ = bench_version();
    engine::Catalog catalog_{store_->reader()};
    engine::Watchers watchers_;
    engine::JournalBell bell_;
    engine::EventBell event_bell_;
    NobodyListens telemetry_;
    const sagas::MaskedSecrets secrets_{};
    const sagas::MaskedCallbackUrls callbacks_{};
    const engine::StoredEvents events_{store_->reader()};
    const engine::NoTriggers triggers_{};
    const std::unique_ptr<engine::Loader> loader_ =
        engine::make_inline_loader(store_->reader(), catalog_, events_, triggers_,
                                   [](const std::function<void()>& /*answer*/) {});
    engine::NoBroker broker_;
    AtOnce at_once_{*clock_};
    bool is_wanted_ = false;
    std::int64_t last_ = 0;
    engine::Coordinator coordinator_{
        {at_once_, at_once_, *clock_, catalog_, watchers_, bell_, event_bell_, telemetry_, secrets_,
         callbacks_, *loader_, broker_, [this] { is_wanted_ = true; }, [](sagas::Milliseconds) {},
         [](const sagas::Error& error) { throw std::runtime_error(error.message); }},
        {}};
};

CoordinatedSagas::CoordinatedSagas() : impl_(std::make_unique<Impl>()) {}
CoordinatedSagas::~CoordinatedSagas() = default;
void CoordinatedSagas::run(std::size_t count) { impl_->run(count); }

}  // namespace skald::benchmark
