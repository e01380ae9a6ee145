#include "sagas/graph_drawing.h"

#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "sagas/event_match.h"
#include "sagas/utf8.h"

namespace skald::sagas {
namespace {

constexpr std::size_t kLineBytesMax = 100;
constexpr std::size_t kArrowBytesMax = 80;

std::string shortened(std::string_view text, std::size_t bytes_max) {
    const std::string quoted = in_quotes(text, bytes_max);
    return quoted.substr(1, quoted.size() - 2);
}

class CallLine {
 public:
    std::string operator()(const HttpCall& call) const { return call.method + " " + url_of(call); }
    std::string operator()(const Wait& wait) const {
        const auto* const length = std::get_if<Milliseconds>(&wait.until);
        if (length != nullptr) return "wait " + to_duration_text(*length);
        if (const auto* const event = std::get_if<AwaitedEvent>(&wait.until)) {
            return "wait for " + types_text(*event) + " on " + event->topic;
        }
        return "wait until " + text_of(std::get<Template>(wait.until));
    }
    std::string operator()(const EventCall& call) const {
        return "event " + call.type + " on " + call.topic;
    }
    std::string operator()(const ChildSaga& child) const { return "saga " + child.definition; }

    static std::string text_of(const Template& text) { return text.document().get<std::string>(); }

    /// "order.paid or order.refused"
    static std::string types_text(const AwaitedEvent& event) {
        std::string text;
        for (const auto* const types : {&event.success, &event.failure}) {
            for (const std::string& type : *types) text.append(text.empty() ? "" : " or ") += type;
        }
        return text;
    }
};

template <typename Call>
std::string call_line(const Call& call) {
    return shortened(std::visit(CallLine(), call), kLineBytesMax);
}

Arrow::End end_of(const Flow& flow) {
    if (flow.place == FlowPlace::Lock) return Arrow::End::LockBox;
    if (!flow.target) return Arrow::End::OutputBox;
    return flow.place == FlowPlace::Compensation ? Arrow::End::UndoBox : Arrow::End::StepBox;
}

}  // namespace

std::string url_of(const HttpCall& call) {
    const bool is_https = call.scheme == HttpCall::Scheme::Https;
    std::string url = is_https ? "https://" : "http://";
    const bool is_ipv6 = call.host.find(':') != std::string::npos;
    url += is_ipv6 ? '[' + call.host + ']' : call.host;
    if (call.port != (is_https ? 443 : 80)) url += ':' + std::to_string(call.port);
    return url + call.target.document().get<std::string>();
}

std::vector<std::string> step_lines(const Step& step) {
    std::vector<std::string> lines{step.name, call_line(step.action)};
    const auto* const call = std::get_if<HttpCall>(&step.action);
    if (call != nullptr && call->reply == ReplyMode::Callback) {
        lines.push_back("called back within " + to_duration_text(step.callback_timeout));
    }
    const AwaitedEvent* const awaited = awaited_event(step, Phase::Action);
    if (awaited != nullptr) {
        const bool is_wait = std::holds_alternative<Wait>(step.action);
        const std::string reply =
            "reply " + CallLine::types_text(*awaited) + " on " + awaited->topic;
        lines.push_back((is_wait ? "" : shortened(reply, kLineBytesMax) + ", ") + "within " +
                        to_duration_text(step.callback_timeout));
    }
    if (step.for_each) {
        lines.push_back(
            shortened("for each of " + CallLine::text_of(step.for_each->items), kLineBytesMax) +
            ", " + std::to_string(step.for_each->max_parallel) + " at a time");
    }
    if (step.when) lines.push_back(shortened("when " + step.when->text(), kLineBytesMax));
    if (step.position == Position::Pivot) lines.emplace_back("pivot");
    if (step.necessity == Necessity::Optional) lines.emplace_back("optional");
    if (step.in_doubt == InDoubtPolicy::Park) lines.emplace_back("parks in doubt");
    return lines;
}

std::vector<std::string> undo_lines(const Step& step) {
    std::vector<std::string> lines{"undo " + step.name};
    const auto* const undo = std::get_if<Compensation>(&step.undo);
    lines.push_back(undo != nullptr ? call_line(undo->call) : "the child undoes itself");
    return lines;
}

std::vector<std::string> lock_lines(const Definition& definition) {
    return {"one at a time", shortened(CallLine::text_of(*definition.lock), kLineBytesMax)};
}

std::vector<std::string> trigger_lines(const Definition& definition) {
    std::vector<std::string> lines{"started by"};
    for (const Trigger& trigger : definition.triggers) {
        lines.push_back(shortened(trigger.type + " on " + trigger.topic, kLineBytesMax));
    }
    return lines;
}

std::vector<StepIndex> first_steps(const Definition& definition) {
    std::vector<StepIndex> first;
    for (std::size_t i = 0; i < definition.steps.size(); ++i) {
        if (definition.steps[i].after.empty()) {
            first.push_back(StepIndex{static_cast<std::uint32_t>(i)});
        }
    }
    return first;
}

std::vector<Arrow> arrows_of(const DefinitionGraph& graph) {
    using Ends = std::tuple<std::optional<StepIndex>, std::optional<StepIndex>, Arrow::End>;
    std::vector<Arrow> arrows;
    std::map<Ends, std::size_t> known;
    std::vector<std::set<std::string>> values;
    for (const Flow& flow : graph.flows) {
        if (flow.place == FlowPlace::Label) continue;
        const Arrow::End end = end_of(flow);
        if (end == Arrow::End::UndoBox &&
            graph.definition.step(*flow.target).position == Position::After) {
            continue;
        }
        const auto [at, is_new] = known.try_emplace({flow.source, flow.target, end}, arrows.size());
        if (is_new) {
            arrows.push_back({flow.source, flow.target, end, ""});
            values.emplace_back();
        }
        // Said once, though it may be used in several places.
        const std::string value = flow.value.empty() ? "$input" : flow.value;
        std::string& text = arrows[at->second].text;
        if (!values[at->second].insert(value).second) continue;
        text.append(text.empty() ? "" : ", ").append(value);
    }
    for (Arrow& arrow : arrows) arrow.text = shortened(arrow.text, kArrowBytesMax);
    return arrows;
}

}  // namespace skald::sagas
