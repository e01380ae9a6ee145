#include "tests/api/engine_in_memory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "api/secrets_of_calls.h"
#include "engine/webhook_signature.h"

namespace skald::api {
namespace {

std::string decoded(std::string_view text) {
    std::string plain;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] == '%' && at + 2 < text.size()) {
            plain += static_cast<char>(std::stoi(std::string(text.substr(at + 1, 2)), nullptr, 16));
            at += 2;
        } else {
            plain += text[at];
        }
    }
    return plain;
}

std::vector<std::pair<std::string, std::string>> parse_query(std::string_view text) {
    std::vector<std::pair<std::string, std::string>> query;
    while (!text.empty()) {
        const std::string_view part = text.substr(0, text.find('&'));
        text.remove_prefix(std::min(part.size() + 1, text.size()));
        const auto equals = part.find('=');
        query.emplace_back(decoded(part.substr(0, equals)), equals == std::string_view::npos
                                                                ? ""
                                                                : decoded(part.substr(equals + 1)));
    }
    return query;
}

}  // namespace

/// Writes with the next settling.
class EngineInMemory::InlineCommitter : public engine::Committer {
 public:
    explicit InlineCommitter(store::Writer& writer) : writer_(writer) {}
    void commit(std::shared_ptr<store::Batch> batch, React react, Done done) override {
        write_ = [this, batch = std::move(batch), react = std::move(react),
                  done = std::move(done)] { done(engine::write_growing(writer_, *batch, react)); };
    }
    bool finish_one() {
        if (!write_) return false;
        std::exchange(write_, nullptr)();
        return true;
    }

 private:
    store::Writer& writer_;
    std::function<void()> write_;
};

class EngineInMemory::ScriptedCaller : public engine::Caller {
 public:
    explicit ScriptedCaller(EngineInMemory& owner) : owner_(owner) {}
    void call(engine::CallId id, sagas::Request request, std::uint32_t) override {
        owner_.requests.push_back(request);
        open_.push_back({id, std::move(request)});
    }
    void recall(engine::CallId) override {}  // All have left the queue.
    engine::CallerStats stats() const override { return {open_.size(), 0}; }

    bool answer_some() {
        bool did_some = false;
        for (auto each = open_.begin(); each != open_.end();) {
            std::optional<sagas::Answer> answer = owner_.participants
                                                      ? owner_.participants(each->request)
                                                      : reply(200, sagas::Json::object());
            if (!answer) {
                ++each;
                continue;
            }
            const engine::CallId id = each->id;
            each = open_.erase(each);
            owner_.coordinator_->answered(id, std::move(*answer));
            did_some = true;
        }
        return did_some;
    }

 private:
    struct Open {
        engine::CallId id;
        sagas::Request request;
    };
    EngineInMemory& owner_;
    std::deque<Open> open_;
};

/// There is none: whatever is published is not sent.
class EngineInMemory::AbsentBroker : public engine::Broker {
 public:
    explicit AbsentBroker(EngineInMemory& owner) : owner_(owner) {}
    void publish(engine::CallId id, engine::BrokerMessage) override {
        owner_.posted_.emplace_back([this, id] {
            owner_.coordinator_->answered(id, sagas::NotSent{"there is no broker"});
        });
    }

 private:
    EngineInMemory& owner_;
};

std::optional<std::string> EngineInMemory::NoSecrets::find(std::string_view name) const {
    if (name == "LONG") return "s3cret-s3cret";
    if (name == "WEBHOOK_KEY") return "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    if (name == "NATS_PASSWORD") return "s3cret";
    return name == "CARD" ? std::optional<std::string>("s3cret") : std::nullopt;
}

EngineInMemory::EngineInMemory()
    : committer_(std::make_unique<InlineCommitter>(store_->writer())),
      caller_(std::make_unique<ScriptedCaller>(*this)),
      loader_(engine::make_inline_loader(
          store_->reader(), catalog_, topic_log_, trigger_starts_,
          [this](std::function<void()> done) { posted_.push_back(std::move(done)); })),
      broker_(std::make_unique<AbsentBroker>(*this)),
      services_(services()) {
    coordinator_ = std::make_unique<engine::Coordinator>(
        engine::Coordinator::Parts{
            *committer_, *caller_, clock_, catalog_, watchers_, bell_, event_bell_, metrics_,
            secrets_, callbacks_, *loader_, *broker_, [this] { is_turn_wanted_ = true; },
            [this](sagas::Milliseconds delay) { turn_at_ = clock_.now() + delay; },
            [](const sagas::Error& error) { FAIL() << error.message; }},
        engine::CoordinatorOptions{});
    const auto recovered = coordinator_->recover(store_->recovery());
    EXPECT_TRUE(recovered.has_value());
    table_.emplace(make_routes(services_));
}

EngineInMemory::~EngineInMemory() = default;

Services EngineInMemory::services() {
    return {store_->reader(),
            catalog_,
            watchers_,
            bell_,
            event_bell_,
            topics_,
            clock_,
            uuids_,
            metrics_,
            callbacks_,
            [this](engine::Command command) {
                if (!is_refusing_) {
                    coordinator_->post(std::move(command));
                    return;
                }
                engine::refuse(command, {refusal_, "too much to do"});
            },
            [this](std::function<void(const EngineStats&)> tell) {
                tell({coordinator_->stats(), caller_->stats(), store_->wal_bytes()});
            },
            [this] { return why_not_ready_; },
            "local",
            [this](const std::string& name, const BackupMaker::Done& done) {
                backups.push_back(name);
                done(backup_result);
            },
            [this](store::Depth depth) {
                store::Examination found = examination;
                found.is_whole = depth == store::Depth::Whole;
                return sagas::Result<store::Examination>(found);
            },
            [this] { return clock_.now() + wall_clock_ahead; },
            [this](std::string_view name) { return secrets_.find(name).has_value(); },
            [this](sagas::Answer answer, const std::set<std::string>& names) {
                std::vector<std::string> values;
                for (const std::string& name : names) {
                    values.push_back(secrets_.find(name).value_or(""));
                }
                return scrubbed(std::move(answer), values);
            },
            [this](std::string_view name) {
                const auto key = engine::read_webhook_secret(secrets_.find(name).value_or(""));
                return key ? std::string() : key.error().message;
            }};
}

void EngineInMemory::settle() {
    bool did_some = true;
    while (did_some) {
        did_some = false;
        if (turn_at_ && clock_.now() >= *turn_at_) {
            turn_at_.reset();
            is_turn_wanted_ = true;
        }
        if (std::exchange(is_turn_wanted_, false)) {
            coordinator_->turn();
            did_some = true;
        }
        did_some |= committer_->finish_one();
        did_some |= caller_->answer_some();
        while (!posted_.empty()) {
            const auto done = std::move(posted_.front());
            posted_.pop_front();
            done();
            did_some = true;
        }
    }
}

void EngineInMemory::advance(sagas::Milliseconds time) {
    clock_.advance(time);
    settle();
}

Reply EngineInMemory::resolve(Answer answer, const std::function<void()>& meanwhile) {
    while (auto* waiting = std::get_if<Later>(&answer)) {
        const Later later = std::move(*waiting);
        bool is_ready = false;
        later.arm([&is_ready] { is_ready = true; });
        settle();
        if (!is_ready && later.kind == Later::Kind::Long) {
            if (meanwhile) meanwhile();
            settle();
            if (!is_ready) advance(later.time);
        }
        answer = later.finish();
    }
    if (auto* reply = std::get_if<Reply>(&answer)) return std::move(*reply);
    if (auto* stream = std::get_if<Stream>(&answer)) {
        return Reply{200, std::move(stream->headers), std::move(stream->content_type), ""};
    }
    const auto& problem = std::get<Problem>(answer);
    return Reply{http_status(problem.type),
                 {},
                 "application/problem+json",
                 to_json(problem, "request-1").dump()};
}

Answer EngineInMemory::handle(const std::string& method, const std::string& target,
                              const std::string& body, Headers headers) {
    Request request;
    request.method = method;
    request.headers = std::move(headers);
    request.body = body;
    const auto question = target.find('?');
    if (question != std::string::npos) {
        request.query = parse_query(std::string_view(target).substr(question + 1));
    }
    RouteTable::Match match = table_->find(method, std::string_view(target).substr(0, question));
    if (match.route == nullptr) {
        ADD_FAILURE() << "no route for " << method << " " << target;
        return Reply{};
    }
    request.path = std::move(match.path);
    return match.route->handler(request);
}

Reply EngineInMemory::call(const std::string& method, const std::string& target,
                           const std::string& body, Headers headers) {
    return resolve(handle(method, target, body, std::move(headers)), nullptr);
}

Reply EngineInMemory::call_while(const std::string& method, const std::string& target,
                                 const std::string& body, const std::function<void()>& meanwhile) {
    return resolve(handle(method, target, body, {}), meanwhile);
}

void EngineInMemory::call_and_leave(const std::string& method, const std::string& target,
                                    const std::string& body) {
    Answer answer = handle(method, target, body, {});
    auto* later = std::get_if<Later>(&answer);
    ASSERT_NE(later, nullptr) << target;
    EXPECT_EQ(later->kind, Later::Kind::Long) << target;
    later->arm([] {});
    settle();
}

EngineInMemory::OpenStream EngineInMemory::open(const std::string& target, Headers headers) {
    Answer answer = handle("GET", target, "", std::move(headers));
    auto* stream = std::get_if<Stream>(&answer);
    EXPECT_NE(stream, nullptr) << target;
    return {*this, stream != nullptr ? std::move(*stream) : Stream{}};
}

std::string EngineInMemory::OpenStream::read() {
    engine_->settle();
    std::string text;
    while (!is_over_ && (*is_ready_ || engine_->clock_.now() >= until_)) {
        Stream::Next next = stream_.next ? stream_.next() : Stream::Over{};
        if (const auto* wait = std::get_if<Stream::Wait>(&next)) {
            if (!wait->arm) continue;
            until_ = engine_->clock_.now() + wait->time;
            is_ready_ = std::make_shared<bool>(false);
            wait->arm([is_ready = is_ready_] { *is_ready = true; });
        } else if (auto* piece = std::get_if<std::string>(&next)) {
            text += *piece;
        } else {
            is_over_ = true;
        }
    }
    return text;
}

void EngineInMemory::put_definition(const sagas::Json& document) {
    const Reply reply =
        call("PUT", "/v1/definitions/" + document.at("name").get<std::string>(), document.dump());
    EXPECT_THAT((std::vector<int>{200, 201}), testing::Contains(reply.status)) << reply.body;
}

sagas::Answer reply(int status, const sagas::Json& body) {
    return sagas::Reply{status, {}, sagas::make_value(body), std::nullopt};
}

Document body_of(const Reply& reply) { return Document::parse(reply.body); }

std::string header_of(const Reply& reply, const std::string& name) {
    for (const auto& [key, value] : reply.headers) {
        if (key == name) return value;
    }
    return "";
}

std::string header_of(const sagas::Request& request, const std::string& name) {
    for (const auto& [key, value] : request.headers) {
        if (key == name) return value;
    }
    return "";
}

std::string callback_target(const sagas::Request& request) {
    const std::string url = header_of(request, "Skald-Callback");
    const auto path = url.find("/v1/callbacks/");
    EXPECT_NE(path, std::string::npos) << url;
    return path == std::string::npos ? "" : url.substr(path);
}

sagas::Json step(const std::string& name) {
    return {{"name", name},
            {"action",
             {{"http",
               {{"method", "POST"},
                {"url", "http://127.0.0.1:9000/" + name},
                {"body", {{"order", "$input.order"}}}}}}},
            {"compensation",
             {{"http", {{"method", "POST"}, {"url", "http://127.0.0.1:9000/undo-" + name}}}}}};
}

sagas::Json definition(const std::string& name, const std::vector<sagas::Json>& steps) {
    return {{"name", name}, {"steps", steps}};
}

}  // namespace skald::api
