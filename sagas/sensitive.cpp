#include "sagas/sensitive.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <variant>

#include "sagas/call_templates.h"
#include "sagas/definition.h"
#include "sagas/lint.h"
#include "sagas/path.h"
#include "sagas/utf8.h"

namespace skald::sagas {
namespace {

constexpr const char* kAnything = "*";
constexpr const char* kSendIt =
    "send it in a header, the query or the body of a call, or in the data of an event";

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
    if (!own || found.elements.empty()) return kNone;
    if (root.kind == RootKind::OwnOutput) return found.elements[to_size(*own)].output;
    if (root.kind == RootKind::Item) return found.elements[to_size(*own)].items;
    return kNone;
}

/// The paths below `segments` of a value that is sensitive at `paths`; an empty one: all of it is.
std::vector<SensitivePath> find_below(const std::vector<SensitivePath>& paths,
                                      const std::vector<Segment>& segments) {
    std::vector<SensitivePath> below;
    for (const SensitivePath& sensitive : paths) {
        if (!overlap(sensitive, segments)) continue;
        below.push_back(rest_of(sensitive, std::min(segments.size(), sensitive.size())));
    }
    return below;
}

std::vector<SensitivePath> find_below(const Sensitive& found, const Path& path,
                                      std::optional<StepIndex> own) {
    return find_below(paths_of(found, path.root, own), path.segments);
}

/// Adds where what `made` makes is sensitive to `paths`. `below` gives the paths below which the
/// value of a path is.
template <typename Below>
void derive(const Template& made, const Below& below, std::vector<SensitivePath>& paths) {
    for (const Template::Use& use : made.uses()) {
        const auto at = read_tokens(use.pointer);
        const Json& text = made.document().at(Json::json_pointer(use.pointer));
        const bool is_whole = text == use.path.text;
        for (const SensitivePath& rest : below(use.path)) {
            paths.push_back(*at);
            if (is_whole) paths.back().insert(paths.back().end(), rest.begin(), rest.end());
        }
        if (paths.size() > kSensitivePathsMax) {
            paths = {SensitivePath{}};
            return;
        }
    }
}

void derive(const Template& made, const Sensitive& found, std::optional<StepIndex> own,
            std::vector<SensitivePath>& paths) {
    derive(
        made, [&](const Path& path) { return find_below(found, path, own); }, paths);
}

/// Of one element of a list that is sensitive at `paths`; what is said of one is taken for all.
std::vector<SensitivePath> of_element(const std::vector<SensitivePath>& paths) {
    std::vector<SensitivePath> below;
    for (const SensitivePath& path : paths) {
        below.push_back(rest_of(path, std::min<std::size_t>(1, path.size())));
    }
    return below;
}

/// Follows what is sensitive from step to step.
class Tracer {
 public:
    Tracer(const Definition& definition, Sensitive& found)
        : definition_(definition), found_(found) {}

    void run() {
        found_.elements.resize(found_.steps.size());
        for (const StepIndex index : definition_.order) trace(index);
        if (definition_.output) derive(*definition_.output, found_, std::nullopt, found_.output);
    }

 private:
    void trace(StepIndex index) {
        const Step& step = definition_.step(index);
        Sensitive::OfStep& of_step = found_.steps[to_size(index)];
        Sensitive::OfStep& element = found_.elements[to_size(index)];
        element.output = of_step.output;
        if (step.for_each) {
            derive(step.for_each->items, found_, index, of_step.items);
            element.items = of_element(of_step.items);
            element.output = of_element(of_step.output);
        }
        for (const CallTemplate& part : templates_of(step.action)) {
            const bool is_sent = part.part == CallPart::Body || part.part == CallPart::Input ||
                                 part.part == CallPart::Data;
            if (is_sent) {
                derive(part.text, found_, index, element.body);
            }
        }
        element.hides_replies =
            !element.output.empty() || is_told(templates_of(step.action), index);
        if (step.output) derive(*step.output, found_, index, element.output);
        if (const auto* const undo = std::get_if<Compensation>(&step.undo)) {
            element.hides_replies |= is_told(templates_of(*undo), index);
        }
        finish(step, element, of_step);
    }

    /// What holds of the step, from what holds of each of its elements.
    static void finish(const Step& step, const Sensitive::OfStep& element,
                       Sensitive::OfStep& of_step) {
        of_step.body = element.body;
        of_step.hides_replies = element.hides_replies;
        if (!step.for_each) {
            of_step.output = element.output;
            return;
        }
        for (SensitivePath path : element.output) {
            path.insert(path.begin(), kAnything);
            const auto end = of_step.output.end();
            if (std::find(of_step.output.begin(), end, path) == end) {
                of_step.output.push_back(std::move(path));
            }
        }
    }

    bool is_told(const std::vector<CallTemplate>& parts, StepIndex own) const {
        return std::any_of(parts.begin(), parts.end(), [&](const CallTemplate& part) {
            const auto uses = part.text.uses();
            return std::any_of(uses.begin(), uses.end(), [&](const Template::Use& use) {
                return !find_below(found_, use.path, own).empty();
            });
        });
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
            look_at(text, std::nullopt, "/labels/" + escape_pointer_token(name),
                    "labels are shown, and searched", kSendIt);
        }
        if (definition_.lock) {
            look_at(*definition_.lock, std::nullopt, "/lock", "a saga is shown with its lock",
                    "name what is locked by an id that may be seen");
        }
        for (std::size_t i = 0; i < definition_.steps.size(); ++i) {
            const Step& step = definition_.steps[i];
            const StepIndex own{static_cast<std::uint32_t>(i)};
            const std::string pointer = "/steps/" + std::to_string(i);
            look_at(templates_of(step.action), own, pointer + "/action");
            if (const auto* const undo = std::get_if<Compensation>(&step.undo)) {
                look_at(templates_of(*undo), own, pointer + "/compensation");
            }
        }
        return std::move(problems_);
    }

 private:
    void look_at(const std::vector<CallTemplate>& parts, StepIndex own,
                 const std::string& pointer) {
        for (const CallTemplate& part : parts) {
            const std::string at = pointer + part.pointer;
            if (part.part == CallPart::Url) {
                look_at_url(part.text, own, at);
            } else if (part.part == CallPart::Until) {
                look_at(part.text, own, at, "the time until which a step waits is shown",
                        "wait for another time");
            } else if (part.part == CallPart::Subject) {
                look_at(part.text, own, at, "events are listed and chosen by their subject",
                        kSendIt);
            }
        }
    }

    void look_at_url(const Template& target, StepIndex own, const std::string& pointer) {
        const auto parts = read_text(target.document().get_ref<const std::string&>());
        if (!parts) return;
        for (const TextPart& part : *parts) {
            if (const auto* const literal = std::get_if<std::string>(&part)) {
                if (literal->find('?') != std::string::npos) return;  // The query is never named.
                continue;
            }
            Path path = std::get<Path>(part);
            bind_step(path, names_);
            look_at(path, own, pointer, "the path of a url is seen in the errors of the call",
                    kSendIt);
        }
    }

    void look_at(const Template& text, std::optional<StepIndex> own, const std::string& pointer,
                 const char* why, const char* hint) {
        for (const Template::Use& use : text.uses()) look_at(use.path, own, pointer, why, hint);
    }

    void look_at(const Path& path, std::optional<StepIndex> own, const std::string& pointer,
                 const char* why, const char* hint) {
        if (find_below(definition_.sensitive, path, own).empty()) return;
        problems_.push_back(
            {"sensitive-shown", pointer, in_quotes(path.text) + " is sensitive, and " + why, hint});
    }

    const Definition& definition_;
    const std::vector<std::string> names_;
    std::vector<Problem> problems_;
};

/// Whether all that `path` leads to is what `by` leads to, or inside it.
bool is_covered(const SensitivePath& path, const SensitivePath& by) {
    return by.size() <= path.size() &&
           std::equal(by.begin(), by.end(), path.begin(),
                      [](const std::string& in_by, const std::string& in_path) {
                          return in_by == kAnything || in_by == in_path;
                      });
}

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
    const std::vector<OfStep>& all = item_of(step) ? elements : steps;
    return to_size(step) < all.size() ? all[to_size(step)] : kNothing;
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

std::vector<SensitivePath> find_sensitive(const Definition& definition, StepIndex own,
                                          const Template& made) {
    std::vector<SensitivePath> paths;
    derive(made, definition.sensitive, own, paths);
    return paths;
}

std::vector<SensitivePath> find_sensitive_output(const Step& step,
                                                 const std::vector<SensitivePath>& body) {
    if (!step.output) return body;
    std::vector<SensitivePath> paths;
    derive(
        *step.output,
        [&body](const Path& path) {
            return path.root.kind == RootKind::ResponseBody ? find_below(body, path.segments)
                                                            : std::vector<SensitivePath>();
        },
        paths);
    return paths;
}

bool are_covered(const std::vector<SensitivePath>& paths, const std::vector<SensitivePath>& by) {
    return std::all_of(paths.begin(), paths.end(), [&by](const SensitivePath& path) {
        return std::any_of(by.begin(), by.end(),
                           [&path](const SensitivePath& one) { return is_covered(path, one); });
    });
}

}  // namespace skald::sagas
