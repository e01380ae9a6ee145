#include "engine/rehearsal/sample.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <string_view>
#include <utility>
#include <variant>

#include "engine/rehearsal/schema_sample.h"
#include "engine/rehearsal/timeline.h"
#include "sagas/event_match.h"

namespace skald::rehearsal {
namespace {

using sagas::Path;
using sagas::RootKind;
using sagas::Segment;
using Segments = std::vector<Segment>;

constexpr const char* kLeaf = kSampleText;
constexpr std::size_t kElementsMax = 100;
/// To the end of a `wait` whose time nobody gave.
constexpr Milliseconds kSampleWait = std::chrono::hours{1};

// ---- What is read ------------------------------------------------------------------------------

/// A path that is read, and what is found there where nothing else says it.
struct Need {
    Path path;
    Json leaf = kLeaf;
};

class Needs {
 public:
    void add(const sagas::Template& text, const Json& leaf = kLeaf) {
        for (auto& use : text.uses()) add(std::move(use.path), leaf);
    }
    void add(const sagas::HttpCall& call) {
        add(call.target);
        for (const auto& [name, value] : call.query) add(value);
        for (const auto& [name, value] : call.headers) add(value);
        if (call.body) add(*call.body);
    }
    void add(const sagas::Wait& wait) {
        const auto* until = std::get_if<sagas::Template>(&wait.until);
        if (until != nullptr) add(*until, sagas::to_rfc3339(kBeginning + kSampleWait));
        const auto* event = std::get_if<sagas::AwaitedEvent>(&wait.until);
        if (event != nullptr) add(*event);
    }
    void add(const sagas::ChildSaga& child) { add(child.input); }
    void add(const sagas::AwaitedEvent& awaited) {
        if (awaited.match) add(awaited.match->saga);
    }
    void add(const sagas::EventCall& call) {
        if (call.subject) add(*call.subject);
        if (call.data) add(*call.data);
        if (call.reply) add(*call.reply);
    }
    template <typename... Kinds>
    void add(const std::variant<Kinds...>& call) {
        std::visit([this](const auto& kind) { this->add(kind); }, call);
    }
    void add(Path path, const Json& leaf) {
        if (path.missing == sagas::Missing::IsError) all_.push_back({std::move(path), leaf});
    }
    const std::vector<Need>& all() const { return all_; }

 private:
    std::vector<Need> all_;
};

/// What a step reads; not what its rules read.
std::vector<Need> needs_of(const sagas::Step& step) {
    Needs needs;
    needs.add(step.action);
    if (step.when) {
        for (Path& path : step.when->uses()) needs.add(std::move(path), kLeaf);
    }
    if (step.output) needs.add(*step.output);
    if (const auto* undo = std::get_if<sagas::Compensation>(&step.undo)) needs.add(undo->call);
    return needs.all();
}

/// What is read outside of steps.
std::vector<Need> needs_of(const sagas::Definition& definition) {
    Needs needs;
    for (const auto& [name, label] : definition.labels) needs.add(label);
    if (definition.lock) needs.add(*definition.lock);
    if (definition.output) needs.add(*definition.output);
    return needs.all();
}

/// Makes sure that there is something at `segments` from `from` on.
void grow(Json& node, const Segments& segments, const Json& leaf, std::size_t from = 0) {
    const bool is_open = node.is_null() || node == kLeaf;
    if (from == segments.size()) {
        if (is_open) node = leaf;
        return;
    }
    if (const auto* name = std::get_if<std::string>(&segments[from])) {
        if (is_open) node = Json::object();
        if (node.is_object()) grow(node[*name], segments, leaf, from + 1);
        return;
    }
    const std::size_t index = std::get<std::size_t>(segments[from]);
    if (is_open) node = Json::array();
    if (!node.is_array() || index >= kElementsMax) return;
    while (node.size() <= index) node.push_back(node.empty() ? Json(kLeaf) : Json(node.front()));
    grow(node[index], segments, leaf, from + 1);
}

/// The path that a document has at `segments`, with what is left of them; none: something else
/// stands there.
std::optional<Path> path_at(const sagas::Template& text, const Segments& segments) {
    const Json* node = &text.document();
    std::string pointer;
    std::size_t at = 0;
    while (at < segments.size() && node->is_structured()) {
        const auto* name = std::get_if<std::string>(&segments[at]);
        const auto* index = std::get_if<std::size_t>(&segments[at]);
        if (name != nullptr && node->is_object() && node->contains(*name)) {
            node = &node->at(*name);
            pointer += '/' + sagas::escape_pointer_token(*name);
        } else if (index != nullptr && node->is_array() && *index < node->size()) {
            node = &node->at(*index);
            pointer += '/' + std::to_string(*index);
        } else {
            return std::nullopt;
        }
        ++at;
    }
    if (!node->is_string()) return std::nullopt;
    for (auto& use : text.uses()) {
        const bool is_whole =
            use.pointer == pointer && use.path.text == node->get_ref<const std::string&>();
        if (!is_whole) continue;
        auto& found = use.path.segments;
        found.insert(found.end(), segments.begin() + static_cast<std::ptrdiff_t>(at),
                     segments.end());
        return std::move(use.path);
    }
    return std::nullopt;
}

// ---- Where it comes from -----------------------------------------------------------------------

/// Follows what is read back to the input and the replies that it comes from, and lets them have
/// it.
class SampleGrower {
 public:
    SampleGrower(const Family& family, std::size_t elements_max, Samples& samples)
        : family_(family),
          calls_(child_calls(family)),
          elements_max_(elements_max),
          samples_(samples) {}

    void grow_all() {
        for (std::size_t number = 0; number < family_.size(); ++number) {
            for (const Need& need : needs_of(family_.at(number))) {
                follow({number, {}}, need.path, need.leaf);
            }
        }
        for (const FamilyStep each : family_.steps()) {
            grow_elements(each);
            for (const Need& need : needs_of(family_.step(each))) {
                follow(each, need.path, need.leaf);
            }
        }
    }

 private:
    std::size_t elements_of(const sagas::ForEach& for_each) const {
        return std::min(elements_max_, for_each.max_parallel == 2 ? kSampleElementsMax : 2);
    }

    void grow_elements(FamilyStep where) {
        const auto& for_each = family_.step(where).for_each;
        if (for_each) follow_elements(where, *for_each, {}, kLeaf);
    }

    /// What is read at `where`, below the path's root, comes from somewhere. It ends: each value
    /// was there before what is made of it.
    void follow(FamilyStep where, const Path& path, const Json& leaf) {
        switch (path.root.kind) {
            case RootKind::Input:
                return follow_input(where.definition, path.segments, leaf);
            case RootKind::StepOutput:
                return follow_output(where.definition, path, leaf);
            case RootKind::OwnOutput:
                return follow_own_output(where, path.segments, leaf);
            case RootKind::ResponseBody:
                return follow_reply(where, path.segments, leaf);
            case RootKind::ResponseHeader:
                reply_of(where).headers.push_back({path.root.name, kLeaf});
                return;
            case RootKind::Item:
                if (const auto& for_each = family_.step(where).for_each) {
                    follow_elements(where, *for_each, path.segments, leaf);
                }
                return;
            default:
                return;
        }
    }

    void follow_input(std::size_t definition, const Segments& segments, const Json& leaf) {
        if (definition == 0) return grow(samples_.input, segments, leaf);
        for (const ChildCall& call : calls_) {
            if (family_.number_of(call.child->definition) != definition) continue;
            if (const auto path = path_at(call.child->input, segments)) {
                follow(call.caller, *path, leaf);
            }
        }
    }

    void follow_output(std::size_t definition, const Path& path, const Json& leaf) {
        const FamilyStep step{definition, path.root.step};
        Segments segments = path.segments;
        if (family_.step(step).for_each) {
            if (segments.empty() || !std::holds_alternative<std::size_t>(segments[0])) return;
            segments.erase(segments.begin());
        }
        follow_own_output(step, segments, leaf);
    }

    void follow_own_output(FamilyStep step, const Segments& segments, const Json& leaf) {
        if (segments.empty()) return;
        const auto& output = family_.step(step).output;
        if (!output) return follow_reply(step, segments, leaf);
        if (const auto path = path_at(*output, segments)) follow(step, *path, leaf);
    }

    void follow_reply(FamilyStep step, const Segments& segments, const Json& leaf) {
        const sagas::Action& action = family_.step(step).action;
        const bool is_answered = std::holds_alternative<sagas::HttpCall>(action) ||
                                 sagas::awaited_event(family_.step(step), Phase::Action) != nullptr;
        if (is_answered) {
            return grow(reply_of(step).body, segments, leaf);
        }
        const auto* child = std::get_if<sagas::ChildSaga>(&action);
        if (child == nullptr) return;
        const std::size_t number = family_.number_of(child->definition);
        const auto& output = family_.at(number).output;
        const auto path = output ? path_at(*output, segments) : std::nullopt;
        if (path) follow({number, {}}, *path, leaf);
    }

    void follow_elements(FamilyStep where, const sagas::ForEach& for_each, const Segments& segments,
                         const Json& leaf) {
        const auto items = path_at(for_each.items, {});
        if (!items) return;
        for (std::size_t i = 0; i < elements_of(for_each); ++i) {
            Path element = *items;
            element.segments.emplace_back(i);
            element.segments.insert(element.segments.end(), segments.begin(), segments.end());
            follow(where, element, leaf);
        }
    }

    SampleReply& reply_of(FamilyStep step) {
        return samples_.replies[step.definition][to_size(step.step)];
    }

    const Family& family_;
    const std::vector<ChildCall> calls_;
    const std::size_t elements_max_;
    Samples& samples_;
};

}  // namespace

Samples make_samples(const Family& family, std::size_t elements_max) {
    const Json& filled = family.filled(0);
    Samples samples;
    if (filled.contains("input_schema") && filled.at("input_schema").is_object()) {
        const Json& schema = filled.at("input_schema");
        samples.input = sample_of_schema(schema);
    }
    if (samples.input == kLeaf) samples.input = Json();
    for (std::size_t number = 0; number < family.size(); ++number) {
        samples.replies.emplace_back(family.at(number).steps.size());
    }
    SampleGrower(family, elements_max, samples).grow_all();
    if (samples.input.is_null()) samples.input = Json::object();
    for (auto& replies : samples.replies) {
        for (SampleReply& reply : replies) {
            if (reply.body.is_null()) reply.body = Json::object();
        }
    }
    return samples;
}

}  // namespace skald::rehearsal
