#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "api/awaited.h"
#include "api/document.h"
#include "api/handlers.h"
#include "api/missing_secrets.h"
#include "api/query_parameters.h"
#include "api/subscription_view.h"

/// How the server is, for a person: each check with what to do about it.
namespace skald::api {
namespace {

constexpr sagas::Milliseconds kStatsTime{1'000};
constexpr std::uint64_t kDiskWarning = 512u << 20;
constexpr std::uint64_t kWalWarning = 128u << 20;
constexpr sagas::Milliseconds kClockWarning{5'000};
constexpr std::size_t kQueuedWarning = 10'000;

enum class Health : std::uint8_t { Ok, Warning, Failed };

std::string_view word_for(Health health) {
    switch (health) {
        case Health::Ok:
            return "ok";
        case Health::Warning:
            return "warning";
        case Health::Failed:
            return "failed";
    }
    return "";
}

class Report {
 public:
    void add(const char* name, Health health, const std::string& detail,
             const std::string& hint = "") {
        worst_ = std::max(worst_, health);
        Document check{{"name", name}, {"status", word_for(health)}, {"detail", detail}};
        if (health != Health::Ok) set_text(check, "hint", hint);
        checks_.push_back(std::move(check));
    }
    Document document() && {
        return {{"status", word_for(worst_)}, {"checks", std::move(checks_)}};
    }

 private:
    Health worst_ = Health::Ok;
    Document checks_ = Document::array();
};

std::string megabytes(std::uint64_t bytes) { return std::to_string(bytes >> 20) + " MiB"; }

std::string count_of(std::uint64_t count, const std::string& one) {
    return std::to_string(count) + " " + one + (count == 1 ? "" : "s");
}

void add_store(Report& report, const store::Examination& found) {
    const std::string hint =
        "keep the file, stop the server, and restore the last backup (docs/operations.md)";
    if (!found.faults.empty()) {
        report.add("store", Health::Failed, found.faults.front(), hint);
    } else {
        report.add("store", Health::Ok,
                   megabytes(found.file_bytes) +
                       (found.is_whole ? ", checked whole" : "; ?deep=true checks all of it"));
    }
    report.add("schema", Health::Ok, std::to_string(found.schema));
    report.add("sqlite", Health::Ok, found.sqlite_version);
    report.add("wal", found.wal_bytes > kWalWarning ? Health::Warning : Health::Ok,
               megabytes(found.wal_bytes),
               "another program reads the database for long, which keeps the log from being "
               "recycled; end it");
    report.add("disk", found.free_bytes < kDiskWarning ? Health::Warning : Health::Ok,
               megabytes(found.free_bytes) + " free", "make room: below 64 MiB no saga is started");
    if (found.is_whole) {
        report.add("orphans", found.orphans > 0 ? Health::Failed : Health::Ok,
                   count_of(found.orphans, "row") + " without their saga", hint);
    }
}

void add_clock(Report& report, const Services& services) {
    const sagas::Milliseconds ahead = services.clock.now() - services.wall_clock();
    const bool is_off = ahead > kClockWarning || ahead < -kClockWarning;
    report.add(
        "clock", is_off ? Health::Warning : Health::Ok,
        "the engine's time is " + std::to_string(ahead.count()) + " ms ahead of the wall clock",
        "the wall clock jumped; the engine follows it within a minute, and deadlines hold "
        "meanwhile by its own");
}

void add_sagas(Report& report, const store::Counts& counts, const EngineStats& stats) {
    std::string text;
    for (const auto& [status, count] : counts.by_status) {
        text.append(text.empty() ? "" : ", ")
            .append(std::to_string(count))
            .append(" ")
            .append(sagas::to_text(status));
    }
    report.add("counts", Health::Ok, text);
    const auto stuck = counts.by_status.find(sagas::Status::Stuck);
    const std::uint64_t stuck_count = stuck == counts.by_status.end() ? 0 : stuck->second;
    report.add("stuck", stuck_count > 0 ? Health::Warning : Health::Ok,
               count_of(stuck_count, "stuck saga"), "skald ls --status stuck");
    report.add("failing", stats.coordinator.failing > 0 ? Health::Warning : Health::Ok,
               count_of(stats.coordinator.failing, "saga") + " with a step whose tries go wrong",
               "skald ls --failing 1m");
    report.add("callers", stats.caller.queued > kQueuedWarning ? Health::Warning : Health::Ok,
               count_of(stats.caller.in_flight, "call") + " in flight, " +
                   std::to_string(stats.caller.queued) + " queued",
               "a participant is slower than its sagas come: look at skald_calls_queued, and at "
               "--calls-per-origin");
}

constexpr std::size_t kNamedMax = 10;

/// Nothing where there is no subscription.
void add_dead_letters(Report& report, const Services& services) {
    const auto rows = all_subscriptions(services.reader);
    if (!rows) {
        report.add("dead_letters", Health::Warning, rows.error().message, "ask again");
        return;
    }
    if (rows->empty()) return;
    std::uint64_t count = 0;
    std::size_t named = 0;
    std::string names;
    for (const store::SubscriptionRow& row : *rows) {
        if (row.dead_letters == 0) continue;
        count += row.dead_letters;
        if (++named > kNamedMax) continue;
        names.append(names.empty() ? ": " : ", ").append(row.name);
    }
    if (named > kNamedMax) names += " and " + std::to_string(named - kNamedMax) + " more";
    report.add(
        "dead_letters", count > 0 ? Health::Warning : Health::Ok,
        count_of(count, "dead letter") + " of " + count_of(rows->size(), "subscription") + names,
        "skald subscriptions dead-letters NAME");
}

/// Nothing where nobody needs any.
void add_secrets(Report& report, const Services& services) {
    const auto needed = find_needed_secrets(services);
    if (!needed) {
        report.add("secrets", Health::Warning, needed.error().message, "ask again");
        return;
    }
    if (needed->names.empty()) return;
    if (needed->missing.empty()) {
        report.add("secrets", Health::Ok,
                   "all there that are needed: " + std::to_string(needed->names.size()));
        return;
    }
    std::string text;
    for (const auto& [secret, users] : needed->missing) {
        text.append(text.empty() ? "no " : "; no ").append(secret).append(" for");
        for (const std::string& name : users) {
            text.append(name == *users.begin() ? " " : ", ").append(name);
        }
    }
    report.add("secrets", Health::Warning, text,
               "add a file of that name to --secrets-dir, or start the server with "
               "SKALD_SECRET_ and the name in its environment");
}

Answer report_on(const Services& services, store::Depth depth, const EngineStats* stats) {
    Report report;
    const auto found = services.examine(depth);
    if (found) {
        add_store(report, *found);
    } else {
        const bool is_broken = found.error().code == sagas::ErrorCode::Corruption;
        report.add("store", is_broken ? Health::Failed : Health::Warning, found.error().message,
                   is_broken ? "keep the file, stop the server, and restore the last backup "
                               "(docs/operations.md)"
                             : "nothing was found out; ask again");
    }
    add_clock(report, services);
    const auto counts = read_again([&] { return services.reader.counts(); });
    if (!counts) {
        report.add("counts", Health::Failed, counts.error().message, "look at the server's log");
    } else if (stats == nullptr) {
        report.add("engine", Health::Failed, "the engine did not answer within a second",
                   "look at the server's log, and at the load of the machine");
    } else {
        add_sagas(report, *counts, *stats);
    }
    add_dead_letters(report, services);
    add_secrets(report, services);
    const std::string why_not_ready = services.why_not_ready();
    report.add("ready", why_not_ready.empty() ? Health::Ok : Health::Warning,
               why_not_ready.empty() ? "takes new sagas" : why_not_ready,
               "new sagas are refused until this is over");
    return json_reply(200, std::move(report).document());
}

}  // namespace

Answer get_doctor(const Services& services, const Request& request) {
    const auto deep = read_text(request, "deep");
    if (!deep) return deep.error();
    if (*deep && **deep != "true" && **deep != "false") {
        return Problem{ProblemType::InvalidRequest, "deep: must be true or false", {}, nullptr};
    }
    const auto depth = *deep && **deep == "true" ? store::Depth::Whole : store::Depth::Surface;
    auto stats = std::make_shared<Awaited<EngineStats>>();
    services.ask_stats([stats](const EngineStats& now) { stats->set(now); });
    Later later;
    later.time = kStatsTime;
    later.arm = [stats](std::function<void()> ready) { stats->when_set(std::move(ready)); };
    later.finish = [&services, stats, depth] { return report_on(services, depth, stats->get()); };
    return later;
}

}  // namespace skald::api
