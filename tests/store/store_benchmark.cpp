#include <sys/resource.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/store/sample_events.h"
#include "tests/store/sample_sagas.h"
#include "tests/store/sqlite_file.h"

/// What the SQLite store costs: commits and sagas a second, processor time of the writer for each
/// 3-step saga (start, three answers, end: four rows, each in a commit of its own round), and bytes
/// on disk. With keys: each start has a request key. With locks: each saga has a lock of its own,
/// and a row more, when it gets it. With parks: each is parked by its second row and comes back
/// with its third. And what events cost, in commits of 100: that somebody publishes; with keys by
/// which steps that wait later could find them; with sagas that wait for them, which are then told.
///
/// Usage: store_benchmark [SAGAS [FOLDER]]
namespace skald::store {
namespace {

using namespace sample;

double cpu_seconds() {
    rusage usage{};
    getrusage(RUSAGE_THREAD, &usage);
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

std::string public_id(std::int64_t key) {
    char text[37];
    std::snprintf(text, sizeof text, "01f2c3d4-%04x-7%03x-8%03x-%012llx",
                  static_cast<unsigned>(key >> 16 & 0xffff), static_cast<unsigned>(key & 0xfff),
                  static_cast<unsigned>(key * 2654435761 >> 8 & 0xfff),
                  static_cast<unsigned long long>(key) * 0x9e3779b97f4a7c15 >> 16);
    return text;
}

enum class With { Nothing, Keys, Locks, Parks };

const char* name_of(With with) {
    static constexpr std::array kNames = {"", " + keys", " + locks", " + parks"};
    return kNames[static_cast<std::size_t>(with)];
}

NewSaga start_with(With with, std::int64_t key, DefinitionKey definition) {
    NewSaga saga = start(key, definition);
    saga.id = public_id(key);
    switch (with) {
        case With::Keys:
            return with_request_key(std::move(saga), public_id(~key));
        case With::Locks:
            return with_lock(std::move(saga), public_id(~key));
        case With::Nothing:
        case With::Parks:
            break;
    }
    return saga;
}

/// `width` sagas go through their four rows side by side, a commit for each round.
void run(std::int64_t sagas, std::int64_t width, With with, const std::string& folder) {
    const std::string path = folder + "/benchmark.db";
    std::filesystem::remove(path);
    SqliteOptions options;
    options.path = path;
    auto store = open_or_fail(options);
    const DefinitionKey definition = put(*store, sample::definition("order"));
    std::vector<Batch> batches;
    const std::uint32_t extra = with == With::Locks ? 1 : 0;
    for (std::int64_t first = 1; first <= sagas; first += width) {
        for (std::uint32_t seq = 1; seq <= 4 + extra; ++seq) {
            Batch& batch = batches.emplace_back();
            for (std::int64_t key = first; key < first + width; ++key) {
                if (seq == 1) {
                    batch.starts.push_back(start_with(with, key, definition));
                } else if (seq == 2 && with == With::Locks) {
                    batch.rows.push_back(granted_row(key, seq));
                } else {
                    Append row = step_row(key, seq - extra);
                    row.seq = seq;
                    batch.rows.push_back(std::move(row));
                }
                if (seq == 2 && with == With::Parks) {
                    batch.parks.push_back({SagaKey{key}, at(key)});
                } else if (seq == 3 && with == With::Parks) {
                    batch.unparks.push_back(SagaKey{key});
                }
                if (seq == 4 + extra) {
                    batch.summaries.push_back(summary(key, sagas::Status::Completed, at(key + 4)));
                }
            }
        }
    }
    const double cpu = cpu_seconds();
    double slowest = 0;
    const auto begin = std::chrono::steady_clock::now();
    for (const Batch& batch : batches) {
        const auto from = std::chrono::steady_clock::now();
        if (!store->writer().write(batch) || !store->writer().maintain(at(0))) {
            std::puts("a commit failed");
            return;
        }
        const std::chrono::duration<double> took = std::chrono::steady_clock::now() - from;
        slowest = std::max(slowest, took.count());
    }
    const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - begin;
    const double used = cpu_seconds() - cpu;
    store.reset();
    const auto count = static_cast<double>(sagas);
    std::printf(
        "%4lld sagas a commit%-8s: %7.0f commits/s %7.0f sagas/s %6.1f us CPU/saga"
        " %6.0f bytes/saga, slowest commit %5.1f ms\n",
        static_cast<long long>(width), name_of(with),
        static_cast<double>(batches.size()) / wall.count(), count / wall.count(),
        used / count * 1e6, static_cast<double>(std::filesystem::file_size(path)) / count,
        slowest * 1e3);
    std::filesystem::remove(path);
    std::filesystem::remove(path + ".lock");
}

enum class Found { ByNothing, Later, AtOnce };

const char* name_of(Found found) {
    static constexpr std::array kNames = {"", " + keys", " + hits"};
    return kNames[static_cast<std::size_t>(found)];
}

NewEvent event_of(std::int64_t number, Found found) {
    NewEvent each = event("orders", public_id(number));
    each.event.insert(each.event.size() - 1, R"(,"padding":")" + std::string(150, 'x') + '"');
    if (found != Found::ByNothing) each.keys.values = {public_id(~number)};
    return each;
}

/// Of `count` events, `width` in each commit; those before it are told in it.
std::vector<Batch> batches_of_events(std::int64_t count, std::int64_t width, Found found) {
    std::vector<Batch> batches;
    for (std::int64_t first = 1; first <= count; first += width) {
        Batch& batch = batches.emplace_back();
        for (std::int64_t i = first; i < first + width; ++i) {
            batch.events.push_back(written_at(event_of(i, found), at(first)));
            if (found == Found::AtOnce && i > width) {
                batch.told_hits.push_back({SagaKey{i - width}, sagas::StepIndex{0},
                                           sagas::Phase::Action, "orders", Offset{i - width}});
            }
        }
    }
    return batches;
}

/// A saga for each of `count` events waits for it.
bool write_waiting(Store& store, std::int64_t count) {
    const DefinitionKey definition = put(store, sample::definition("order"));
    for (std::int64_t first = 1; first <= count; first += 1'000) {
        Batch batch;
        for (std::int64_t key = first; key < first + 1'000 && key <= count; ++key) {
            batch.starts.push_back(start(key, definition));
            batch.expectations.push_back(expectation(key, {public_id(~key)}));
        }
        if (!store.writer().write(batch)) return false;
    }
    return true;
}

void run_events(std::int64_t count, std::int64_t width, Found found, const std::string& folder) {
    SqliteOptions options;
    options.path = folder + "/benchmark.db";
    std::filesystem::remove(options.path);
    if (found == Found::AtOnce && !write_waiting(*open_or_fail(options), count)) {
        std::puts("a commit failed");
        return;
    }
    auto store = open_or_fail(options);
    const std::vector<Batch> batches = batches_of_events(count, width, found);
    const auto bytes_before = std::filesystem::file_size(options.path);
    std::size_t hits = 0;
    const double cpu = cpu_seconds();
    const auto begin = std::chrono::steady_clock::now();
    for (const Batch& batch : batches) {
        const auto committed = store->writer().write(batch);
        if (!committed || !store->writer().maintain(at(0))) {
            std::puts("a commit failed");
            return;
        }
        hits += committed->event_hits.size();
    }
    const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - begin;
    const double used = cpu_seconds() - cpu;
    store.reset();
    const auto events = static_cast<double>(count);
    const auto bytes = static_cast<double>(std::filesystem::file_size(options.path) - bytes_before);
    std::printf(
        "%4lld events a commit%-7s: %7.0f commits/s %7.0f events/s %6.1f us CPU/event"
        " %6.0f bytes/event, %zu hits\n",
        static_cast<long long>(width), name_of(found),
        static_cast<double>(batches.size()) / wall.count(), events / wall.count(),
        used / events * 1e6, bytes / events, hits);
    std::filesystem::remove(options.path);
    std::filesystem::remove(options.path + ".lock");
}

}  // namespace
}  // namespace skald::store

int main(int count, char** arguments) {
    using skald::store::With;
    const std::int64_t sagas = count > 1 ? std::stoll(arguments[1]) : 20'000;
    const skald::store::sample::TemporaryFolder folder;
    const std::string place = count > 2 ? arguments[2] : folder.path();
    skald::store::run(sagas / 10, 1, With::Nothing, place);
    skald::store::run(sagas, 32, With::Nothing, place);
    for (const With with : {With::Nothing, With::Keys, With::Locks, With::Parks}) {
        skald::store::run(sagas, 128, with, place);
    }
    using skald::store::Found;
    for (const Found found : {Found::ByNothing, Found::Later, Found::AtOnce}) {
        skald::store::run_events(5 * sagas, 100, found, place);
    }
}
