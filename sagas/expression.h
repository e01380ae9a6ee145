#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "sagas/json.h"
#include "sagas/result.h"

/// The expressions of the definition language (docs/definitions.md), in the manner of Arazzo 1.1's
/// runtime expressions: free of side effects, always terminating, parsed once at registration.
///
///   path      = "$" root *( "." name | "[" digits "]" ) [ "#" json-pointer ] [ "?" ]
///   name      = letters, digits, "_", "-", and anything beyond ASCII
///   template  = any JSON; a string that is one path keeps the value's type, "{$path}" inside a
///               longer string inserts text, "$$" is a dollar sign, a lone "$" is an error; names
///               of members are taken as they stand
///   condition = path | literal | "!" c | c op c | "(" c ")"
///               with op in == != < <= > >= && ||; "||" binds less than "&&", that less than the
///               comparisons (which don't chain), these less than "!"; a literal is any JSON
///
/// A JSON Pointer ends with its string, at the "}" of an insertion, or, in a condition, at a blank,
/// a parenthesis or one of = ! < > & |. A name or a pointer's token of digits selects an element of
/// an array. A path has at most 1,000 characters and 64 members.
namespace skald::sagas {

/// Position of a step in its definition, from 0; or of one element of a `for_each` step
/// (element_of). A type of its own, so that it can't be taken for a count.
enum class StepIndex : std::uint32_t {};

/// Of the step, for an element too. A definition has at most 200 steps: eight bits.
inline constexpr std::size_t to_size(StepIndex index) {
    return static_cast<std::size_t>(index) & 0xFFu;
}
/// The step itself, where `index` is an element of it.
inline constexpr StepIndex step_of(StepIndex index) {
    return StepIndex{static_cast<std::uint32_t>(to_size(index))};
}
/// The element `item`, counted from 0, of the `for_each` step `step`.
inline constexpr StepIndex element_of(StepIndex step, std::size_t item) {
    return StepIndex{static_cast<std::uint32_t>(to_size(step)) |
                     static_cast<std::uint32_t>(item + 1) << 8};
}
/// Which element it is; none: it is a step.
inline constexpr std::optional<std::size_t> item_of(StepIndex index) {
    const std::size_t high = static_cast<std::size_t>(index) >> 8;
    return high == 0 ? std::nullopt : std::optional(high - 1);
}

/// What a path starts from.
enum class RootKind : std::uint8_t {
    Input,           ///< $input
    StepOutput,      ///< $steps.NAME.output
    StepStatus,      ///< $steps.NAME.status
    OwnOutput,       ///< $output
    Key,             ///< $key
    ActionKey,       ///< $action_key
    SagaId,          ///< $saga.id
    SagaStartedAt,   ///< $saga.started_at
    FailureStep,     ///< $failure.step
    FailureReason,   ///< $failure.reason
    Item,            ///< $item
    Index,           ///< $index
    ResponseStatus,  ///< $response.status
    ResponseHeader,  ///< $response.headers.NAME (name in lower case)
    ResponseBody,    ///< $response.body
    Event,           ///< $event
    Secret,          ///< $secrets.NAME
};

struct Root {
    RootKind kind;
    std::string name;  ///< Of the step, header or secret; else empty.
    StepIndex step{};  ///< Of StepOutput and StepStatus, once bound (bind_steps).
};

/// A member's name or an element's position.
using Segment = std::variant<std::string, std::size_t>;

enum class Missing : std::uint8_t { IsError, IsNull };

struct Path {
    Root root;
    std::vector<Segment> segments;
    Missing missing = Missing::IsError;  ///< IsNull: it ended in "?".
    std::string text;                    ///< As written.
};

/// What the world looks like to an expression: the value of each root.
///
/// Threads: used by one at a time.
class Scope {
 public:
    /// `const Json*`: borrowed, valid while the scope is. `Json`: made for this call.
    /// monostate: there is no such value here; `?` makes it null, else it is an error.
    using Found = std::variant<std::monostate, const Json*, Json>;

    virtual ~Scope() = default;
    virtual Found find(const Root& root) const = 0;
};

/// The value of `path`.
/// Errors: InvalidArgument
/// ("$steps.reserve.output.id: no member \"id\" in $steps.reserve.output").
Result<Json> evaluate(const Path& path, const Scope& scope);

/// A JSON document in which strings may be or hold paths.
///
/// Immutable; copies share the parsed form. Threads: free.
class Template {
 public:
    /// Precondition: `document` is nested at most kJsonDepthMax levels.
    /// Errors: InvalidArgument; the message starts with the JSON Pointer inside `document`.
    static Result<Template> parse(const Json& document);

    /// A string that can't be read.
    struct Fault {
        std::string pointer;  ///< JSON Pointer inside the document.
        std::string message;
    };
    /// The same with every fault, for the checks at registration. None: `faults` got one or more.
    static std::optional<Template> parse(const Json& document, std::vector<Fault>& faults);

    /// The document with every path replaced by its value. At most kJsonDepthMax levels deep, and
    /// kBodyBytesMax bytes of inserted values: steps that feed each other must not grow without
    /// bound.
    /// Errors: InvalidArgument; the message names the path. Never contains a secret's value.
    Result<Json> render(const Scope& scope) const;

    /// The text of what `render` gives, without making that. Errors: as `render`. Throws
    /// Json::type_error where a string is not UTF-8 (a secret).
    Result<std::string> render_json(const Scope& scope) const;

    /// For a template that is a string: its text, with each inserted value passed through `encode`
    /// (percent-encoding in a URL; null: as it is). A string is inserted as it is, a number,
    /// boolean or null as its JSON text, an array or object as compact JSON. Whole-value paths are
    /// inserted the same way. Precondition: the document is a string. Errors: InvalidArgument (also
    /// over kBodyBytesMax).
    Result<std::string> render_text(const Scope& scope,
                                    std::string (*encode)(std::string_view)) const;

    /// The same, but none where the template is a single path, with or without braces, and its
    /// value is null: a header, query parameter or label that is left out.
    Result<std::optional<std::string>> render_optional_text(
        const Scope& scope, std::string (*encode)(std::string_view)) const;

    /// Every path in it, with the JSON Pointer of the string it stands in; for the checks at
    /// registration.
    struct Use {
        Path path;
        std::string pointer;
    };
    std::vector<Use> uses() const;

    /// The same template with each step's name resolved to its index. Names that are unknown stay
    /// as they are (the checks report them).
    Template bind_steps(std::span<const std::string> names) const;

    /// As it was parsed.
    const Json& document() const;

 private:
    struct Node;
    explicit Template(std::shared_ptr<const Node> root);
    std::shared_ptr<const Node> root_;  // Shared: immutable, and definitions are copied cheaply.
};

/// A boolean expression. Comparing values of different types is false (`!=`: true), not an error;
/// integers and floating-point numbers are one type. `<` orders numbers and strings only. A path
/// alone, `!`, `&&` and `||` take null and false as false and everything else as true. What stands
/// right of `&&` or `||` is looked at only where it matters.
///
/// Immutable; copies share the parsed form. Threads: free.
class Condition {
 public:
    /// At most 1,000 characters and 64 levels. Errors: InvalidArgument, with the column.
    static Result<Condition> parse(std::string_view text);

    /// Errors: InvalidArgument (a path that is missing without `?`).
    Result<bool> holds(const Scope& scope) const;

    std::vector<Path> uses() const;
    Condition bind_steps(std::span<const std::string> names) const;
    const std::string& text() const;

 private:
    struct Node;
    Condition(std::string text, std::shared_ptr<const Node> root);
    std::string text_;
    std::shared_ptr<const Node> root_;  // Shared: immutable.
};

/// RFC 3986: everything but unreserved characters as %XX.
std::string percent_encode(std::string_view text);

}  // namespace skald::sagas
