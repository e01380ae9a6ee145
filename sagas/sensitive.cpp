#include "sagas/sensitive.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <variant>

#include "sagas/definition.h"
#include "sagas/lint.h"
#include "sagas/path.h"
#include "sagas/utf8.h"

namespace skald::sagas {
namespace {

constexpr const char* kAnything = "*";

/// The tokens of a JSON Pointer (RFC 6901); none: it is not one.
std::optional<SensitivePath> read_tokens(std::string_view pointer) {
    SensitivePath tokens;
    if (pointer.empty()) return tokens;
    if (pointer.front() != '/') return std::nullopt;
    for (std::size_t i = 0; i < pointer.size(); ++i) {
        if (pointer[i] == '/') {
            tokens.emplace_back();
        } else if (pointer[i] != '~') {
            tokens.back() += pointer[i];
        } else if (++i < pointer.size() && (pointer[i] == '0' || pointer[i] == '1')) {
            tokens.back() += pointer[i] == '0' ? '~' : '/';
        } else {
            return std::nullopt;
        }
    }
    return tokens;
}

SensitivePath rest_of(const SensitivePath& path, std::size_t from) {
    return {path.begin() + static_cast<std::ptrdiff_t>(from), path.end()};
}

std::string token_of(const Segment& segment) {
    const auto* const name = std::get_if<std::string>(&segment);
    return name != nullptr ? *name : std::to_string(std::get<std::size_t>(segment));
}

/// Whether one of the two leads to the other, or into it.
bool overlap(const SensitivePath& sensitive, const std::vector<Segment>& segments) {
    const std::size_t count = std::min(sensitive.size(), segments.size());
    for (std::size_t i = 0; i < count; ++i) {
        if (sensitive[i] != kAnything && sensitive[i] != token_of(segments[i])) return false;
    }
    return true;
}

const std::vector<SensitivePath>& paths_of(const Sensitive& found, const Root& root,
                                           std::optional<StepIndex> own) {
    static const std::vector<SensitivePath> kNone;
    if (root.kind == RootKind::Input) return found.input;
    if (root.kind == RootKind::StepOutput) return found.of(root.step).output;
    if (root.kind == RootKind::OwnOutput && own) return found.of(*own).output;
    return kNone;
}

/// The paths below which the value of `path` is sensitive; an empty one: all of it is.
std::vector<SensitivePath> find_below(const Sensitive& found, const Path& path,
                                      std::optional<StepIndex> own) {
    std::vector<SensitivePath> below;
    for (const SensitivePath& sensitive : paths_of(found, path.root, own)) {
        if (!overlap(sensitive, path.segments)) continue;
        below.push_back(rest_of(sensitive, std::min(path.segments.size(), sensitive.size())));
    }
    return below;
}

/// Follows what is sensitive from step to step.
class Tracer {
 public:
    Tracer(const Definition& definition, Sensitive& found)
        : definition_(definition), found_(found) {}

    void run() {
        for (const StepIndex index : definition_.order) trace(index);
        if (definition_.output) derive(*definition_.output, std::nullopt, found_.output);
    }

 private:
    void trace(StepIndex index) {
        const Step& step = definition_.step(index);
        Sensitive::OfStep& of_step = found_.steps[to_size(index)];
        const auto& action = std::get<HttpCall>(step.action);
        if (action.body) derive(*action.body, index, of_step.body);
        of_step.hides_replies = !of_step.output.empty() || is_told(action, index);
        if (step.output) derive(*step.output, index, of_step.output);
        if (const auto* const undo = std::get_if<Compensation>(&step.undo)) {
            of_step.hides_replies |= is_told(std::get<HttpCall>(undo->call), index);
        }
    }

    bool is_told(const HttpCall& call, StepIndex own) const {
        const auto holds = [&](const Template& text) {
            const auto uses = text.uses();
            return std::any_of(uses.begin(), uses.end(), [&](const Template::Use& use) {
                return !find_below(found_, use.path, own).empty();
            });
        };
        const auto any_holds = [&holds](const auto& texts) {
            return std::any_of(texts.begin(), texts.end(),
                               [&holds](const auto& text) { return holds(text.second); });
        };
        return holds(call.target) || any_holds(call.query) || any_holds(call.headers) ||
               (call.body && holds(*call.body));
    }

    /// Adds where what `made` makes is sensitive to `paths`.
    void derive(const Template& made, std::optional<StepIndex> own,
                std::vector<SensitivePath>& paths) const {
        for (const Template::Use& use : made.uses()) {
            const auto at = read_tokens(use.pointer);
            const Json& text = made.document().at(Json::json_pointer(use.pointer));
            const bool is_whole = text == use.path.text;
            for (const SensitivePath& rest : find_below(found_, use.path, own)) {
                paths.push_back(*at);
                if (is_whole) paths.back().insert(paths.back().end(), rest.begin(), rest.end());
            }
            if (paths.size() > kSensitivePathsMax) {
                paths = {SensitivePath{}};
                return;
            }
        }
    }

    const Definition& definition_;
    Sensitive& found_;
};

class ShownFinder {
 public:
    explicit ShownFinder(const Definition& definition)
        : definition_(definition), names_(step_names(definition)) {}

    std::vector<Problem> run() {
        for (const auto& [name, text] : definition_.labels) {
            for (const Template::Use& use : text.uses()) {
                look_at(use.path, std::nullopt, "/labels/" + escape_pointer_token(name),
                        "labels are shown, and searched");
            }
        }
        for (std::size_t i = 0; i < definition_.steps.size(); ++i) {
            const Step& step = definition_.steps[i];
            const StepIndex own{static_cast<std::uint32_t>(i)};
            const std::string pointer = "/steps/" + std::to_string(i);
            look_at(std::get<HttpCall>(step.action), own, pointer + "/action/http/url");
            if (const auto* const undo = std::get_if<Compensation>(&step.undo)) {
                look_at(std::get<HttpCall>(undo->call), own, pointer + "/compensation/http/url");
            }
        }
        return std::move(problems_);
    }

 private:
    void look_at(const HttpCall& call, StepIndex own, const std::string& pointer) {
        const auto parts = read_text(call.target.document().get_ref<const std::string&>());
        if (!parts) return;
        for (const TextPart& part : *parts) {
            if (const auto* const literal = std::get_if<std::string>(&part)) {
                if (literal->find('?') != std::string::npos) return;  // The query is never named.
                continue;
            }
            Path path = std::get<Path>(part);
            bind_step(path, names_);
            look_at(path, own, pointer, "the path of a url is seen in the errors of the call");
        }
    }

    void look_at(const Path& path, std::optional<StepIndex> own, const std::string& pointer,
                 const std::string& why) {
        if (find_below(definition_.sensitive, path, own).empty()) return;
        problems_.push_back({"sensitive-shown", pointer,
                             in_quotes(path.text) + " is sensitive, and " + why,
                             "send it in a header, the query or the body of a call"});
    }

    const Definition& definition_;
    const std::vector<std::string> names_;
    std::vector<Problem> problems_;
};

}  // namespace

Result<SensitivePointer> read_sensitive_pointer(std::string_view text) {
    auto tokens = read_tokens(text);
    if (!tokens) {
        return fail(ErrorCode::InvalidArgument,
                    in_quotes(text) + " is no JSON Pointer, such as \"/input/card\"");
    }
    const auto is = [&tokens](std::size_t at, std::string_view word) {
        return tokens->size() > at && (*tokens)[at] == word;
    };
    if (tokens->size() > kPathSegmentsMax) {
        return fail(ErrorCode::InvalidArgument,
                    "more than " + std::to_string(kPathSegmentsMax) + " members");
    }
    if (is(0, "input"))
        return SensitivePointer{SensitivePointer::Root::Input, {}, rest_of(*tokens, 1)};
    if (is(0, "output")) {
        return SensitivePointer{SensitivePointer::Root::Output, {}, rest_of(*tokens, 1)};
    }
    if (is(0, "steps") && is(2, "output")) {
        return SensitivePointer{SensitivePointer::Root::StepOutput, (*tokens)[1],
                                rest_of(*tokens, 3)};
    }
    return fail(ErrorCode::InvalidArgument,
                in_quotes(text) + " leads neither into the input nor into an output");
}

bool Sensitive::hides_replies(StepIndex step) const { return of(step).hides_replies; }

const Sensitive::OfStep& Sensitive::of(StepIndex step) const {
    static const OfStep kNothing;
    return to_size(step) < steps.size() ? steps[to_size(step)] : kNothing;
}

Sensitive trace_sensitive(const Definition& definition,
                          const std::vector<SensitivePointer>& pointers) {
    Sensitive found;
    if (pointers.empty()) return found;
    found.steps.resize(definition.steps.size());
    for (const SensitivePointer& pointer : pointers) {
        if (pointer.root == SensitivePointer::Root::Input) found.input.push_back(pointer.below);
        if (pointer.root == SensitivePointer::Root::Output) found.output.push_back(pointer.below);
        if (pointer.root != SensitivePointer::Root::StepOutput) continue;
        for (std::size_t i = 0; i < definition.steps.size(); ++i) {
            if (definition.steps[i].name != pointer.step) continue;
            found.steps[i].output.push_back(pointer.below);
        }
    }
    Tracer(definition, found).run();
    return found;
}

std::vector<Problem> find_shown(const Definition& definition) {
    if (definition.sensitive.steps.empty()) return {};
    return ShownFinder(definition).run();
}

}  // namespace skald::sagas
