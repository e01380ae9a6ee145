#include "tests/simulation/delivery_plans.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "api/trigger_starts.h"
#include "tests/simulation/plans.h"

namespace skald::simulation {
namespace {

using sagas::Json;
using How = SubscriptionPlan::How;
using Text = FilterPlan::Text;

constexpr const char* kSources[] = {"/shop/eu", "/shop/us"};
constexpr const char* kTypes[] = {"item.sold", "item.moved", "note"};
constexpr const char* kSubjects[] = {"s1", "s2", "s3", "t1"};
constexpr const char* kCustomer = "/customers";

std::string ms(std::int64_t time) { return std::to_string(time) + "ms"; }

Text draw_text(Random& random, const char* exact, const char* prefix) {
    return random.one_in(2) ? Text{exact, false} : Text{prefix, true};
}

/// Also of types that only some topics have: then it waits for nothing.
FilterPlan draw_filter(Random& random) {
    FilterPlan filter;
    if (random.one_in(3)) filter.type = draw_text(random, kTypes[random.below(3)], "item.");
    if (random.one_in(6)) filter.type = draw_text(random, "act", "d");
    if (random.one_in(5)) filter.source = draw_text(random, kSources[random.below(2)], "/shop");
    if (random.one_in(5)) filter.subject = draw_text(random, kSubjects[random.below(4)], "s");
    return filter;
}

Json text_document(const Text& text) {
    return text.is_prefix ? Json{{"prefix", text.text}} : Json(text.text);
}

Json filter_document(const FilterPlan& filter) {
    Json json = Json::object();
    if (filter.type) json["type"] = text_document(*filter.type);
    if (filter.source) json["source"] = text_document(*filter.source);
    if (filter.subject) json["subject"] = text_document(*filter.subject);
    return json;
}

Json push_document(Random& random, const std::string& name, SubscriptionPlan& plan) {
    plan.parallel_max = static_cast<std::uint32_t>(1 + random.below(4));
    plan.cannot_be_sent = random.one_in(12);
    const char* secret = random.one_in(5) ? "$secrets.WRONG" : "$secrets.RIGHT";
    if (plan.cannot_be_sent) secret = "$secrets.ABSENT";
    return {{"url", "http://receiver:80/" + name},
            {"secret", secret},
            {"timeout", ms(random.between(100, 2'000))},
            {"max_parallel", plan.parallel_max}};
}

}  // namespace

Json draw_shop_event(Random& random) {
    Json event = {{"source", kSources[random.below(std::size(kSources))]},
                  {"type", kTypes[random.below(std::size(kTypes))]}};
    if (!random.one_in(4)) event["subject"] = kSubjects[random.below(std::size(kSubjects))];
    return event;
}

// ---- Triggers ----------------------------------------------------------------------------------

void draw_triggers(Random& random, std::vector<DefinitionPlan>& plans) {
    for (DefinitionPlan& plan : plans) {
        const auto before = std::find_if(plans.begin(), plans.end(), [&plan](const auto& other) {
            return other.name == plan.name;
        });
        const bool is_first = &*before == &plan;
        if (is_first ? !random.one_in(2) : random.one_in(4)) continue;
        if (!is_first && before->triggers.empty()) continue;
        plan.triggers.push_back({kShop, plan.name + ".wanted"});
    }
}

std::vector<StartPlan> draw_triggered_starts(Random& random, std::uint64_t number,
                                             const std::vector<DefinitionPlan>& plans) {
    std::vector<StartPlan> starts;
    for (std::size_t index = 0; index < plans.size(); ++index) {
        const DefinitionPlan& plan = plans[index];
        const bool is_first = plan_of(plans, plan.name, 1) == &plan;
        if (!is_first || plan.triggers.empty()) continue;
        for (std::uint64_t count = random.below(3); count > 0; --count, ++number) {
            StartPlan start = make_start(random, number, index, plans);
            start.is_id_of_client = false;
            start.id.clear();
            start.event = TriggerEvent{plan.triggers[0].topic, plan.triggers[0].type, kCustomer,
                                       "wanted-" + std::to_string(number),
                                       random.one_in(3) ? "" : kSubjects[random.below(2)]};
            start.request_key = api::trigger_key(plan.name, kCustomer, start.event->id);
            starts.push_back(std::move(start));
        }
    }
    return starts;
}

Json trigger_documents(const DefinitionPlan& plan) {
    Json triggers = Json::array();
    for (const TriggerPlan& trigger : plan.triggers) {
        triggers.push_back(
            {{"topic", trigger.topic}, {"type", trigger.type}, {"input", "$event.data.input"}});
    }
    return triggers;
}

Json trigger_event(const StartPlan& start) {
    Json event = {{"source", start.event->source},
                  {"id", start.event->id},
                  {"type", start.event->type},
                  {"data", {{"n", start.number}, {"input", input_of(start)}}}};
    if (!start.event->subject.empty()) event["subject"] = start.event->subject;
    return event;
}

Json bad_trigger_event(const TriggerPlan& trigger, const std::string& id) {
    return {{"source", kCustomer}, {"id", id}, {"type", trigger.type}, {"data", {{"n", id}}}};
}

// ---- Subscriptions -----------------------------------------------------------------------------

WantedSubscription draw_subscription(Random& random, const std::string& name,
                                     const std::vector<std::string>& topics) {
    WantedSubscription wanted;
    SubscriptionPlan& plan = wanted.plan;
    plan.topic = topics[random.below(topics.size())];
    if (random.one_in(2)) plan.filter = draw_filter(random);
    plan.how = random.one_in(2) ? How::Pull : How::Push;
    plan.attempts_max = static_cast<std::uint32_t>(1 + random.below(5));
    Json json = {{"topic", plan.topic},
                 {"maximum_attempts", *plan.attempts_max},
                 {"retry",
                  {{"initial_interval", ms(random.between(1, 400))},
                   {"maximum_interval", ms(random.between(400, 5'000))}}}};
    if (Json filter = filter_document(plan.filter); !filter.empty()) json["filter"] = filter;
    if (plan.how == How::Pull) {
        json["pull"] = {{"visibility", ms(random.between(1'000, 12'000))}};
    } else {
        json["push"] = push_document(random, name, plan);
    }
    wanted.document = json.dump();
    return wanted;
}

WantedSubscription with_right_secret(WantedSubscription wanted) {
    if (wanted.plan.how != How::Push) return wanted;
    wanted.plan.cannot_be_sent = false;
    Json json = Json::parse(wanted.document);
    json["push"]["secret"] = "$secrets.RIGHT";
    wanted.document = json.dump();
    return wanted;
}

// ---- Bridges -----------------------------------------------------------------------------------

std::string broker_subject(const std::string& topic) { return "out." + topic; }

std::string bridge_document(const WantedBridge& bridge) {
    Json out = Json::array();
    for (const std::string& topic : bridge.topics) {
        out.push_back({{"topic", topic}, {"subject", broker_subject(topic)}});
    }
    return Json{{"nats", {{"url", "nats://broker:4222"}}}, {"out", std::move(out)}}.dump();
}

}  // namespace skald::simulation
