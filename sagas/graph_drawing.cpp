#include "sagas/graph_drawing.h"

#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "sagas/utf8.h"

namespace skald::sagas {
namespace {

constexpr std::size_t kLineBytesMax = 100;
constexpr std::size_t kArrowBytesMax = 80;

std::string shortened(std::string_view text, std::size_t bytes_max) {
    const std::string quoted = in_quotes(text, bytes_max);
    return quoted.substr(1, quoted.size() - 2);
}

std::string call_line(const HttpCall& call) {
    return shortened(call.method + " " + url_of(call), kLineBytesMax);
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
    std::vector<std::string> lines{step.name, call_line(std::get<HttpCall>(step.action))};
    if (step.when) lines.push_back(shortened("when " + step.when->text(), kLineBytesMax));
    if (step.position == Position::Pivot) lines.emplace_back("pivot");
    if (step.necessity == Necessity::Optional) lines.emplace_back("optional");
    if (step.in_doubt == InDoubtPolicy::Park) lines.emplace_back("parks in doubt");
    return lines;
}

std::vector<std::string> undo_lines(const Step& step) {
    const auto& undo = std::get<Compensation>(step.undo);
    return {"undo " + step.name, call_line(std::get<HttpCall>(undo.call))};
}

std::vector<Arrow> arrows_of(const DefinitionGraph& graph) {
    using Ends = std::tuple<std::optional<StepIndex>, std::optional<StepIndex>, bool>;
    std::vector<Arrow> arrows;
    std::map<Ends, std::size_t> known;
    std::vector<std::set<std::string>> values;
    for (const Flow& flow : graph.flows) {
        if (flow.place == FlowPlace::Label) continue;
        const bool is_for_undo = flow.place == FlowPlace::Compensation;
        if (is_for_undo && graph.definition.step(*flow.target).position == Position::After) {
            continue;
        }
        const auto [at, is_new] =
            known.try_emplace({flow.source, flow.target, is_for_undo}, arrows.size());
        if (is_new) {
            arrows.push_back({flow.source, flow.target, is_for_undo, ""});
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
