#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "tests/events/books.h"
#include "tests/events/course.h"
#include "tests/events/household.h"
#include "tests/events/kills.h"
#include "tests/events/ledger.h"
#include "tests/events/published_event.h"
#include "tests/events/publishers.h"
#include "tests/events/report.h"
#include "tests/events/saga_books.h"
#include "tests/events/services.h"
#include "tests/events/surroundings.h"
#include "tests/outside/socket.h"
#include "tests/outside/sqlite_file.h"

/// Publishes events while skald, its subscribers and nats-server are killed at random, and holds
/// what everybody saw against what was acknowledged. README.md beside this says how to read it.
namespace skald::events {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

constexpr milliseconds kLook{5};
constexpr std::chrono::seconds kProgressEvery{5};
/// In which something must go on, far longer than anything takes.
constexpr std::chrono::seconds kPatience{60};
constexpr std::chrono::seconds kShortPatience{5};
constexpr std::chrono::seconds kStopTime{60};
constexpr std::uint64_t kInboundOf = 5;  ///< For so many events one comes in from outside.
constexpr std::uint64_t kOrderOf = 25;   ///< And a saga.

struct Options {
    std::filesystem::path skald, subscriber, nats_server;
    std::filesystem::path directory = std::filesystem::temp_directory_path();
    std::uint64_t events = 100'000;
    std::size_t kills = 5;
    std::uint64_t seed = std::random_device{}();
    std::string json_file;
    std::string sabotage = "none";
};

/// One of the subscribers: its process, and what is known of it.
struct Watched {
    std::string name;
    LedgerReader ledger;
    Books books;
    std::size_t process;
};

class Run {
 public:
    explicit Run(const Options& options)
        : options_(options), folder_(make_folder(options.directory)), household_(folder_) {
        result_.seed = options.seed;
        result_.kills_wanted = options.kills;
        result_.has_nats = has_nats();
    }

    bool run() {
        try {
            set_up();
            publish();
            check();
        } catch (const std::exception& error) {
            course_.fail(error.what());
        }
        course_.end();
        return tell();
    }

 private:
    static std::filesystem::path make_folder(const std::filesystem::path& parent) {
        std::filesystem::create_directories(parent);
        std::string pattern = parent / "events-XXXXXX";
        if (::mkdtemp(pattern.data()) == nullptr) {
            throw std::runtime_error("there is no folder " + parent.string() + " to write to");
        }
        return pattern;
    }

    /// Who forgets never comes to an end.
    std::chrono::seconds patience() const {
        return options_.sabotage == "none" ? kPatience : kShortPatience;
    }
    bool has_nats() const { return !options_.nats_server.empty(); }
    std::filesystem::path database() const { return folder_ / "skald.db"; }
    std::uint16_t nats_port() const {
        return has_nats() ? outside::port_of(nats_place_) : std::uint16_t{0};
    }
    std::uint16_t skald_port() const { return outside::port_of(skald_place_); }
    static std::string text(std::uint16_t port) { return std::to_string(port); }

    void set_up() {
        ::setenv("SKALD_SECRET_PUSHED", kPushSecret, 1);
        if (has_nats()) {
            nats_ = household_.add("nats-server",
                                   {options_.nats_server.string(), "-a", "127.0.0.1", "-p",
                                    text(nats_port()), "-js", "-sd", (folder_ / "nats").string()});
            prepare_nats(course_, nats_port());
        }
        skald_ = household_.add(
            "skald", {options_.skald.string(), "serve", "--db", database().string(), "--listen",
                      "127.0.0.1:" + text(skald_port()), "--log-level", "warn"});
        const std::uint16_t push = outside::port_of(push_place_);
        prepare_skald(course_, skald_port(), push, nats_port());
        add_subscriber("pull", Way::Pulled,
                       {"--port", text(skald_port()), "--subscription", "puller"});
        add_subscriber("push", Way::Pushed,
                       {"--port", text(push), "--secret", kPushSecret, "--refuse", "50"});
        if (has_nats()) {
            add_subscriber(
                "relayed", Way::Relayed,
                {"--port", text(nats_port()), "--stream", kOutStream, "--consumer", kOutConsumer});
        }
        std::vector<std::size_t> victims = {skald_};
        for (const Watched& each : watched_) victims.push_back(each.process);
        if (has_nats()) victims.push_back(nats_);
        household_.plan(plan_kills(options_.seed, victims.size(), options_.kills, options_.events),
                        victims);
    }

    void add_subscriber(const std::string& way, Way kind, std::vector<std::string> more) {
        const std::filesystem::path ledger = folder_ / (way + ".ledger");
        std::vector<std::string> command = {options_.subscriber.string(), way, "--ledger",
                                            ledger.string()};
        command.insert(command.end(), more.begin(), more.end());
        if (options_.sabotage == "forget") command.insert(command.end(), {"--forget", "500"});
        const std::string name = way + "-subscriber";
        watched_.push_back(
            {name, LedgerReader(ledger), Books(name, kind), household_.add(name, command)});
    }

    /// Until everything that was published is with everybody, and all sagas have ended.
    void publish() {
        Services services(course_, saga_books_, skald_port());
        Publishers publishers(course_, {.seed = options_.seed,
                                        .skald = skald_port(),
                                        .nats = nats_port(),
                                        .events = options_.events,
                                        .inbound = has_nats() ? options_.events / kInboundOf : 0,
                                        .orders = options_.events / kOrderOf});
        const auto begun_at = Clock::now();
        auto progressed_at = begun_at;
        auto told_at = begun_at;
        std::uint64_t progress = 0;
        while (course_.pause(kLook)) {
            // Before it is looked at what came of it.
            const bool are_done = publishers.are_done();
            household_.look(course_.published);
            if (const std::string dead = household_.find_dead(); !dead.empty()) {
                course_.fail(dead);
            }
            read_ledgers();
            const auto now = Clock::now();
            if (std::exchange(progress, sum_of_all()) != progress) progressed_at = now;
            if (now - told_at > kProgressEvery) {
                say();
                told_at = now;
            }
            const bool is_done = are_done && household_.has_struck_all() && course_.behind == 0 &&
                                 saga_books_.ended() >= course_.orders;
            if (is_done || now - progressed_at > patience()) break;
        }
        result_.seconds = std::chrono::duration<double>(Clock::now() - begun_at).count();
        over_http_ = publishers.over_http();
        by_outsider_ = publishers.by_outsider();
        if (publishers.are_done()) {
            await_settled();
        } else if (course_.failure().empty()) {
            course_.fail("nothing went on for " + std::to_string(patience().count()) + " s");
        }
        course_.end();  // For those who serve and watch.
    }

    void read_ledgers() {
        std::uint64_t behind = 0;
        const std::uint64_t published = course_.published;
        const std::uint64_t inbound = course_.inbound;
        for (Watched& each : watched_) {
            for (const Entry& entry : each.ledger.read_on()) each.books.enter(entry);
            const std::uint64_t wanted =
                published + (each.books.way() == Way::Relayed ? 0 : inbound);
            behind = std::max(behind, wanted - std::min(wanted, each.books.events()));
        }
        course_.behind = behind;
    }

    std::uint64_t sum_of_all() const {
        std::uint64_t sum = course_.published + course_.inbound + course_.orders;
        for (const Watched& each : watched_) sum += each.books.events();
        return sum + saga_books_.ended();
    }

    void say() const {
        std::printf("%8llu published  %6llu behind  %6llu sagas\n",
                    static_cast<unsigned long long>(course_.published),
                    static_cast<unsigned long long>(course_.behind),
                    static_cast<unsigned long long>(saga_books_.ended()));
        std::fflush(stdout);
    }

    /// Waits until skald says, too, that everything is settled.
    void await_settled() {
        outside::HttpClient client(skald_port());
        const auto until = Clock::now() + kPatience;
        for (const char* name : {"puller", "pushed", "services"}) {
            std::string told;
            json lag, dead;
            do {
                const auto reply =
                    ask(course_, client, "GET", std::string("/v1/subscriptions/") + name);
                if (!reply.has_value()) return;
                told = reply->body;
                const json document = json::parse(told);
                lag = document.at("lag");
                dead = document.at("dead_letters");
            } while ((lag != 0 || dead != 0) && Clock::now() < until && course_.pause(kLook));
            if (lag != 0 || dead != 0) {
                Faults faults(name);
                faults.wrong("is not at rest: " + told);
                result_.faults.push_back(faults);
            }
        }
        read_log(client);
    }

    /// The topic itself: each event once, in order, without gaps.
    void read_log(outside::HttpClient& client) {
        Books log("the log", Way::Relayed);
        std::uint64_t after = 0;
        std::uint64_t last = 0;
        do {
            const auto reply =
                ask(course_, client, "GET",
                    "/v1/topics/lines/events?limit=1000&after=" + std::to_string(after));
            if (!reply.has_value()) return;
            const json page = json::parse(reply->body);
            for (const json& each : page.at("events")) {
                log.enter({Saw::Given,
                           name_of(each.at("event")).value_or(EventName{}),
                           each.at("offset").get<std::uint64_t>(),
                           {}});
            }
            after = page.at("next").get<std::uint64_t>();
            last = page.at("last").get<std::uint64_t>();
        } while (after < last);
        log.close(all());
        result_.faults.push_back(log.faults());
    }

    Published all() const {
        Published all = over_http_;
        all.insert(by_outsider_.begin(), by_outsider_.end());
        return all;
    }

    void check() {
        for (Watched& each : watched_) household_.kill(each.process);
        read_ledgers();
        for (Watched& each : watched_) {
            each.books.close(each.books.way() == Way::Relayed ? over_http_ : all());
            result_.faults.push_back(each.books.faults());
        }
        result_.faults.push_back(saga_books_.close(course_.orders));
        if (household_.stop(skald_, kStopTime) != 0) course_.fail("skald did not stop in order");
        result_.integrity = outside::ask(database(), "PRAGMA integrity_check");
    }

    bool tell() {
        result_.published = course_.published;
        result_.inbound = course_.inbound;
        result_.orders = course_.orders;
        result_.sent_again = course_.sent_again;
        result_.sagas = saga_books_.ended();
        result_.saga_commands = saga_books_.commands();
        result_.saga_command_repeats = saga_books_.repeats();
        result_.processes = household_.figures();
        result_.failure = course_.failure();
        for (const Watched& each : watched_) {
            result_.subscribers.push_back(
                {each.name, each.books.events(), each.books.repeats(), each.books.lives()});
        }
        std::cout << table_of(result_);
        if (!options_.json_file.empty()) std::ofstream(options_.json_file) << json_of(result_);
        if (passed(result_) || options_.sabotage != "none") {
            std::filesystem::remove_all(folder_);
        } else {
            std::cout << "The database, the ledgers and the logs are in " << folder_.string()
                      << '\n';
        }
        return passed(result_);
    }

    const Options& options_;
    const std::filesystem::path folder_;
    const outside::Descriptor skald_place_ = outside::hold_port();
    const outside::Descriptor push_place_ = outside::hold_port();
    const outside::Descriptor nats_place_ = outside::hold_port();
    Course course_;
    SagaBooks saga_books_;
    Household household_;
    std::size_t skald_ = 0;
    std::size_t nats_ = 0;
    std::vector<Watched> watched_;
    Published over_http_, by_outsider_;
    Result result_;
};

}  // namespace
}  // namespace skald::events

int main(int argc, char** argv) try {
    skald::events::Options options;
    CLI::App app(
        "Kills skald, its subscribers and nats-server at random while events are published, and "
        "checks what became of each of them");
    app.add_option("--skald", options.skald, "The binary")->required();
    app.add_option("--subscriber", options.subscriber, "The binary")->required();
    app.add_option("--nats-server", options.nats_server, "The binary; without it no bridge");
    app.add_option("--directory", options.directory, "Where the database lies");
    app.add_option("--events", options.events, "Published over HTTP")
        ->check(CLI::Range(1'000, 100'000'000));
    app.add_option("--kills", options.kills, "Of each")->check(CLI::Range(0, 1'000));
    app.add_option("--seed", options.seed, "Of the events and the kills");
    app.add_option("--json", options.json_file, "Gets the figures");
    app.add_option("--sabotage", options.sabotage)
        ->check(CLI::IsMember({"none", "forget"}))
        ->group("");
    CLI11_PARSE(app, argc, argv);

    skald::outside::raise_descriptor_limit();
    std::cout << "seed " << options.seed << ", " << options.skald.string() << '\n' << std::flush;
    return skald::events::Run(options).run() ? 0 : 1;
} catch (const std::exception& error) {
    std::cerr << "events: " << error.what() << '\n';
    return 2;
}
