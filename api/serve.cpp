#include "api/serve.h"

#include <malloc.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <iostream>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "api/awaited.h"
#include "api/bridge/bridges.h"
#include "api/callback_key.h"
#include "api/callback_tokens.h"
#include "api/http_server.h"
#include "api/metrics.h"
#include "api/port_file.h"
#include "api/routes.h"
#include "api/secrets_environment.h"
#include "api/secrets_folder.h"
#include "api/secrets_of_calls.h"
#include "api/services.h"
#include "api/stop_signals.h"
#include "api/topic_log.h"
#include "api/trigger_starts.h"
#include "api/uuid.h"
#include "engine/coordinator.h"
#include "engine/http_caller.h"
#include "engine/loader_thread.h"
#include "engine/loop.h"
#include "engine/webhook_signature.h"
#include "engine/writer_thread.h"
#include "store/sqlite/sqlite_store.h"

namespace skald::api {
namespace {

using cli::Exit;
using sagas::Milliseconds;

constexpr Milliseconds kStopMax{10'000};         ///< From the signal to the end of the process.
constexpr Milliseconds kRequestsStopMax{4'000};  ///< Of it, for requests in work.
constexpr Milliseconds kDrainMax{5'000};         ///< Of it, for calls in flight.

/// glibc's arenas, for hundreds of threads that mostly wait: without a limit each keeps its own.
constexpr int kArenasMax = 4;

[[noreturn]] void end_now(const sagas::Error& error) {
    spdlog::critical("the durable state is unknown, so the process ends now; start it again: {}",
                     error.message);
    spdlog::default_logger()->flush();
    _exit(kExitUnknownState);
}

/// A folder that is not mounted would be noticed by the first saga that needs it, in the night.
sagas::Result<void> check_secrets_dir(const std::string& folder) {
    std::error_code error;
    if (folder.empty() || std::filesystem::is_directory(folder, error)) return {};
    return sagas::fail(sagas::ErrorCode::InvalidArgument,
                       "--secrets-dir: " + folder + ": " +
                           (error ? error.message() : std::string("is no folder")));
}

sagas::Result<std::unique_ptr<store::Store>> open_store(const ServeOptions& options) {
    using SqliteOptions = store::SqliteOptions;
    SqliteOptions sqlite;
    sqlite.path = options.db;
    sqlite.retention = options.retention;
    sqlite.synchronous = options.synchronous == Synchronous::Normal
                             ? SqliteOptions::Synchronous::Normal
                             : SqliteOptions::Synchronous::Full;
    return store::open_sqlite_store(sqlite);
}

sagas::Result<std::unique_ptr<engine::Clock>> start_clock(const store::Store& store,
                                                          AcceptClock accept) {
    const auto last = store.recovery().last_keys();
    if (!last) return tl::unexpected(last.error());
    return engine::make_engine_clock(
        engine::system_time(), last->at,
        accept == AcceptClock::Yes ? engine::AcceptClock::Yes : engine::AcceptClock::No);
}

/// How participants reach this server. Without --public-url definitions that need it are refused,
/// but sagas of an earlier process may go on.
std::string callback_base(const ServeOptions& options) {
    return options.public_url.empty() ? "http://" + to_text(options.listen) : options.public_url;
}

/// The loop, the caller, the threads of the writer and the loader, and the coordinator, which know
/// each other.
class Engine {
 public:
    Engine(store::Store& store, const engine::Clock& clock, Metrics& metrics,
           const ServeOptions& options, const CallbackKey& callback_key)
        : store_(store),
          clock_(clock),
          metrics_(metrics),
          uuids_(clock),
          catalog_(store.reader()),
          backups_(store, options.backup_dir, options.db),
          credentials_(options.credentials_dir, environment_),
          secrets_(options.secrets_dir, credentials_),
          callbacks_(callback_key, callback_base(options)),
          has_public_url_(!options.public_url.empty()) {}

    /// Takes up what an earlier process left. Gives the number of live sagas.
    sagas::Result<std::size_t> start(const ServeOptions& options) {
        engine::HttpCallerOptions caller_options;
        caller_options.calls_per_origin = options.calls_per_origin;
        caller_options.ca_file = options.ca_file;
        auto caller = engine::make_http_caller(
            *loop_, clock_, caller_options, [this](engine::CallId id, sagas::Answer answer) {
                coordinator_->answered(id, call_secrets_.answered(id, std::move(answer)));
            });
        if (!caller) return tl::unexpected(caller.error());
        caller_ = std::make_unique<SecretsCaller>(std::move(*caller), call_secrets_);
        committer_ = engine::make_writer_thread(store_.writer(), *loop_, clock_, metrics_, end_now);
        loader_ = engine::make_loader_thread(store_.reader(), catalog_, topic_log_, trigger_starts_,
                                             *loop_);
        bridges_ = std::make_unique<Bridges>(Bridges::Parts{
            *loop_, clock_, secrets_, topics_, metrics_,
            [this](engine::Publish publish) { coordinator_->post(std::move(publish)); },
            [this](engine::CallId id, sagas::Answer answer) {
                coordinator_->answered(id, std::move(answer));
            }});
        coordinator_ = std::make_unique<engine::Coordinator>(
            engine::Coordinator::Parts{
                *committer_, *caller_, clock_, catalog_, watchers_, bell_, event_bell_, metrics_,
                call_secrets_, callback_urls_, *loader_, *bridges_,
                [this] { loop_->post([this] { coordinator_->turn(); }); },
                [this](Milliseconds delay) {
                    loop_->set_timer(delay, [this] { coordinator_->turn(); });
                },
                end_now},
            engine::CoordinatorOptions{});
        const auto recovered = coordinator_->recover(store_.recovery());
        if (!recovered) return recovered;
        if (const auto begun = bridges_->start(store_.reader()); !begun) {
            return tl::unexpected(begun.error());
        }
        return recovered;
    }

    /// On this thread, until `stop`.
    void run() { loop_->run(); }

    /// Ends every wait, lets what is in flight end for at most kDrainMax, then ends `run`. Any
    /// thread.
    void drain_and_stop() {
        struct Drained {
            engine::Mutex mutex;
            engine::ConditionVariable changed;
            bool is_done SKALD_GUARDED_BY(mutex) = false;
        };
        auto drained = std::make_shared<Drained>();  // Outlives whoever comes last.
        loop_->post([this, drained] {
            bridges_->drain();
            coordinator_->drain([drained] {
                const engine::MutexLock lock(drained->mutex);
                drained->is_done = true;
                drained->changed.notify_all();
            });
        });
        const engine::Instant until = engine::steady_now() + kDrainMax;
        {
            const engine::MutexLock lock(drained->mutex);
            while (!drained->is_done && drained->changed.wait_until(drained->mutex, until) ==
                                            engine::ConditionVariable::Woken::Notified) {
            }
        }
        loop_->stop();
    }

    void close_watches() { watchers_.close(); }

    Services services(const std::atomic<bool>& is_stopping, const std::string& token) {
        return {store_.reader(),
                catalog_,
                watchers_,
                bell_,
                event_bell_,
                topics_,
                clock_,
                uuids_,
                metrics_,
                callbacks_,
                [this](engine::Command command) { coordinator_->post(std::move(command)); },
                [this](std::function<void(const EngineStats&)> tell) {
                    loop_->post([this, tell = std::move(tell)] { tell(stats()); });
                },
                [this, &is_stopping] { return why_not_ready(is_stopping); },
                token.empty() ? "local" : "token",
                [this](const std::string& name, BackupMaker::Done done) {
                    backups_.make(name, std::move(done));
                },
                [this](store::Depth depth) { return store_.examine(depth); },
                [] { return engine::system_time().wall(); },
                [this](std::string_view name) { return secrets_.find(name).has_value(); },
                [this](sagas::Answer answer, const std::set<std::string>& names) {
                    return hide_secrets(std::move(answer), names);
                },
                [this](std::string_view name) { return why_no_webhook_key(name); },
                has_public_url_,
                bridges_.get()};
    }

 private:
    std::string why_not_ready(bool is_stopping) const {
        if (is_stopping) return "stopping";
        return coordinator_->stats().takes_starts ? "" : "the disk is full, or nearly";
    }
    sagas::Answer hide_secrets(sagas::Answer answer, const std::set<std::string>& names) const {
        std::vector<std::string> values;
        for (const std::string& name : names) {
            if (auto value = secrets_.find(name)) values.push_back(std::move(*value));
        }
        return scrubbed(std::move(answer), values);
    }
    std::string why_no_webhook_key(std::string_view name) const {
        const auto key = engine::read_webhook_secret(secrets_.find(name).value_or(""));
        return key ? "" : key.error().message;
    }
    EngineStats stats() const {
        return {coordinator_->stats(), caller_->stats(), store_.wal_bytes()};
    }

    store::Store& store_;
    const engine::Clock& clock_;
    Metrics& metrics_;
    UuidSource uuids_;
    engine::Catalog catalog_;
    engine::Watchers watchers_;
    engine::JournalBell bell_;
    engine::EventBell event_bell_;
    TopicDocuments topics_{store_.reader()};
    const TopicLog topic_log_{store_.reader(), catalog_};
    BackupMaker backups_;
    const EnvironmentSecrets environment_{environ};
    const FolderSecrets credentials_;
    const FolderSecrets secrets_;  ///< All of them; the folder wins over what comes from elsewhere.
    const CallbackTokens callbacks_;
    const bool has_public_url_;
    const StartsByEvents trigger_starts_{{catalog_, has_public_url_}, uuids_};
    SecretsOfCalls call_secrets_{secrets_};
    const CallbackUrlsOfCalls callback_urls_{callbacks_, call_secrets_};
    const std::unique_ptr<engine::Loop> loop_ = engine::make_loop();
    std::unique_ptr<engine::Caller> caller_;
    std::unique_ptr<engine::Committer> committer_;
    std::unique_ptr<engine::Loader> loader_;
    std::unique_ptr<Bridges> bridges_;
    std::unique_ptr<engine::Coordinator> coordinator_;
};

HttpServerOptions http_options(const ServeOptions& options) {
    HttpServerOptions http;
    http.host = options.listen.host;
    http.port = options.listen.port;
    http.threads = options.threads;
    http.allowed_hosts = options.allow_hosts;
    if (!options.public_url.empty()) http.allowed_origins = {options.public_url};
    http.token = options.token;
    return http;
}

struct Listeners {
    std::unique_ptr<HttpServer> main;
    std::unique_ptr<HttpServer> ops;  ///< Null: none. Answers until the very end.
};

sagas::Result<Listeners> listen(const ServeOptions& options, const RouteTable& table,
                                Metrics& metrics) {
    const auto observe = [&metrics](std::string_view operation, std::string_view method, int code) {
        metrics.request_answered(operation, method, code);
    };
    Listeners listeners;
    auto main = start_http_server(table, http_options(options), observe);
    if (!main) return tl::unexpected(main.error());
    listeners.main = std::move(*main);
    if (options.ops_listen) {
        HttpServerOptions ops_options = http_options(options);
        ops_options.host = options.ops_listen->host;
        ops_options.port = options.ops_listen->port;
        ops_options.serve = HttpServerOptions::Serve::OpsOnly;
        auto ops = start_http_server(table, ops_options, observe);
        if (!ops) return tl::unexpected(ops.error());
        listeners.ops = std::move(*ops);
    }
    return listeners;
}

/// Serves until a signal. Errors: what keeps it from starting.
sagas::Result<void> serve_until_stopped(const ServeOptions& options, std::string_view version) {
    const engine::Instant begin = engine::steady_now();
    StopSignals signals(kStopMax);
    if (auto checked = check_secrets_dir(options.secrets_dir); !checked) return checked;
    auto store = open_store(options);
    if (!store) return tl::unexpected(store.error());
    auto clock = start_clock(**store, options.accept_clock);
    if (!clock) return tl::unexpected(clock.error());
    Metrics metrics(version, store::sqlite_library_version());
    // The store is open: this is the only process that makes or reads the key.
    const auto callback_key = load_callback_key(options.db + ".callback-key");
    if (!callback_key) return tl::unexpected(callback_key.error());
    Engine engine(**store, **clock, metrics, options, *callback_key);
    const auto recovered = engine.start(options);
    if (!recovered) return tl::unexpected(recovered.error());

    std::atomic<bool> is_stopping = false;
    const Services services = engine.services(is_stopping, options.token);
    const RouteTable table(make_routes(services));
    auto listeners = listen(options, table, metrics);
    if (!listeners) return tl::unexpected(listeners.error());
    const ListenAddress address{options.listen.host, listeners->main->port()};
    if (auto written = write_port_file(options.port_file, address.port); !written) {
        return tl::unexpected(written.error());
    }

    signals.on_stop([&] {
        is_stopping = true;
        engine.close_watches();
        (*store)->stop_examining();
        listeners->main->stop(kRequestsStopMax);
        engine.drain_and_stop();
    });
    const auto took = std::chrono::duration_cast<Milliseconds>(engine::steady_now() - begin);
    spdlog::info(
        "skald {} is ready on http://{} (database {}, SQLite {}, {} live sagas taken up, {} ms)",
        version, to_text(address), options.db, store::sqlite_library_version(), *recovered,
        took.count());
    if (listeners->ops) {
        spdlog::info("health and metrics are on http://{}",
                     to_text(ListenAddress{options.ops_listen->host, listeners->ops->port()}));
    }
    engine.run();
    signals.await_stopped();
    return {};
}

}  // namespace

Exit serve(const ServeOptions& options, std::string_view version) {
    mallopt(M_ARENA_MAX, kArenasMax);  // NOLINT(concurrency-mt-unsafe): there is one thread so far.
    set_up_logging(options.log_format, options.log_level);
    if (const auto served = serve_until_stopped(options, version); !served) {
        std::cerr << "skald: " << cli::printable(served.error().message) << '\n';
        return Exit::BadUsage;
    }
    spdlog::info("stopped");
    return Exit::Done;
}

}  // namespace skald::api
