#include "sagas/request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sagas/labels.h"
#include "sagas/lint.h"
#include "sagas/saga_scope.h"
#include "tests/sagas/order_document.h"

namespace skald::sagas {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::Pair;

constexpr Timestamp kStarted{Milliseconds{1'795'300'348'000}};

class FixedSecrets : public Secrets {
 public:
    /// Just this one.
    explicit FixedSecrets(std::string value) { values_.emplace("PAYMENT", std::move(value)); }
    FixedSecrets() = default;
    std::optional<std::string> find(std::string_view name) const override {
        const auto found = values_.find(name);
        if (found == values_.end()) return std::nullopt;
        return found->second;
    }

 private:
    std::map<std::string, std::string, std::less<>> values_;
};

/// The URL says what it is for.
class PlainCallbackUrls : public CallbackUrls {
 public:
    std::string url(std::string_view saga_id, StepIndex step, Phase phase) const override {
        return "http://skald/" + std::string(saga_id) + "/" + std::to_string(to_size(step)) +
               (item_of(step) ? "/" + std::to_string(*item_of(step)) : "") + "/" +
               std::string(to_text(phase));
    }
};

/// One saga of the order, changed by `patch`.
struct Order {
    explicit Order(const std::string& patch = "[]")
        : definition(check_definition(order_with(patch), std::nullopt).definition),
          saga(make_saga(*definition, "saga-1", kStarted,
                         make_value(Json::parse(
                             R"({"order_id": "o 1", "items": [{"sku": "a"}], "amount": 5})")))) {}

    Result<Request> request(std::size_t step, Phase phase = Phase::Action) const {
        return render(*definition, saga, StepIndex{static_cast<std::uint32_t>(step)}, phase,
                      secrets, callbacks);
    }

    std::shared_ptr<const Definition> definition;
    Saga saga;
    FixedSecrets secrets{"hush"};
    PlainCallbackUrls callbacks;
};

std::string at(const std::string& path, const std::string& value) {
    return R"([{"op": "add", "path": ")" + path + R"(", "value": )" + value + "}]";
}

TEST(Render, MakesTheRequestOfAnAction) {
    const Order order;
    const Request request = order.request(0).value();
    EXPECT_EQ(request.method, "POST");
    EXPECT_EQ(request.scheme, HttpCall::Scheme::Http);
    EXPECT_EQ(request.host, "127.0.0.1");
    EXPECT_EQ(request.port, 9001);
    EXPECT_EQ(request.target, "/reservations");
    EXPECT_EQ(request.timeout, Milliseconds{5'000});
    EXPECT_EQ(request.body, R"({"items":[{"sku":"a"}],"order_id":"o 1"})");
    EXPECT_THAT(request.headers,
                ElementsAre(Pair("Content-Type", "application/json"),
                            Pair("Idempotency-Key", "\"saga-1/reserve/action\""),
                            Pair("Skald-Saga", "saga-1"), Pair("Skald-Step", "reserve"),
                            Pair("Skald-Phase", "action")));
}

TEST(Render, PutsHeadersOfTheDefinitionFirst) {
    Order order;
    order.saga.input =
        make_value(Json::parse(R"({"order_id": "x", "items": [], "amount": 5, "tenant": "t"})"));
    const Request reserve = order.request(0).value();
    EXPECT_EQ(reserve.headers[0], (std::pair<std::string, std::string>{"X-Tenant", "t"}));
    const Request charge = order.request(1).value();
    EXPECT_EQ(charge.headers[0],
              (std::pair<std::string, std::string>{"Authorization", "Bearer hush"}));
    EXPECT_EQ(charge.headers[1], (std::pair<std::string, std::string>{"x-tenant", "shop"}));
    EXPECT_EQ(charge.headers[2].first, "Content-Type");
}

TEST(Render, MakesTheRequestOfACompensation) {
    Order order;
    order.saga.turned = Failure{StepIndex{3}, "409 Conflict"};
    const Request release = order.request(0, Phase::Compensation).value();
    EXPECT_EQ(release.method, "DELETE");
    EXPECT_EQ(release.target, "/reservations/by-key/saga-1%2Freserve%2Faction");
    EXPECT_EQ(release.body, "");
    EXPECT_THAT(release.headers,
                ElementsAre(Pair("Idempotency-Key", "\"saga-1/reserve/compensation\""),
                            Pair("Skald-Saga", "saga-1"), Pair("Skald-Step", "reserve"),
                            Pair("Skald-Phase", "compensation")));
    const Request refund = order.request(1, Phase::Compensation).value();
    EXPECT_EQ(refund.body, R"({"charge_key":"saga-1/charge/action","why":"409 Conflict"})");
    EXPECT_EQ(refund.timeout, Milliseconds{60'000});
}

TEST(Render, KeepsTheContentTypeOfTheDefinition) {
    const Order order(at("/steps/0/action/http/headers", R"({"content-TYPE": "text/x"})"));
    const Request request = order.request(0).value();
    EXPECT_EQ(request.headers[0], (std::pair<std::string, std::string>{"content-TYPE", "text/x"}));
    EXPECT_EQ(request.headers[1].first, "Idempotency-Key");
}

TEST(Render, AppendsTheQuery) {
    Order order(at("/steps/0/action/http",
                   R"({"method": "GET", "url": "https://h.example?a=1",
                       "query": {"b c": "{$input.order_id}&", "gone": "$input.gone?", "key": "$key",
                                 "n": "$input.amount"}})"));
    const Request request = order.request(0).value();
    EXPECT_EQ(request.target, "/?a=1&b%20c=o%201&&key=saga-1%2Freserve%2Faction&n=5");
    EXPECT_EQ(request.scheme, HttpCall::Scheme::Https);
    EXPECT_EQ(request.port, 443);
    EXPECT_EQ(request.headers[0].first, "Idempotency-Key");
}

std::string error(const Order& order, std::size_t step, Phase phase = Phase::Action) {
    const Result<Request> request = order.request(step, phase);
    if (request) return "made: " + request->target;
    EXPECT_EQ(request.error().code, ErrorCode::InvalidArgument);
    EXPECT_THAT(request.error().message, Not(HasSubstr("hush")));
    return request.error().message;
}

TEST(Render, SaysWhichPartCanNotBeMade) {
    Order order;
    order.saga.input = make_value(Json::parse(R"({"order_id": 1})"));
    EXPECT_EQ(error(order, 0), "body: $input.items: no member \"items\" in $input");
    order.secrets = FixedSecrets();
    EXPECT_THAT(error(order, 1), HasSubstr("header Authorization: $secrets.PAYMENT: the secret "
                                           "PAYMENT is not set"));
}

TEST(Render, RefusesControlCharactersWithoutShowingThem) {
    Order order;
    order.secrets = FixedSecrets("hush\r\nX: y");
    EXPECT_EQ(error(order, 1), "header Authorization: the value holds a control character");
}

TEST(Render, RefusesSecretsThatAreNoText) {
    Order order(at("/steps/0/action/http/body", R"({"s": "$secrets.PAYMENT"})"));
    order.secrets = FixedSecrets("hush\xFF");
    EXPECT_EQ(error(order, 0), "body: a secret is not UTF-8");
}

// "/orders/.." reaches another resource of the participant, percent-encoded or not.
TEST(Render, RefusesValuesThatClimbThePath) {
    Order order;
    for (const char* id : {"..", "."}) {
        order.saga.input = make_value(Json{{"order_id", id}});
        EXPECT_THAT(error(order, 4), HasSubstr("segment"));
    }
    order.saga.input = make_value(Json{{"order_id", "../x"}});
    EXPECT_EQ(error(order, 4), "made: /orders/..%2Fx");
}

TEST(Render, HasLimits) {
    Order order;
    order.saga.input = make_value(Json{{"order_id", std::string(9'000, 'x')}});
    EXPECT_THAT(error(order, 4), HasSubstr("url is longer than"));
    order.saga.input = make_value(
        Json{{"order_id", std::string(kBodyBytesMax - 20, 'x')}, {"items", std::string(100, 'x')}});
    EXPECT_THAT(error(order, 0), HasSubstr("body: "));
    order.saga.input =
        make_value(Json{{"order_id", 1}, {"items", 1}, {"tenant", std::string(33'000, 'x')}});
    EXPECT_THAT(error(order, 0), HasSubstr("headers have more than"));
}

TEST(Render, ShowsSecretsMasked) {
    const Order order;
    const Result<Request> request = render(*order.definition, order.saga, StepIndex{1},
                                           Phase::Action, MaskedSecrets(), order.callbacks);
    EXPECT_EQ(request.value().headers[0].second, "Bearer ***");
}

TEST(Render, GivesTheSameBytesForEveryTry) {
    const Order order;
    const Request first = order.request(1).value();
    const Request second = order.request(1).value();
    EXPECT_EQ(first.headers, second.headers);
    EXPECT_EQ(first.target, second.target);
    EXPECT_EQ(first.body, second.body);
}

/// One saga of the tour, with two rooms and a guide.
struct Tour {
    Tour() {
        StepRun& rooms = saga.step(kRooms);
        rooms.items = make_value(Json::parse(R"([{"kind": "any"}, {"kind": "large"}])"));
        rooms.elements.resize(2);
        rooms.state = Iterating{};
        StepRun& guides = saga.step(kGuides);
        guides.items = make_value(Json::parse(R"(["fr"])"));
        guides.elements.resize(1);
        guides.state = Iterating{};
    }
    Request request(StepIndex step, Phase phase = Phase::Action) const {
        return render(*definition, saga, step, phase, secrets, callbacks).value();
    }
    std::string child_input(StepIndex step, Phase phase = Phase::Action) const {
        const auto input = render_child_input(*definition, saga, step, phase);
        return input ? (*input)->dump() : "error: " + input.error().message;
    }

    static constexpr StepIndex kRooms{0}, kVisa{1}, kInsure{2}, kGuides{3}, kPay{5}, kRemind{7};
    std::shared_ptr<const Definition> definition =
        check_definition(tour_document(), std::nullopt).definition;
    Saga saga = make_saga(*definition, "saga-1", kStarted, make_value(Json{{"customer", "c1"}}));
    FixedSecrets secrets;
    PlainCallbackUrls callbacks;
};

std::string header(const Request& request, const std::string& name) {
    for (const auto& [key, value] : request.headers) {
        if (key == name) return value;
    }
    return "none";
}

TEST(Render, SaysWhereToCallBack) {
    const Tour tour;
    EXPECT_EQ(header(tour.request(Tour::kVisa), "Skald-Callback"), "http://skald/saga-1/1/action");
    EXPECT_EQ(header(tour.request(Tour::kVisa, Phase::Compensation), "Skald-Callback"),
              "http://skald/saga-1/1/compensation");
    EXPECT_EQ(header(tour.request(element_of(Tour::kRooms, 0)), "Skald-Callback"), "none");
    EXPECT_EQ(tour.request(Tour::kVisa).headers, tour.request(Tour::kVisa).headers);
}

TEST(Render, ShowsCallbackUrlsMasked) {
    const Tour tour;
    const Request request = render(*tour.definition, tour.saga, Tour::kVisa, Phase::Action,
                                   tour.secrets, MaskedCallbackUrls())
                                .value();
    EXPECT_EQ(header(request, "Skald-Callback"), "***");
}

TEST(Render, GivesEachElementItsItemAndKey) {
    const Tour tour;
    const Request second = tour.request(element_of(Tour::kRooms, 1));
    EXPECT_EQ(second.body, R"({"kind":"large","number":1})");
    EXPECT_EQ(header(second, "Idempotency-Key"), "\"saga-1/rooms/1/action\"");
    EXPECT_EQ(header(second, "Skald-Step"), "rooms");
    const Request undo = tour.request(element_of(Tour::kRooms, 1), Phase::Compensation);
    EXPECT_EQ(undo.target, "/rooms/saga-1%2Frooms%2F1%2Faction");
    EXPECT_EQ(header(undo, "Idempotency-Key"), "\"saga-1/rooms/1/compensation\"");
}

TEST(Render, MakesTheInputOfAChild) {
    Tour tour;
    const StepIndex guide = element_of(Tour::kGuides, 0);
    EXPECT_EQ(tour.child_input(guide), R"({"language":"fr"})");
    EXPECT_EQ(tour.child_input(Tour::kRemind), "{}");
    EXPECT_THAT(tour.child_input(Tour::kInsure), HasSubstr("error: input: $steps.rooms.output"));
    EXPECT_THAT(tour.child_input(guide, Phase::Compensation), HasSubstr("error: input: $output"));
    tour.saga.step(guide).output = make_value(Json{{"id", 7}});
    EXPECT_EQ(tour.child_input(guide, Phase::Compensation), R"({"guide":7})");
}

TEST(Render, KnowsWhichChildIsCalled) {
    const Tour tour;
    const auto called = [&tour](StepIndex step, Phase phase) {
        const ChildSaga* child = child_called(tour.definition->step(step), phase);
        return child == nullptr ? std::string("none") : child->definition;
    };
    EXPECT_EQ(called(Tour::kGuides, Phase::Action), "guide");
    EXPECT_EQ(called(Tour::kGuides, Phase::Compensation), "free-guide");
    EXPECT_EQ(called(Tour::kInsure, Phase::Action), "insurance");
    EXPECT_EQ(called(Tour::kInsure, Phase::Compensation), "none");
    EXPECT_EQ(called(Tour::kVisa, Phase::Action), "none");
    EXPECT_EQ(called(Tour::kPay, Phase::Compensation), "none");
}

std::string seen(const Scope& scope, const std::string& path) {
    const Template parsed = Template::parse(path).value();
    const Result<Json> json =
        parsed.bind_steps(std::vector<std::string>{"reserve", "charge"}).render(scope);
    return json ? json->dump() : "error";
}

TEST(SagaScope, SeesWhatTheSagaHolds) {
    Order order;
    order.saga.step(StepIndex{0}).state = Succeeded{};
    order.saga.step(StepIndex{0}).output = make_value(Json{{"id", 7}});
    order.saga.step(StepIndex{1}).state = Skipped{};
    SagaScope scope(*order.definition, order.saga);
    EXPECT_EQ(seen(scope, "$saga.id"), "\"saga-1\"");
    EXPECT_EQ(seen(scope, "$saga.started_at"), "\"" + to_rfc3339(kStarted) + "\"");
    EXPECT_EQ(seen(scope, "$steps.reserve.output.id"), "7");
    EXPECT_EQ(seen(scope, "$steps.reserve.status"), "\"succeeded\"");
    EXPECT_EQ(seen(scope, "$steps.charge.output"), "null");
    EXPECT_EQ(seen(scope, "$steps.charge.output.x?"), "null");
    EXPECT_EQ(seen(scope, "$steps.charge.status"), "\"skipped\"");
    for (const char* path : {"$key", "$output", "$action_key", "$failure.step", "$response.status",
                             "$secrets.A", "$item", "$index", "$event"}) {
        EXPECT_EQ(seen(scope, path), "error") << path;
    }
}

TEST(SagaScope, SeesItsOwnStepInACompensation) {
    Order order;
    SagaScope scope(*order.definition, order.saga);
    scope.in(StepIndex{0}, Phase::Action);
    EXPECT_EQ(seen(scope, "$key"), "\"saga-1/reserve/action\"");
    EXPECT_EQ(seen(scope, "$action_key"), "error");
    scope.in(StepIndex{0}, Phase::Compensation);
    EXPECT_EQ(seen(scope, "$key"), "\"saga-1/reserve/compensation\"");
    EXPECT_EQ(seen(scope, "$action_key"), "\"saga-1/reserve/action\"");
    EXPECT_EQ(seen(scope, "$output"), "error");
    EXPECT_EQ(seen(scope, "$output.id?"), "null");
    order.saga.step(StepIndex{0}).output = make_value(Json{{"id", 7}});
    EXPECT_EQ(seen(scope, "$output.id"), "7");
    order.saga.turned = Failure{std::nullopt, "cancelled"};
    EXPECT_EQ(seen(scope, "$failure.step"), "null");
    EXPECT_EQ(seen(scope, "$failure.reason"), "\"cancelled\"");
    order.saga.turned = Failure{StepIndex{1}, "refused"};
    EXPECT_EQ(seen(scope, "$failure.step"), "\"charge\"");
}

TEST(SagaScope, SeesTheItemOfAnElementOnly) {
    Tour tour;
    const StepIndex second = element_of(Tour::kRooms, 1);
    SagaScope scope(*tour.definition, tour.saga);
    scope.in(second, Phase::Action);
    EXPECT_EQ(seen(scope, "$item.kind"), "\"large\"");
    EXPECT_EQ(seen(scope, "$index"), "1");
    EXPECT_EQ(seen(scope, "$key"), "\"saga-1/rooms/1/action\"");
    tour.saga.step(second).output = make_value(Json{{"id", 7}});
    scope.in(second, Phase::Compensation);
    EXPECT_EQ(seen(scope, "$output.id"), "7") << "its own";
    EXPECT_EQ(seen(scope, "$index"), "1");
    EXPECT_EQ(seen(scope, "$action_key"), "\"saga-1/rooms/1/action\"");
    scope.in(Tour::kRooms, Phase::Action);
    EXPECT_EQ(seen(scope, "$item"), "error");
    EXPECT_EQ(seen(scope, "$index"), "error");
    tour.saga.turned = Failure{second, "refused"};
    scope.in(second, Phase::Compensation);
    EXPECT_EQ(seen(scope, "$failure.step"), "\"rooms\"");
}

TEST(SagaScope, SeesTheReply) {
    const Order order;
    SagaScope scope(*order.definition, order.saga);
    Reply reply;
    reply.status = 201;
    reply.headers = {{"location", "/x"}, {"vary", "a"}, {"vary", "b"}};
    reply.body = make_value(Json{{"id", 1}});
    scope.with(reply);
    EXPECT_EQ(seen(scope, "$response.status"), "201");
    EXPECT_EQ(seen(scope, "$response.headers.Location"), "\"/x\"");
    EXPECT_EQ(seen(scope, "$response.headers.vary"), "\"a, b\"");
    EXPECT_EQ(seen(scope, "$response.headers.etag"), "error");
    EXPECT_EQ(seen(scope, "$response.body.id"), "1");
    reply.body = BodyError{"broken"};
    EXPECT_EQ(seen(scope, "$response.body"), "error");
}

TEST(Labels, AreRenderedFromTheInput) {
    const Order order(at("/labels", R"({"a": "{$input.n}/x", "b": "$input.n", "c": "$input.g?"})"));
    EXPECT_THAT(render_labels(*order.definition, Json{{"n", 5}}).value(),
                ElementsAre(Pair("a", "5/x"), Pair("b", "5")));
    EXPECT_THAT(render_labels(*order.definition, Json::object()).error().message,
                HasSubstr("label a: $input.n: no member \"n\""));
    EXPECT_THAT(
        render_labels(*order.definition, Json{{"n", std::string(257, 'x')}}).error().message,
        HasSubstr("256 bytes"));
}

}  // namespace
}  // namespace skald::sagas
