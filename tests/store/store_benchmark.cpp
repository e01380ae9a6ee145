#include <sys/resource.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <string>

#include "tests/store/sample_sagas.h"
#include "tests/store/sqlite_file.h"

/// What the SQLite store costs: commits and sagas a second, processor time of the writer for each
/// 3-step saga (start, three answers, end: four rows, each in a commit of its own round), and bytes
/// on disk. With keys: each start has a request key. With locks: each saga has a lock of its own,
/// and a row more, when it gets it. With parks: each is parked by its second row and comes back
/// with its third.
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
}
