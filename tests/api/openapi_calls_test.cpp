#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <optional>
#include <set>
#include <sstream>
#include <utility>

#include "tests/api/engine_in_memory.h"
#include "tests/api/openapi_document.h"

/// Every documented operation is called as documented, and its answer is held against the document.
namespace skald::api {
namespace {

using sagas::Json;
using testing::IsEmpty;
using testing::SizeIs;
using Pairs = std::set<std::pair<std::string, std::string>>;

/// An engine whose participants and sagas are those of the document's examples.
class DocumentedWorld {
 public:
    DocumentedWorld() {
        engine.participants = [this](const sagas::Request& request) {
            return answer(request.target);
        };
    }

    EngineInMemory engine;
    const OpenApiDocument document{Json::parse(engine.call("GET", "/openapi.json").body)};

    // What the bank says to a charge.
    void charge_never() { charge_ = reply(503, "no connection to the bank"); }
    void decline() { charge_ = reply(402, {{"reason", "the card was declined"}}); }
    void be_silent() { charge_.reset(); }

    /// Registers the documented definition.
    void register_order() { engine.put_definition(request_example("putDefinition", "order")); }
    /// And starts the documented saga.
    void start(const std::string& id = "order-4711") {
        register_order();
        Json request = request_example("startSaga", "order");
        request["id"] = id;
        const Reply reply = engine.call("POST", "/v1/sagas", request.dump());
        EXPECT_EQ(reply.status, 201) << reply.body;
        engine.settle();
    }
    void complete() { start(); }
    void compensate() { compensate("order-4711"); }
    void get_stuck() {
        charge_never();
        start();
        use_up_tries();
    }
    void leave_running() {
        be_silent();
        start();
    }
    void fail_for_long() {
        charge_ = sagas::Reply{429, {}, sagas::make_value(nullptr), std::chrono::hours{1}};
        start();
        engine.advance(std::chrono::minutes{10});
    }
    /// The bank calls back.
    void await_callback() {
        Json order = request_example("putDefinition", "order");
        order["steps"][1]["action"]["http"]["reply"] = "callback";
        engine.put_definition(order);
        charge_ = reply(202);
        const Json body = {{"definition", "order"},
                           {"id", "order-4711"},
                           {"input", {{"order_id", "o-4711"}, {"amount", 12}}}};
        EXPECT_EQ(engine.call("POST", "/v1/sagas", body.dump()).status, 201);
        engine.settle();
    }
    void be_called_back() {
        await_callback();
        EXPECT_EQ(engine
                      .call("POST", callback_target(engine.requests.back()),
                            R"({"outcome": "retry", "error": "closed"})")
                      .status,
                  200);
    }
    void register_everything() {
        engine.put_definition(definition("payment", {charge_step("charge")}));
        Json pause = {{"name", "pause"}, {"action", {{"wait", {{"for", "10m"}}}}}};
        Json pay = {{"name", "pay"}, {"action", {{"saga", {{"definition", "payment"}}}}}};
        Json ask = charge_step("ask");
        ask["action"]["http"]["reply"] = "callback";
        Json send = charge_step("send");
        send["for_each"] = "$input.items";
        Json order = definition("order", {pause, pay, ask, send});
        for (Json& step : order["steps"]) step["after"] = Json::array();
        Json until = {{"name", "until"}, {"action", {{"wait", {{"until", "$input.at"}}}}}};
        until["after"] = {"pause", "pay", "ask", "send"};
        order["steps"].push_back(until);
        order["lock"] = "order-{$input.order_id}";
        engine.put_definition(order);
    }
    /// A saga that waits for a timer, a callback and a child, and for an element of three.
    void wait_for_everything() {
        register_everything();
        charge_ = reply(202);
        start_everything("order-4711");
    }
    void wait_for_lock() {
        register_everything();
        be_silent();
        for (const char* id : {"order-4709", "order-4710", "order-4711"}) start_everything(id);
    }
    void be_undone_with_everything() {
        wait_for_everything();
        operate("cancel", {{"reason", "the customer called"}});
    }
    void suspend() {
        leave_running();
        operate("suspend", {{"reason", "the bank is being repaired"}});
    }

    /// Everything that an operator can say, one after the other.
    void be_operated() {
        get_stuck();
        operate("suspend", {{"reason", "wait"}});
        operate("resume", Json::object());
        operate("retry", request_example("retrySaga", "one"));
        use_up_tries();
        operate("resolve", request_example("resolveSaga", "compensated"));
    }
    void be_replayed() {
        compensate();
        operate("replay", request_example("replaySaga", "again"), 201);
    }
    void be_a_replay() {
        compensate("order-4710");
        operate("order-4710", "replay", {{"id", "order-4711"}, {"reason", "again"}}, 201);
    }
    /// A topic with the documented contract, which others publish to.
    void register_topic() {
        const Reply reply =
            engine.call("PUT", "/v1/topics/orders", request_example("putTopic", "orders").dump());
        EXPECT_EQ(reply.status, 201) << reply.body;
    }
    void publish(const std::string& topic, const Json& event) {
        const Reply reply = engine.call("POST", "/v1/topics/" + topic + "/events", event.dump(),
                                        {{"content-type", "application/cloudevents+json"}});
        EXPECT_EQ(reply.status, 202) << reply.body;
        engine.settle();
    }
    void fill_topic() {
        register_topic();
        publish("orders", request_example("publishEvents", "structured"));
    }
    void subscribe_by(const Json& subscription) {
        fill_topic();
        const Reply reply = engine.call("PUT", "/v1/subscriptions/mail", subscription.dump());
        EXPECT_EQ(reply.status, 201) << reply.body;
        engine.settle();
    }
    void subscribe() { subscribe_by(request_example("putSubscription", "pull")); }
    void bridge() {
        fill_topic();
        const Reply reply = engine.call("PUT", "/v1/bridges/shop",
                                        request_example("putBridge", "both-ways").dump());
        EXPECT_EQ(reply.status, 201) << reply.body;
        engine.settle();
    }
    /// What was published can't be delivered.
    void bury_events() {
        subscribe_by({{"topic", "orders"},
                      {"from", "start"},
                      {"pull", Json::object()},
                      {"maximum_attempts", 1}});
        const Json fetched = Json::parse(engine.call("POST", "/v1/subscriptions/mail/fetch").body);
        const Json leases = {{"leases", {fetched.at("events").at(0).at("lease")}}};
        EXPECT_EQ(engine.call("POST", "/v1/subscriptions/mail/nack", leases.dump()).status, 200);
        engine.settle();
    }
    /// The documented saga has steps that speak by events.
    void register_events() {
        const Json fetched = {
            {"topic", "counter"}, {"success", {{"type", "fetched"}}}, {"timeout", "14d"}};
        const Json released = {{"topic", "answers"}, {"success", {{"type", "released"}}}};
        const Json release = {
            {"event", {{"topic", "stock"}, {"type", "release"}, {"reply", released}}}};
        Json reply = {{"topic", "answers"},
                      {"success", {{"type", "reserved"}}},
                      {"failure", {{"type", {"rejected", "unknown"}}}}};
        const Json reserve = {{"topic", "stock"},
                              {"type", "reserve"},
                              {"subject", "$input.order_id"},
                              {"data", {{"id", "$input.order_id"}}},
                              {"reply", reply}};
        reply["match"] = {{"event", "$event.subject"}, {"saga", "$input.order_id"}};
        const Json weigh = {{"topic", "scales"}, {"type", "weigh"}, {"reply", reply}};
        const Json steps = {
            {{"name", "reserve"}, {"action", {{"event", reserve}}}, {"compensation", release}},
            {{"name", "weigh"},
             {"after", Json::array()},
             {"for_each", "$input.items"},
             {"action", {{"event", weigh}}},
             {"compensation", "none"}},
            {{"name", "fetch"}, {"action", {{"wait", {{"event", fetched}}}}}}};
        engine.put_definition({{"name", "order"}, {"steps", steps}});
    }
    void wait_for_events() {
        register_events();
        start_everything("order-4711");
    }
    void answer_by(const std::string& type, const std::string& id) {
        Json event = request_example("publishEvents", "structured");
        event["id"] = id;
        event["type"] = type;
        event["sagaid"] = "order-4711";
        event["sagastep"] = "reserve";
        publish("answers", event);
    }
    void be_answered() {
        wait_for_events();
        answer_by("reserved", "first");
        answer_by("reserved", "second");
    }
    void be_refused_by_an_event() {
        wait_for_events();
        answer_by("rejected", "first");
    }
    void be_undone_by_events() {
        be_answered();
        operate("cancel", {{"reason", "the customer called"}}, 202);
    }
    void change_order() {
        register_order();
        Json changed = request_example("putDefinition", "order");
        changed["deadline"] = "1m";
        engine.put_definition(changed);
    }
    void delete_order() {
        register_order();
        EXPECT_EQ(engine.call("DELETE", "/v1/definitions/order").status, 204);
    }

    Json request_example(const std::string& operation, const std::string& name) const {
        const Json& media = request_media(operation).at(content_type(operation, name));
        return document.resolve(media.at("examples").at(name)).at("value");
    }
    /// Of the request that has the example `name`.
    std::string content_type(const std::string& operation, const std::string& name) const {
        for (const auto& [type, media] : request_media(operation).items()) {
            if (media.at("examples").contains(name)) return type;
        }
        ADD_FAILURE() << operation << " has no example " << name;
        return "application/json";
    }

 private:
    const Json& request_media(const std::string& operation) const {
        return document.resolve(document.operation(operation).object->at("requestBody"))
            .at("content");
    }
    static Json charge_step(const std::string& name) {
        Json made = step(name);
        made["action"]["http"] = {{"method", "POST"}, {"url", "http://127.0.0.1:9002/charges"}};
        return made;
    }
    void start_everything(const std::string& id) {
        const Json body = {
            {"definition", "order"},
            {"id", id},
            {"input",
             {{"order_id", "o-4711"}, {"items", {1, 2, 3}}, {"at", "2026-11-22T00:00:00Z"}}}};
        const Reply reply = engine.call("POST", "/v1/sagas", body.dump());
        EXPECT_EQ(reply.status, 201) << reply.body;
        engine.settle();
    }
    void compensate(const std::string& id) {
        decline();
        start(id);
    }
    void operate(const std::string& id, const std::string& command, const Json& body, int status) {
        const Reply reply = engine.call("POST", "/v1/sagas/" + id + "/" + command, body.dump());
        EXPECT_EQ(reply.status, status) << reply.body;
        engine.settle();
    }
    void operate(const std::string& command, const Json& body, int status = 200) {
        operate("order-4711", command, body, status);
    }
    /// Those that the documented definition has.
    void use_up_tries() {
        for (int attempt = 1; attempt < 3; ++attempt) engine.advance(std::chrono::seconds{1});
    }
    std::optional<sagas::Answer> answer(const std::string& target) const {
        if (target.find("/charges") != std::string::npos) return charge_;
        if (target.find("/by-key/") != std::string::npos) return reply(200, {{"undone", true}});
        return reply(201, {{"reservation_id", "r-17"}});
    }

    std::optional<sagas::Answer> charge_ = reply(201, {{"id", "c-9"}});
};

using Arrange = void (DocumentedWorld::*)();

/// A call with documented examples of everything, after which the operation succeeds.
struct Scenario {
    std::string operation;
    int status;
    Arrange arrange = nullptr;
    std::string body = {};               ///< The name of the request's example; empty: no body.
    std::vector<std::string> with = {};  ///< Parameters that are sent, beyond those of the path.
    std::string list = {};               ///< The member of the answer that must not be empty.
    std::function<void(DocumentedWorld&)> before = {};  ///< Beside `arrange`.
    std::string accept = {};

    friend void PrintTo(const Scenario& scenario, std::ostream* out) {
        *out << scenario.operation << " " << scenario.status;
    }
};

void stop_being_ready(DocumentedWorld& world) { world.engine.stop_being_ready("stopping"); }

const std::vector<Scenario>& scenarios() {
    using World = DocumentedWorld;
    static const std::vector<Scenario> kScenarios = {
        {"putDefinition", 201, nullptr, "order", {"If-None-Match"}},
        {"putDefinition", 200, &World::register_order, "order", {"If-Match"}},
        {"getDefinition", 200, &World::register_order},
        {"getDefinition", 304, &World::register_order, "", {"If-None-Match"}},
        {"deleteDefinition", 204, &World::register_order, "", {"If-Match"}},
        {"listDefinitions", 200, &World::register_order, "", {"limit"}, "items"},
        {"getDefinitionVersion", 200, &World::register_order},
        {"getDefinitionVersion", 200, &World::delete_order},
        {"getDefinitionVersion", 304, &World::register_order, "", {"If-None-Match"}},
        {"getDefinitionDiff", 200, &World::change_order, "", {}, "changes"},
        {"getDefinitionDiff", 200, &World::change_order, "", {}, "reasons"},
        {"getDefinitionGraph", 200, &World::register_order, "", {}, "data"},
        {"getDefinitionGraph", 200, &World::register_order, "", {"format"}},
        {"getDefinitionGraph", 200, &World::delete_order, "", {"version"}, "undo"},
        {"getDefinitionSchema", 200},
        {"lintDefinition", 200, nullptr, "order"},
        {"lintDefinition", 200, nullptr, "broken", {}, "errors"},
        {"simulateDefinition", 200, nullptr, "charge", {}, "outcomes"},

        {"startSaga", 201, &World::register_order, "order", {"Idempotency-Key"}},
        {"startSaga", 200, &World::register_order, "order", {"wait"}},
        {"startSaga", 200, &World::complete, "order"},
        {"startSaga", 202, &World::leave_running, "order", {"wait"}},
        {"startSagas", 200, &World::register_order, "two", {}, "items"},
        {"listSagas",
         200,
         &World::get_stuck,
         "",
         {"status", "definition", "version", "limit", "label", "started_after", "started_before",
          "step", "error", "count"},
         "items"},
        {"listSagas", 200, &World::fail_for_long, "", {"failing"}, "items"},
        {"listSagas", 200, &World::compensate, "", {}, "items"},
        {"getSaga", 200, &World::complete},
        {"getSaga", 200, &World::compensate},
        {"getSaga", 200, &World::get_stuck},
        {"getSaga", 200, &World::be_operated},
        {"getSaga", 200, &World::be_replayed},
        {"getSaga", 200, &World::be_a_replay},
        {"getSaga", 200, &World::leave_running, "", {"wait"}},
        {"getSaga", 200, &World::await_callback},
        {"getSaga", 200, &World::wait_for_everything},
        {"getSaga", 200, &World::wait_for_lock},
        {"getSaga", 200, &World::be_undone_with_everything},
        {"getSagaPlan", 200, &World::leave_running, "", {}, "forward"},
        {"getSagaPlan", 200, &World::leave_running, "", {}, "undo"},
        {"getSagaPlan", 200, &World::get_stuck, "", {}, "forward"},
        {"getSagaPlan", 200, &World::wait_for_everything, "", {}, "forward"},
        {"getSagaPlan", 200, &World::wait_for_lock, "", {}, "forward"},
        {"callBack", 200, &World::await_callback, "approved"},
        {"callBack", 200, &World::await_callback, "refused"},
        {"getSagaHistory", 200, &World::wait_for_everything, "", {}, "items"},
        {"getSagaHistory", 200, &World::be_undone_with_everything, "", {}, "items"},
        {"getSagaHistory", 200, &World::be_called_back, "", {}, "items"},
        {"getSagaHistory", 200, &World::be_a_replay, "", {}, "items"},
        {"streamSagaEvents", 200, &World::be_undone_with_everything},
        {"getDefinition", 200, &World::register_everything},
        {"getDefinitionGraph", 200, &World::register_everything, "", {}, "steps"},
        {"getSagaHistory", 200, &World::compensate, "", {"limit"}, "items"},
        {"getSagaHistory", 200, &World::fail_for_long, "", {}, "items"},
        {"getSagaHistory", 200, &World::be_operated, "", {}, "items"},
        {"streamSagaEvents", 200, &World::complete},
        {"streamSagaEvents", 200, &World::be_operated},
        {"streamSagaEvents", 200, &World::compensate, "", {"after"}},
        {"streamSagaEvents", 200, &World::get_stuck, "", {"Last-Event-ID"}},
        {"streamEvents", 200, &World::compensate, "", {"after"}},
        {"streamEvents",
         200,
         &World::get_stuck,
         "",
         {"Last-Event-ID", "status", "definition", "version", "label", "step"}},

        {"listTopics", 200, &World::fill_topic, "", {"limit"}, "items"},
        {"getTopic", 200, &World::fill_topic, "", {"version"}},
        {"getTopic", 200, &World::fill_topic},
        {"putTopic", 201, nullptr, "orders", {"If-None-Match"}},
        {"putTopic", 200, &World::register_topic, "orders", {"If-Match"}},
        {"publishEvents", 202, &World::register_topic, "structured", {}, "offsets"},
        {"publishEvents", 202, &World::register_topic, "batch", {}, "offsets"},
        {"publishEvents",
         202,
         &World::register_topic,
         "binary",
         {"ce-specversion", "ce-id", "ce-source", "ce-type", "ce-subject", "ce-time",
          "ce-dataschema"},
         "offsets"},
        {"readEvents", 200, &World::fill_topic, "", {"after", "limit", "wait"}, "events"},
        {"readEvents", 200, &World::fill_topic, "", {"from"}, "events"},
        {"readEvents", 200, &World::fill_topic, "", {"Last-Event-ID"}, "", {}, "text/event-stream"},
        {"listSubscriptions", 200, &World::subscribe, "", {"limit"}, "items"},
        {"getSubscription", 200, &World::subscribe},
        {"putSubscription", 201, nullptr, "pull", {"If-None-Match"}},
        {"putSubscription", 200, &World::subscribe, "pull", {"If-Match"}},
        {"putSubscription", 201, nullptr, "push"},
        {"deleteSubscription", 204, &World::subscribe, "", {"If-Match"}},
        {"fetchEvents", 200, &World::subscribe, "one", {}, "events"},
        {"acknowledgeEvents", 200, &World::subscribe, "one", {}, "stale"},
        {"refuseEvents", 200, &World::subscribe, "one", {}, "stale"},
        {"extendLeases", 200, &World::subscribe, "one", {}, "stale"},
        {"replaySubscription", 200, &World::subscribe, "start"},
        {"replaySubscription", 200, &World::subscribe, "offset"},
        {"listDeadLetters", 200, &World::bury_events, "", {"after", "limit"}, "dead_letters"},
        {"replayDeadLetters", 200, &World::bury_events, "some"},
        {"replayDeadLetters", 200, &World::bury_events, "all"},
        {"discardDeadLetters", 200, &World::bury_events, "some"},
        {"discardDeadLetters", 200, &World::bury_events, "all"},
        {"getDoctor", 200, &World::bury_events, "", {}, "checks"},
        {"listBridges", 200, &World::bridge, "", {"limit"}, "items"},
        {"getBridge", 200, &World::bridge},
        {"putBridge", 201, nullptr, "both-ways", {"If-None-Match"}},
        {"putBridge", 200, &World::bridge, "both-ways", {"If-Match"}},
        {"putBridge", 201, nullptr, "out-only"},
        {"deleteBridge", 204, &World::bridge, "", {"If-Match"}},
        {"getDefinition", 200, &World::register_events},
        {"getDefinitionGraph", 200, &World::register_events, "", {}, "steps"},
        {"getSaga", 200, &World::wait_for_events},
        {"getSaga", 200, &World::be_answered},
        {"getSagaPlan", 200, &World::wait_for_events, "", {}, "forward"},
        {"getSagaPlan", 200, &World::be_undone_by_events, "", {}, "undo"},
        {"getSagaHistory", 200, &World::be_answered, "", {}, "items"},
        {"streamSagaEvents", 200, &World::be_answered},
        {"replaySaga", 200, &World::be_refused_by_an_event, "dry-run", {}, "calls"},

        {"cancelSaga", 202, &World::leave_running, "reason", {"Idempotency-Key"}},
        {"cancelSaga", 200, &World::compensate, "reason"},
        {"suspendSaga", 200, &World::leave_running, "reason", {"Idempotency-Key"}},
        {"resumeSaga", 200, &World::suspend, "reason", {"Idempotency-Key"}},
        {"retrySaga", 200, &World::get_stuck, "one", {"Idempotency-Key"}},
        {"resolveSaga", 200, &World::get_stuck, "succeeded", {"Idempotency-Key"}},
        {"resolveSaga", 200, &World::get_stuck, "compensated"},
        {"abandonSaga", 200, &World::get_stuck, "given-up", {"Idempotency-Key"}},
        {"replaySaga", 201, &World::compensate, "again", {"Idempotency-Key"}},
        {"replaySaga", 200, &World::compensate, "dry-run", {}, "calls"},
        {"replaySaga", 200, &World::complete, "dry-run", {}, "effects"},

        {"backupStore", 200, &World::complete, "daily"},
        {"getDoctor", 200, nullptr, "", {}, "checks"},
        {"getDoctor", 200, &World::get_stuck, "", {"deep"}, "checks"},
        {"getHealth", 200},
        {"getReadiness", 200},
        {"getReadiness", 503, nullptr, "", {}, "", stop_being_ready},
        {"getMetrics", 200, &World::complete},
        {"getOpenApi", 200},
        {"getIndex", 200},
    };
    return kScenarios;
}

std::string encoded(const Json& value) {
    const std::string text = value.is_string() ? value.get<std::string>() : value.dump();
    std::ostringstream out;
    for (const char c : text) {
        if (c == '%' || c == '&' || c == '=' || c == ' ') {
            out << '%' << std::hex << std::uppercase << static_cast<int>(c);
        } else {
            out << c;
        }
    }
    return out.str();
}

std::string lower_case(std::string text) {
    for (char& c : text) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return text;
}

class DocumentedCalls : public testing::TestWithParam<Scenario> {
 protected:
    using Operation = OpenApiDocument::Operation;

    /// The path with the documented values in it, and the query.
    std::string target(const Operation& operation) const {
        std::string target = operation.path;
        for (const auto& [name, parameter] : world_.document.parameters(operation, "path")) {
            const std::string placeholder = "{" + name + "}";
            target.replace(target.find(placeholder), placeholder.size(),
                           encoded(parameter.at("example")));
        }
        char separator = '?';
        for (const auto& [name, parameter] : world_.document.parameters(operation, "query")) {
            if (!is_sent(name)) continue;
            const Json& example = parameter.at("example");
            for (const Json& value : example.is_array() ? example : Json::array({example})) {
                target += separator + name + "=" + encoded(value);
                separator = '&';
            }
        }
        return target;
    }
    EngineInMemory::Headers headers(const Operation& operation) const {
        EngineInMemory::Headers headers;
        for (const auto& [name, parameter] : world_.document.parameters(operation, "header")) {
            if (is_sent(name)) headers.emplace_back(lower_case(name), parameter.at("example"));
        }
        const Scenario& scenario = GetParam();
        if (!scenario.accept.empty()) headers.emplace_back("accept", scenario.accept);
        if (!scenario.body.empty()) {
            headers.emplace_back("content-type",
                                 world_.content_type(scenario.operation, scenario.body));
        }
        return headers;
    }
    void expect_documented(const Reply& reply, const Json& response) const;
    void expect_documented_events(const std::string& text) const;

    DocumentedWorld world_;

 private:
    static bool is_sent(const std::string& parameter) {
        const auto& with = GetParam().with;
        return std::find(with.begin(), with.end(), parameter) != with.end();
    }
};

void DocumentedCalls::expect_documented(const Reply& reply, const Json& response) const {
    const Json headers = response.value("headers", Json::object());
    for (const auto& [name, value] : reply.headers) EXPECT_TRUE(headers.contains(name)) << name;
    for (const auto& [name, reference] : headers.items()) {
        const Json& header = world_.document.resolve(reference);
        if (name == "Skald-Request-Id" || !header.value("required", false)) continue;
        EXPECT_NE(header_of(reply, name), "") << name;
    }
    if (!response.contains("content")) {
        EXPECT_EQ(reply.body, "");
        return;
    }
    ASSERT_TRUE(response.at("content").contains(reply.content_type)) << reply.content_type;
    const Json& media = response.at("content").at(reply.content_type);
    const bool is_json = reply.content_type.ends_with("json");
    const Json body = is_json ? Json::parse(reply.body) : Json(reply.body);
    EXPECT_THAT(world_.document.faults(media.at("schema"), body), IsEmpty()) << reply.body;
    if (!GetParam().list.empty()) {
        EXPECT_THAT(body.at(GetParam().list), testing::Not(SizeIs(0))) << reply.body;
    }
    if (reply.content_type == "text/event-stream") expect_documented_events(reply.body);
}

/// The data of each event; what the schema of a text can't tell.
void DocumentedCalls::expect_documented_events(const std::string& text) const {
    std::istringstream lines(text);
    std::string event;
    std::size_t count = 0;
    for (std::string line; std::getline(lines, line);) {
        if (line.empty()) event.clear();
        if (line.starts_with("event: ")) event = line.substr(7);
        if (!line.starts_with("data: ")) continue;
        const Json data = Json::parse(line.substr(6));
        const std::string schema = event == "end"      ? "EndEvent"
                                   : event == "resync" ? "ResyncEvent"
                                   : event.empty()     ? "EventRow"
                                                       : "SagaEvent";
        EXPECT_THAT(world_.document.faults({{"$ref", "#/components/schemas/" + schema}}, data),
                    IsEmpty())
            << line;
        if (schema == "SagaEvent") {
            EXPECT_EQ(data.at("type"), event);
        }
        ++count;
    }
    EXPECT_GT(count, 0u) << text;
}

TEST_P(DocumentedCalls, Answer) {
    const Scenario& scenario = GetParam();
    const Operation& operation = world_.document.operation(scenario.operation);
    if (scenario.arrange != nullptr) (world_.*scenario.arrange)();
    if (scenario.before) scenario.before(world_);

    std::string body;
    if (!scenario.body.empty()) {
        body = world_.request_example(scenario.operation, scenario.body).dump();
    }
    Reply reply = world_.engine.call(operation.method, target(operation), body, headers(operation));
    if (reply.content_type == "text/event-stream") {
        reply.body = world_.engine.open(target(operation), headers(operation)).read();
    }
    ASSERT_EQ(reply.status, scenario.status) << reply.body;
    const Json& responses = operation.object->at("responses");
    ASSERT_TRUE(responses.contains(std::to_string(reply.status)));
    expect_documented(reply, responses[std::to_string(reply.status)]);
}

std::string name_of(const testing::TestParamInfo<Scenario>& scenario) {
    return scenario.param.operation + "_" + std::to_string(scenario.param.status) + "_" +
           std::to_string(scenario.index);
}

INSTANTIATE_TEST_SUITE_P(OpenApi, DocumentedCalls, testing::ValuesIn(scenarios()), name_of);

/// What a documented call may be made of, and what it may come to.
struct Documented {
    Pairs answers, bodies, parameters;
};

Documented documented(const OpenApiDocument& document) {
    Documented all;
    for (const auto& operation : document.operations()) {
        for (const auto& [status, response] : operation.object->at("responses").items()) {
            if (response.contains("$ref")) continue;  // Only problems.
            all.answers.emplace(operation.id(), status);
        }
        for (const char* in : {"query", "header"}) {
            for (const auto& [name, parameter] : document.parameters(operation, in)) {
                if (name != "cursor") all.parameters.emplace(operation.id(), name);
            }
        }
        if (!operation.object->contains("requestBody")) continue;
        const Json& body = document.resolve(operation.object->at("requestBody"));
        for (const auto& [type, media] : body.at("content").items()) {
            for (const auto& [name, example] : media.at("examples").items()) {
                all.bodies.emplace(operation.id(), name);
            }
        }
    }
    return all;
}

TEST(DocumentedCalls, AreAllMade) {
    const Documented all = documented(DocumentedWorld().document);
    Documented called;
    for (const Scenario& each : scenarios()) {
        called.answers.emplace(each.operation, std::to_string(each.status));
        if (!each.body.empty()) called.bodies.emplace(each.operation, each.body);
        for (const std::string& name : each.with) called.parameters.emplace(each.operation, name);
    }
    EXPECT_EQ(called.answers, all.answers);
    EXPECT_EQ(called.bodies, all.bodies);
    EXPECT_EQ(called.parameters, all.parameters);
}

/// Lists are gone through with the cursors that they give.
TEST(DocumentedCursors, LeadToTheNextPage) {
    DocumentedWorld world;
    world.compensate();
    world.engine.put_definition(definition("parcel", {step("send")}));
    world.engine.call("POST", "/v1/sagas", R"({"definition": "parcel", "input": {"order": 1}})");
    world.subscribe();
    world.engine.call("PUT", "/v1/subscriptions/sms", R"({"topic": "orders", "pull": {}})");
    for (const char* name : {"a", "b"}) {
        world.engine.call("PUT", std::string("/v1/bridges/") + name,
                          world.request_example("putBridge", "out-only").dump());
    }
    const std::vector<std::pair<std::string, std::string>> lists = {
        {"listDefinitions", "/v1/definitions"},
        {"listTopics", "/v1/topics"},
        {"listSubscriptions", "/v1/subscriptions"},
        {"listBridges", "/v1/bridges"},
        {"listSagas", "/v1/sagas"},
        {"getSagaHistory", "/v1/sagas/order-4711/history"}};
    for (const auto& [operation, path] : lists) {
        SCOPED_TRACE(operation);
        const Json& answer = world.document.operation(operation).object->at("responses").at("200");
        std::string target = path + "?limit=1";
        for (int page = 0; page < 2; ++page) {
            const Reply reply = world.engine.call("GET", target);
            ASSERT_EQ(reply.status, 200) << reply.body;
            const Json body = Json::parse(reply.body);
            EXPECT_THAT(world.document.faults(
                            answer.at("content").at("application/json").at("schema"), body),
                        IsEmpty());
            EXPECT_THAT(body.at("items"), SizeIs(1));
            target = path + "?limit=1&cursor=" + body.value("next_cursor", "none");
        }
    }
    std::size_t with_cursor = 0;
    for (const auto& operation : world.document.operations()) {
        with_cursor += world.document.parameters(operation, "query").contains("cursor");
    }
    EXPECT_EQ(with_cursor, lists.size());
}

}  // namespace
}  // namespace skald::api
