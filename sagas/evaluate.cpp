#include <charconv>

#include "sagas/path.h"
#include "sagas/utf8.h"

namespace skald::sagas {
namespace {

std::string what_is_missing(const Root& root) {
    switch (root.kind) {
        case RootKind::Secret:
            return "the secret " + root.name + " is not set (environment variable SKALD_SECRET_" +
                   root.name + ", or a file " + root.name + " in --secrets-dir)";
        case RootKind::ResponseHeader:
            return "the reply has no header \"" + root.name + "\"";
        case RootKind::ResponseBody:
            return "the reply's body can't be read as a value";
        case RootKind::StepOutput:
            return "the step has no output";
        case RootKind::OwnOutput:
            return "the step has no output (it may be in doubt)";
        default:
            return "there is no such value here";
    }
}

/// The first `count` segments with the root: "$steps.reserve.output.items[3]".
std::string prefix(const Path& path, std::size_t count) {
    std::string text = root_text(path.root);
    for (std::size_t i = 0; i < count; ++i) {
        if (const auto* name = std::get_if<std::string>(&path.segments[i])) {
            text += '.' + *name;
        } else {
            text += '[' + std::to_string(std::get<std::size_t>(path.segments[i])) + ']';
        }
    }
    return text;
}

/// A name that selects an element, as JSON Pointers do: digits without a leading zero.
std::optional<std::size_t> as_position(const std::string& name) {
    std::size_t position = 0;
    const char* const end = name.data() + name.size();
    const auto [stop, error] = std::from_chars(name.data(), end, position);
    if (error != std::errc() || stop != end || (name.size() > 1 && name[0] == '0')) {
        return std::nullopt;
    }
    return position;
}

const Json* find_segment(const Json& from, const Segment& segment) {
    const auto* name = std::get_if<std::string>(&segment);
    if (name != nullptr && from.is_object()) {
        const auto found = from.find(*name);
        return found == from.end() ? nullptr : &*found;
    }
    if (!from.is_array()) return nullptr;
    const std::optional<std::size_t> position =
        name != nullptr ? as_position(*name) : std::get<std::size_t>(segment);
    return position && *position < from.size() ? &from[*position] : nullptr;
}

std::string what_is_missing(const Path& path, std::size_t segment, const Json& from) {
    const std::string where = prefix(path, segment);
    if (const auto* name = std::get_if<std::string>(&path.segments[segment])) {
        if (from.is_object()) return "no member " + in_quotes(*name) + " in " + where;
        return where + " is " + (from.is_null() ? "null" : "no object");
    }
    if (!from.is_array()) return where + " is " + (from.is_null() ? "null" : "no array");
    return "no element " + std::to_string(std::get<std::size_t>(path.segments[segment])) + " in " +
           where + ", which has " + std::to_string(from.size());
}

}  // namespace

Result<void> locate(const Path& path, const Scope& scope, Located& located) {
    Scope::Found found = scope.find(path.root);
    if (auto* made = std::get_if<Json>(&found)) {
        located.made_ = std::move(*made);
    } else if (auto* borrowed = std::get_if<const Json*>(&found)) {
        located.value_ = *borrowed;
    } else if (path.missing == Missing::IsError) {
        return fail(ErrorCode::InvalidArgument, path.text + ": " + what_is_missing(path.root));
    } else {
        return {};  // Null, as it was made.
    }
    for (std::size_t i = 0; i < path.segments.size(); ++i) {
        const Json* const next = find_segment(*located.value_, path.segments[i]);
        if (next != nullptr) {
            located.value_ = next;
            continue;
        }
        if (path.missing == Missing::IsError) {
            return fail(ErrorCode::InvalidArgument,
                        path.text + ": " + what_is_missing(path, i, *located.value_));
        }
        located.made_ = nullptr;
        located.value_ = &located.made_;
        return {};
    }
    return {};
}

Result<Json> evaluate(const Path& path, const Scope& scope) {
    Located located;
    if (Result<void> done = locate(path, scope, located); !done) {
        return tl::unexpected<Error>(std::move(done.error()));
    }
    return located.take();
}

}  // namespace skald::sagas
