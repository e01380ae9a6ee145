#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "sagas/expression.h"

/// How paths are read out of the texts that they stand in; shared by templates and conditions.
namespace skald::sagas {

/// Characters of a path, and members and elements in it.
inline constexpr std::size_t kPathLengthMax = 1'000;
inline constexpr std::size_t kPathSegmentsMax = 64;

/// Where a path stands, which says where its JSON Pointer may end.
enum class PathPlace : std::uint8_t {
    Whole,      ///< It is the whole text: the pointer takes all that is left.
    Braces,     ///< Up to the closing "}", which is not part of it.
    Condition,  ///< Up to a blank, a parenthesis, or one of = ! < > & |
};

struct PathText {
    Path path;
    std::size_t length;  ///< Bytes of the text that it takes.
};

/// Reads the path that `text` starts with. Precondition: `text` starts with "$".
/// Errors: InvalidArgument; the message names the path.
Result<PathText> read_path(std::string_view text, PathPlace place);

/// A string of a template: literal text ("$$" resolved) and paths by turns.
using TextPart = std::variant<std::string, Path>;

/// Splits a string of a template. A string that is one path without braces gives just that path.
/// Errors: InvalidArgument.
Result<std::vector<TextPart>> read_text(std::string_view text);

/// Whether `text` is one path, so that its value keeps its type.
bool is_whole_path(std::string_view text);

/// What a path leads to: a borrowed value, or (in `made`) one that was made for this call. Its own
/// address is used, so it must not be copied or moved.
class Located {
 public:
    Located() = default;
    Located(const Located&) = delete;
    Located& operator=(const Located&) = delete;

    const Json& value() const { return *value_; }
    /// The value to keep; moved where it was made for this call.
    Json take() {
        if (value_ == &made_) return std::move(made_);
        return *value_;
    }

 private:
    friend Result<void> locate(const Path& path, const Scope& scope, Located& located);
    Json made_;
    const Json* value_ = &made_;
};

/// `evaluate` without the copy. Errors: InvalidArgument.
Result<void> locate(const Path& path, const Scope& scope, Located& located);

/// "$steps.reserve.output", "$response.headers.etag".
std::string root_text(const Root& root);

/// `path` with the index of its step, where `names` has the name.
void bind_step(Path& path, std::span<const std::string> names);

}  // namespace skald::sagas
