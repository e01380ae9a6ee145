#include "examples/order/participant.h"

#include <httplib.h>

#include <charconv>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <fstream>
#include <iostream>
#include <mutex>
#include <optional>
#include <string_view>
#include <utility>

#include "examples/barrier/barrier.h"

namespace order {

namespace {

constexpr std::size_t kReceivedMax = 1'000;
constexpr std::size_t kBodyBytesMax = 1u << 20;
constexpr std::size_t kKeyBytesMax = 512;
/// A connection holds a thread, and Skald keeps up to 256 connections to one origin.
constexpr std::size_t kThreads = 300;
constexpr std::chrono::seconds kHoldMax{60};
/// "Never": well past the time-out of any step in order.json.
constexpr std::chrono::seconds kSilence{10};

struct Options {
    int port = 0;
    std::string database;
    std::string port_file;
};

[[noreturn]] void explain_and_exit(const std::string& name, const std::string& problem) {
    std::cerr << name << ": " << problem << "\nusage: " << name
              << " --port N (0: a free one) --db FILE [--port-file FILE]\n";
    std::exit(2);  // NOLINT(concurrency-mt-unsafe): there is one thread so far.
}

int parse_port(const std::string& name, std::string_view text) {
    int port = -1;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (error != std::errc{} || end != text.data() + text.size() || port < 0 || port > 65'535) {
        explain_and_exit(name, "--port takes a number from 0 to 65535");
    }
    return port;
}

Options parse_options(const std::string& name, int argc, char** argv) {
    Options options;
    for (int i = 1; i < argc; i += 2) {
        const std::string_view flag = argv[i];
        if (i + 1 == argc) {
            explain_and_exit(name, std::string(flag) + " needs a value");
        }
        if (flag == "--port") {
            options.port = parse_port(name, argv[i + 1]);
        } else if (flag == "--db") {
            options.database = argv[i + 1];
        } else if (flag == "--port-file") {
            options.port_file = argv[i + 1];
        } else {
            explain_and_exit(name, "unknown flag " + std::string(flag));
        }
    }
    if (options.database.empty()) {
        explain_and_exit(name, "--db is missing");
    }
    return options;
}

/// The key of a call: a quoted string by the draft on Idempotency-Key, or a bare one.
std::string key_of(const httplib::Request& request) {
    std::string key = request.get_header_value("Idempotency-Key");
    if (key.size() >= 2 && key.front() == '"' && key.back() == '"') {
        key = key.substr(1, key.size() - 2);
    }
    return key;
}

std::uint32_t attempt_of(const httplib::Request& request) {
    const std::string text = request.get_header_value("Skald-Attempt");
    std::uint32_t attempt = 1;
    std::from_chars(text.data(), text.data() + text.size(), attempt);
    return attempt;
}

void send(httplib::Response& response, const barrier::Answer& answer) {
    response.status = answer.status;
    response.set_content(answer.body, "application/json");
}

void send(httplib::Response& response, int status, const std::string& reason) {
    send(response, answer(status, {{"reason", reason}}));
}

SQLite::Database open_database(const std::string& name, const std::string& file) {
    try {
        SQLite::Database database(file, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
        database.setBusyTimeout(5'000);
        database.exec("PRAGMA journal_mode = WAL");
        // The answer leaves after the commit, so the commit must outlive a loss of power.
        database.exec("PRAGMA synchronous = FULL");
        barrier::make_table(database);
        return database;
    } catch (const SQLite::Exception& error) {
        explain_and_exit(name, "open " + file + ": " + error.what());
    }
}

}  // namespace

barrier::Answer answer(int status, const nlohmann::json& body) {
    return barrier::Answer{status, body.dump()};
}

struct Participant::Server {
    Server(std::string its_name, Options its_options)
        : name(std::move(its_name)),
          options(std::move(its_options)),
          database(open_database(name, options.database)),
          ledger(database) {}

    const std::string name;
    const Options options;
    httplib::Server http;
    std::function<bool(const Call&)> is_silent = [](const Call&) { return false; };

    std::mutex database_mutex;  ///< Guards the next two.
    SQLite::Database database;
    Ledger ledger;

    struct Received {
        std::uint64_t number;
        std::string key;
        std::uint32_t attempt;
        bool is_held;
    };
    std::mutex received_mutex;  ///< Guards the rest.
    std::condition_variable released;
    std::deque<Received> received;
    std::uint64_t calls = 0;
    std::uint64_t releases = 0;
    bool is_next_held = false;

    void serve_ledger();
    void serve_holding();
    /// `run` goes through the barrier, with the database to itself.
    void handle(const httplib::Request& request, httplib::Response& response,
                const std::function<barrier::Answer(const Call&)>& run);
    barrier::Answer undo(const Call& call, const std::string& action_key, const std::string& kind);

    std::uint64_t note_call(const Call& call);
    void hold_if_asked(std::uint64_t number);
    void keep_silence(std::uint64_t number);
    void mark_held(std::uint64_t number, bool is_held);  ///< Under received_mutex.
};

void Participant::Server::serve_ledger() {
    http.Get("/ledger", [this](const httplib::Request& request, httplib::Response& response) {
        const std::scoped_lock lock(database_mutex);
        send(response, answer(200, ledger.rows(request.get_param_value("order"))));
    });
    http.Get("/ledger/summary",
             [this](const httplib::Request& request, httplib::Response& response) {
                 const std::scoped_lock lock(database_mutex);
                 send(response, answer(200, ledger.summary(request.get_param_value("order"))));
             });
}

void Participant::Server::serve_holding() {
    http.Get("/received", [this](const httplib::Request&, httplib::Response& response) {
        auto list = nlohmann::json::array();
        const std::scoped_lock lock(received_mutex);
        for (const Received& call : received) {
            list.push_back({{"key", call.key}, {"attempt", call.attempt}, {"held", call.is_held}});
        }
        send(response, answer(200, list));
    });
    http.Post("/hold", [this](const httplib::Request&, httplib::Response& response) {
        const std::scoped_lock lock(received_mutex);
        is_next_held = true;
        send(response, answer(200, {{"next_is_held", true}}));
    });
    http.Post("/release", [this](const httplib::Request&, httplib::Response& response) {
        {
            const std::scoped_lock lock(received_mutex);
            is_next_held = false;
            ++releases;
        }
        released.notify_all();
        send(response, answer(200, {{"next_is_held", false}}));
    });
}

void Participant::Server::handle(const httplib::Request& request, httplib::Response& response,
                                 const std::function<barrier::Answer(const Call&)>& run) {
    Call call{key_of(request), attempt_of(request), nullptr,
              request.get_header_value("Skald-Callback")};
    if (call.key.empty() || call.key.size() > kKeyBytesMax) {
        send(response, 400, "send an Idempotency-Key of 1 to 512 bytes");
        return;
    }
    try {
        if (!request.body.empty()) {
            call.body = nlohmann::json::parse(request.body);
        }
        const std::uint64_t number = note_call(call);
        {
            const std::scoped_lock lock(database_mutex);
            send(response, run(call));
        }
        hold_if_asked(number);
        if (is_silent(call)) {
            keep_silence(number);
        }
    } catch (const nlohmann::json::exception& error) {
        send(response, 400, error.what());
    } catch (const SQLite::Exception& error) {
        send(response, 500, error.what());
    }
}

barrier::Answer Participant::Server::undo(const Call& call, const std::string& action_key,
                                          const std::string& kind) {
    return barrier::compensate(database, call.key, action_key, [&] {
        // By what is in the books, not by what the caller says: it may know less than we do.
        const std::optional<LedgerRow> row = ledger.find(action_key);
        if (row) {
            ledger.write({call.key, kind, -row->amount, row->order_id});
        }
        return answer(200, {{"undone", row.has_value()}});
    });
}

std::uint64_t Participant::Server::note_call(const Call& call) {
    const std::scoped_lock lock(received_mutex);
    received.push_back({++calls, call.key, call.attempt, false});
    if (received.size() > kReceivedMax) {
        received.pop_front();
    }
    return calls;
}

void Participant::Server::hold_if_asked(std::uint64_t number) {
    std::unique_lock lock(received_mutex);
    if (!std::exchange(is_next_held, false)) {
        return;
    }
    mark_held(number, true);
    const std::uint64_t releases_before = releases;
    released.wait_for(lock, kHoldMax, [&] { return releases != releases_before; });
    mark_held(number, false);
}

void Participant::Server::keep_silence(std::uint64_t number) {
    std::unique_lock lock(received_mutex);
    mark_held(number, true);
    released.wait_for(lock, kSilence, [] { return false; });
    mark_held(number, false);
}

void Participant::Server::mark_held(std::uint64_t number, bool is_held) {
    for (Received& call : received) {
        if (call.number == number) {
            call.is_held = is_held;
        }
    }
}

Participant::Participant(std::string name, int argc, char** argv) {
    Options options = parse_options(name, argc, argv);
    server_ = std::make_unique<Server>(std::move(name), std::move(options));
}

Participant::~Participant() = default;

void Participant::on_action(const std::string& path, Work work) {
    server_->http.Post(path, [server = server_.get(), work = std::move(work)](
                                 const httplib::Request& request, httplib::Response& response) {
        server->handle(request, response, [&](const Call& call) {
            return barrier::act(server->database, call.key,
                                [&] { return work(server->ledger, call); });
        });
    });
}

void Participant::on_compensation(const std::string& path, const std::string& field,
                                  const std::string& kind) {
    server_->http.Post(path, [server = server_.get(), field, kind](const httplib::Request& request,
                                                                   httplib::Response& response) {
        server->handle(request, response, [&](const Call& call) {
            return server->undo(call, call.body.at(field).get<std::string>(), kind);
        });
    });
}

void Participant::on_compensation_by_path(const std::string& prefix, const std::string& kind) {
    // The key's slashes come as %2F, and cpp-httplib decodes the path before it looks for a route.
    server_->http.Delete(prefix + "(.+)",
                         [server = server_.get(), kind](const httplib::Request& request,
                                                        httplib::Response& response) {
                             server->handle(request, response, [&](const Call& call) {
                                 return server->undo(call, request.matches[1].str(), kind);
                             });
                         });
}

void Participant::on_read(const std::string& path, Read read) {
    server_->http.Get(path, [read = std::move(read)](const httplib::Request& request,
                                                     httplib::Response& response) {
        const std::string match = request.matches.size() > 1 ? request.matches[1].str() : "";
        send(response, read(match, request.get_param_value("customer")));
    });
}

void Participant::stay_silent_when(std::function<bool(const Call&)> is_silent) {
    server_->is_silent = std::move(is_silent);
}

int Participant::run() {
    httplib::Server& http = server_->http;
    server_->serve_ledger();
    server_->serve_holding();
    http.new_task_queue = [] { return new httplib::ThreadPool(kThreads); };
    http.set_payload_max_length(kBodyBytesMax);
    http.set_keep_alive_max_count(1'000'000);
    http.set_keep_alive_timeout(60);
    http.set_tcp_nodelay(true);
    // Its default is SO_REUSEPORT: two participants on one port would share the calls.
    http.set_socket_options([](socket_t socket) {
        const int on = 1;
        setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    });
    const std::string host = "127.0.0.1";
    int port = server_->options.port;
    if (port == 0) {
        port = http.bind_to_any_port(host);
    } else if (!http.bind_to_port(host, port)) {
        port = -1;
    }
    if (port <= 0) {
        std::cerr << server_->name << ": listen on " << host << ":" << server_->options.port
                  << ": the port is in use, or not allowed\n";
        return 2;
    }
    if (!server_->options.port_file.empty()) {
        // Renamed, so that who waits for the file never reads half of it.
        const std::string unfinished = server_->options.port_file + ".new";
        std::ofstream(unfinished) << port << '\n';
        std::rename(unfinished.c_str(), server_->options.port_file.c_str());
    }
    std::cout << server_->name << " listens on " << host << ":" << port << std::endl;
    return http.listen_after_bind() ? 0 : 2;
}

}  // namespace order
