#include "examples/order/participant.h"

#include <httplib.h>

#include <charconv>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>

#include "examples/barrier/barrier.h"
#include "examples/program/arguments.h"
#include "examples/program/database.h"
#include "examples/program/serving.h"

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

}  // namespace

barrier::Answer answer(int status, const nlohmann::json& body) {
    return barrier::Answer{status, body.dump()};
}

struct Participant::Server {
    explicit Server(const program::Arguments& arguments)
        : name(arguments.name()),
          address{arguments.port("--port"), arguments.text("--port-file", "")},
          database(program::open_database(arguments)),
          ledger(database) {
        barrier::make_table(database);
    }

    const std::string name;
    const program::Address address;
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
    const program::Arguments arguments(std::move(name),
                                       "--port N (0: a free one) --db FILE [--port-file FILE]",
                                       {"--port", "--db", "--port-file"}, argc, argv);
    server_ = std::make_unique<Server>(arguments);
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
    return program::serve(http, server_->name, server_->address);
}

}  // namespace order
