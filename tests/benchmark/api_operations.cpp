#include "tests/benchmark/api_operations.h"

#include <benchmark/benchmark.h>

#include <cstddef>
#include <deque>
#include <stdexcept>
#include <utility>
#include <variant>

#include "api/document.h"
#include "api/handlers.h"
#include "api/http/reply_head.h"
#include "api/saga_reading.h"
#include "api/services.h"
#include "api/start_request.h"
#include "api/starting.h"
#include "api/topic_documents.h"
#include "sagas/lint.h"
#include "store/memory_store.h"
#include "tests/benchmark/finished_saga.h"

namespace skald::benchmark {
namespace {

constexpr sagas::Timestamp kNow{sagas::Milliseconds{1'795'300'348'000}};
constexpr const char* kSagaId = "019aa9d3-3f8c-7000-8123-0123456789ab";

api::Request start_request() {
    api::Request request;
    request.method = "POST";
    request.query = {{"wait", "30s"}};
    request.headers = {
        {"host", "127.0.0.1:8080"}, {"content-type", "application/json"}, {"content-length", "77"}};
    request.body = R"({"definition":"bench","input":{"amount":4200,"order_id":"o-000000000001"}})";
    return request;
}

class StandingClock final : public engine::Clock {
 public:
    sagas::Timestamp now() const override { return kNow; }
};

/// What the handlers work with, over a store in memory that holds the definition. A start that is
/// posted is durable and over at once.
class Api {
 public:
    explicit Api(const std::string& definition_json) {
        const sagas::Json filled =
            sagas::check_definition(sagas::Json::parse(definition_json), std::nullopt).filled;
        store::Batch batch;
        batch.definitions.emplace_back(
            store::PutDefinition{"bench", definition_json, filled.dump(), std::nullopt, kNow});
        if (const auto written = store_->writer().write(batch); !written) {
            throw std::runtime_error(written.error().message);
        }
        const auto version = catalog_.to_start("bench", std::nullopt);
        if (!version) throw std::runtime_error(version.error().message);
        version_ = *version;
        request_ = start_request();
    }

    const api::Services& services() const { return services_; }
    const api::Request& request() const { return request_; }

    engine::Rest make_rest() const {
        const auto input = sagas::make_value({{"order_id", "o-000000000001"}, {"amount", 4200}});
        return {version_, run_saga(version_->definition, kSagaId, kNow, input).saga, {}};
    }
    void prepare(std::size_t count) {
        for (std::size_t i = 0; i < count; ++i) {
            rests_.push_back(std::make_shared<engine::Rest>(make_rest()));
        }
    }

 private:
    void take(engine::Command command) {
        auto& start = std::get<engine::Start>(command);
        start.done(engine::Start::Started{});
        rests_.front()->saga.id = std::move(start.id);
        watchers_.came_to_rest(std::move(rests_.front()));
        rests_.pop_front();
    }

    const std::unique_ptr<store::Store> store_ = store::make_memory_store();
    const StandingClock clock_;
    engine::Catalog catalog_{store_->reader()};
    engine::Watchers watchers_;
    engine::JournalBell bell_;
    engine::EventBell event_bell_;
    api::TopicDocuments topics_{store_->reader()};
    api::UuidSource uuids_{clock_};
    api::Metrics metrics_{"0.0.0", "3.40.1"};
    const api::CallbackTokens callbacks_{api::CallbackKey{7}, "https://skald.example"};
    const api::Services services_{store_->reader(),
                                  catalog_,
                                  watchers_,
                                  bell_,
                                  event_bell_,
                                  topics_,
                                  clock_,
                                  uuids_,
                                  metrics_,
                                  callbacks_,
                                  [this](engine::Command command) { take(std::move(command)); },
                                  {},
                                  {},
                                  "local",
                                  {},
                                  {},
                                  {}};
    engine::VersionPtr version_;
    api::Request request_;
    std::deque<std::shared_ptr<engine::Rest>> rests_;
};

class ShowSaga final : public Operation {
 public:
    explicit ShowSaga(const std::string& definition_json) : api_(definition_json) {}
    void run() override {
        const api::Reply reply = api::json_text_reply(200, api::saga_text(api_.services(), rest_));
        ::benchmark::DoNotOptimize(reply.body.size());
    }

 private:
    const Api api_;
    const engine::Rest rest_ = api_.make_rest();
};

class ReadStart final : public Operation {
 public:
    explicit ReadStart(const std::string& definition_json) : api_(definition_json) {}
    void run() override {
        const auto start = api::read_start_request(api_.request(), std::nullopt);
        const auto prepared = api::prepare_start(api_.services(), start.value());
        ::benchmark::DoNotOptimize(prepared.value().labels.size());
    }

 private:
    const Api api_;
};

class ReplyHead final : public Operation {
 public:
    void run() override {
        using namespace api::http;
        const std::string head =
            reply_head(reply_, "6f3b1c2d-000001-000017", HttpVersion::Http11, Persistence::Keep);
        ::benchmark::DoNotOptimize(head.size());
    }

 private:
    const api::Reply reply_ = api::located({}, kSagaId);
};

class StartSaga final : public Operation {
 public:
    explicit StartSaga(const std::string& definition_json) : api_(definition_json) {}
    bool must_prepare() const override { return true; }
    void prepare(std::size_t count) override { api_.prepare(count); }
    void run() override {
        api::Answer answer = api::start_saga(api_.services(), api_.request());
        const auto& later = std::get<api::Later>(answer);
        bool is_ready = false;
        later.arm([&is_ready] { is_ready = true; });
        if (!is_ready) throw std::runtime_error("start_saga: the saga is not over");
        ::benchmark::DoNotOptimize(std::get<api::Reply>(later.finish()).body.size());
    }

 private:
    Api api_;
};

}  // namespace

std::unique_ptr<Operation> make_api_operation(const std::string& name,
                                              const std::string& definition_json) {
    if (name == "saga_reply") return std::make_unique<ShowSaga>(definition_json);
    if (name == "read_start") return std::make_unique<ReadStart>(definition_json);
    if (name == "reply_head") return std::make_unique<ReplyHead>();
    if (name == "start_saga") return std::make_unique<StartSaga>(definition_json);
    return nullptr;
}

}  // namespace skald::benchmark
