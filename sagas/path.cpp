#include "sagas/path.h"

#include <algorithm>
#include <array>
#include <optional>

#include "sagas/ascii.h"
#include "sagas/did_you_mean.h"
#include "sagas/secret_name.h"
#include "sagas/utf8.h"

namespace skald::sagas {
namespace {

constexpr std::size_t kIndexDigitsMax = 9;

/// What can follow a root.
enum class Shape : std::uint8_t { Scalar, Structured };

struct PlainRoot {
    std::string_view text;  // Without "$".
    RootKind kind;
    Shape shape;
};
/// The roots that hold no name of a step, header or secret.
constexpr std::array<PlainRoot, 13> kPlainRoots{{
    {"input", RootKind::Input, Shape::Structured},
    {"output", RootKind::OwnOutput, Shape::Structured},
    {"key", RootKind::Key, Shape::Scalar},
    {"action_key", RootKind::ActionKey, Shape::Scalar},
    {"item", RootKind::Item, Shape::Structured},
    {"index", RootKind::Index, Shape::Scalar},
    {"event", RootKind::Event, Shape::Structured},
    {"saga.id", RootKind::SagaId, Shape::Scalar},
    {"saga.started_at", RootKind::SagaStartedAt, Shape::Scalar},
    {"failure.step", RootKind::FailureStep, Shape::Scalar},
    {"failure.reason", RootKind::FailureReason, Shape::Scalar},
    {"response.status", RootKind::ResponseStatus, Shape::Scalar},
    {"response.body", RootKind::ResponseBody, Shape::Structured},
}};

const std::vector<std::string>& root_names() {
    static const std::vector<std::string> kNames{"$input",      "$steps",   "$output",  "$key",
                                                 "$action_key", "$saga",    "$failure", "$item",
                                                 "$response",   "$secrets", "$index",   "$event"};
    return kNames;
}

bool is_name_byte(char byte) {
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || is_digit(byte) ||
           byte == '_' || byte == '-' || (static_cast<std::uint8_t>(byte) & 0x80) != 0;
}

class Reader {
 public:
    Reader(std::string_view text, PathPlace place) : text_(text), place_(place) {}

    Result<PathText> read() {
        Path path;
        if (Result<void> done = read_root(path.root); !done) return unexpected(done);
        if (Result<void> done = read_segments(path.segments); !done) return unexpected(done);
        if (Result<void> done = read_pointer(path.segments); !done) return unexpected(done);
        if (shape_ == Shape::Scalar && at_ != root_end_) {
            return fail(ErrorCode::InvalidArgument,
                        shown() + ": " + root_text(path.root) + " has no members");
        }
        if (path.segments.size() > kPathSegmentsMax) {
            return problem("more than " + std::to_string(kPathSegmentsMax) + " members deep");
        }
        if (accept('?')) path.missing = Missing::IsNull;
        if (at_ > kPathLengthMax) {
            return problem("longer than " + std::to_string(kPathLengthMax) + " characters");
        }
        if (Result<void> done = check_end(); !done) return unexpected(done);
        path.text = text_.substr(0, at_);
        return PathText{std::move(path), at_};
    }

 private:
    static tl::unexpected<Error> unexpected(Result<void>& failed) {
        return tl::unexpected<Error>(std::move(failed.error()));
    }

    /// The path as written, for messages: up to where it must end.
    std::string shown() const {
        if (place_ == PathPlace::Whole) return in_quotes(text_);
        const std::string_view ends = place_ == PathPlace::Braces ? "}" : " \t\n\r()=!<>&|";
        return in_quotes(text_.substr(0, text_.find_first_of(ends)));
    }

    tl::unexpected<Error> problem(const std::string& what) const {
        return fail(ErrorCode::InvalidArgument, shown() + ": " + what);
    }

    bool accept(char byte) {
        if (at_ >= text_.size() || text_[at_] != byte) return false;
        ++at_;
        return true;
    }

    std::string_view name() {
        const std::size_t start = at_;
        while (at_ < text_.size() && is_name_byte(text_[at_])) ++at_;
        return text_.substr(start, at_ - start);
    }

    /// ".NAME", or empty.
    std::string_view member() {
        if (!accept('.')) return {};
        return name();
    }

    Result<void> read_root(Root& root) {
        at_ = 1;
        const std::string_view first = name();
        if (first == "steps") return read_step(root);
        if (first == "secrets") return read_secret(root);
        std::string full(first);
        if (first == "saga" || first == "failure" || first == "response") {
            full += '.';
            full += member();
        }
        if (full == "response.headers") return read_header(root);
        for (const PlainRoot& plain : kPlainRoots) {
            if (plain.text != full) continue;
            root.kind = plain.kind;
            shape_ = plain.shape;
            root_end_ = at_;
            return {};
        }
        return unknown_root(first);
    }

    Result<void> unknown_root(std::string_view first) const {
        if (first == "saga") return problem("write $saga.id or $saga.started_at");
        if (first == "failure") return problem("write $failure.step or $failure.reason");
        if (first == "response") {
            return problem("write $response.status, $response.headers.NAME or $response.body");
        }
        if (first.empty()) {
            return problem("a \"$\" begins an expression; write \"$$\" for a dollar sign");
        }
        const std::string root = "$" + std::string(first);
        std::string what = "there is no " + in_quotes(root);
        const std::string hint = did_you_mean_hint(root, root_names());
        if (!hint.empty()) what += "; " + hint;
        return problem(what);
    }

    Result<void> read_step(Root& root) {
        root.name = member();
        const std::string_view what = member();
        if (root.name.empty() || (what != "output" && what != "status")) {
            const std::string step = root.name.empty() ? "NAME" : short_name(root.name);
            return problem("write $steps." + step + ".output or $steps." + step + ".status");
        }
        root.kind = what == "output" ? RootKind::StepOutput : RootKind::StepStatus;
        shape_ = what == "output" ? Shape::Structured : Shape::Scalar;
        root_end_ = at_;
        return {};
    }

    Result<void> read_header(Root& root) {
        root.kind = RootKind::ResponseHeader;
        root.name = to_lower(member());
        root_end_ = at_;
        if (root.name.empty()) return problem("write $response.headers.NAME");
        return {};
    }

    Result<void> read_secret(Root& root) {
        root.kind = RootKind::Secret;
        root.name = member();
        root_end_ = at_;
        if (!is_secret_name(root.name)) {
            return problem("write $secrets.NAME with letters, digits and _ (SKALD_SECRET_NAME)");
        }
        return {};
    }

    static std::string short_name(std::string_view text) {
        return text.size() > 63 ? "NAME" : std::string(text);
    }

    Result<void> read_segments(std::vector<Segment>& segments) {
        while (at_ < text_.size() && segments.size() <= kPathSegmentsMax) {
            if (accept('.')) {
                const std::string_view found = name();
                if (found.empty()) return problem("a name must follow \".\"");
                segments.emplace_back(std::string(found));
            } else if (accept('[')) {
                std::size_t index = 0;
                const std::size_t start = at_;
                for (; at_ < text_.size() && is_digit(text_[at_]); ++at_) {
                    if (at_ - start < kIndexDigitsMax) {
                        index = index * 10 + static_cast<std::size_t>(text_[at_] - '0');
                    }
                }
                const std::size_t digits = at_ - start;
                if (digits == 0 || digits > kIndexDigitsMax || !accept(']')) {
                    return problem("between [ and ] stands an element's position, from 0");
                }
                segments.emplace_back(index);
            } else {
                break;
            }
        }
        return {};
    }

    Result<void> read_pointer(std::vector<Segment>& segments) {
        if (!accept('#')) return {};
        std::size_t end = text_.size();
        if (place_ == PathPlace::Braces) end = text_.find('}', at_);
        if (place_ == PathPlace::Condition) end = text_.find_first_of(" \t\n\r()=!<>&|", at_);
        end = std::min(end, text_.size());
        if (end > at_ && text_[end - 1] == '?') --end;
        while (at_ < end && segments.size() <= kPathSegmentsMax) {
            if (!accept('/')) return problem("a JSON Pointer (after \"#\") starts with \"/\"");
            const std::size_t stop = std::min(text_.find('/', at_), end);
            std::optional<std::string> token = unescape(text_.substr(at_, stop - at_));
            if (!token) return problem("in a JSON Pointer \"~\" is written ~0 and \"/\" ~1");
            segments.emplace_back(std::move(*token));
            at_ = stop;
        }
        return {};
    }

    static std::optional<std::string> unescape(std::string_view token) {
        std::string result;
        for (std::size_t i = 0; i < token.size(); ++i) {
            if (token[i] != '~') {
                result += token[i];
                continue;
            }
            ++i;
            if (i == token.size() || (token[i] != '0' && token[i] != '1')) return std::nullopt;
            result += token[i] == '0' ? '~' : '/';
        }
        return result;
    }

    Result<void> check_end() const {
        const std::string_view rest = text_.substr(at_);
        if (place_ == PathPlace::Braces && rest.substr(0, 1) != "}") {
            return rest.empty()
                       ? problem("the closing \"}\" is missing")
                       : problem("unexpected " + in_quotes(rest.substr(0, rest.find('}'))));
        }
        if (place_ == PathPlace::Whole && !rest.empty()) {
            return problem("unexpected " + in_quotes(rest) +
                           "; inside a longer text an expression is written {$...}, and a dollar "
                           "sign $$");
        }
        return {};
    }

    std::string_view text_;
    PathPlace place_;
    std::size_t at_ = 0;
    std::size_t root_end_ = 0;
    Shape shape_ = Shape::Scalar;
};

}  // namespace

Result<PathText> read_path(std::string_view text, PathPlace place) {
    return Reader(text, place).read();
}

bool is_whole_path(std::string_view text) {
    return !text.empty() && text[0] == '$' && (text.size() == 1 || text[1] != '$');
}

Result<std::vector<TextPart>> read_text(std::string_view text) {
    std::vector<TextPart> parts;
    if (is_whole_path(text)) {
        Result<PathText> path = read_path(text, PathPlace::Whole);
        if (!path) return tl::unexpected<Error>(std::move(path.error()));
        parts.emplace_back(std::move(path->path));
        return parts;
    }
    std::string literal;
    std::size_t at = 0;
    while (at < text.size()) {
        const std::size_t special = std::min(text.find_first_of("${", at), text.size());
        literal += text.substr(at, special - at);
        at = special;
        const std::string_view rest = text.substr(at);
        if (rest.starts_with("$$")) {
            literal += '$';
            at += 2;
        } else if (rest.starts_with("{$") && !rest.starts_with("{$$")) {
            Result<PathText> path = read_path(rest.substr(1), PathPlace::Braces);
            if (!path) return tl::unexpected<Error>(std::move(path.error()));
            if (!literal.empty()) parts.emplace_back(std::exchange(literal, {}));
            at += path->length + 2;
            parts.emplace_back(std::move(path->path));
        } else if (rest.starts_with("{")) {
            literal += '{';
            ++at;
        } else if (!rest.empty()) {
            return fail(ErrorCode::InvalidArgument,
                        in_quotes(text) + ": a lone \"$\" at " + in_quotes(rest, 20) +
                            "; write {$...} to insert a value, $$ for a dollar sign");
        }
    }
    if (!literal.empty() || parts.empty()) parts.emplace_back(std::move(literal));
    return parts;
}

std::string root_text(const Root& root) {
    if (root.kind == RootKind::StepOutput) return "$steps." + root.name + ".output";
    if (root.kind == RootKind::StepStatus) return "$steps." + root.name + ".status";
    if (root.kind == RootKind::ResponseHeader) return "$response.headers." + root.name;
    if (root.kind == RootKind::Secret) return "$secrets." + root.name;
    for (const PlainRoot& plain : kPlainRoots) {
        if (plain.kind == root.kind) return "$" + std::string(plain.text);
    }
    return "$";
}

void bind_step(Path& path, std::span<const std::string> names) {
    Root& root = path.root;
    if (root.kind != RootKind::StepOutput && root.kind != RootKind::StepStatus) return;
    const auto found = std::find(names.begin(), names.end(), root.name);
    if (found == names.end()) return;
    root.step = StepIndex{static_cast<std::uint32_t>(found - names.begin())};
}

}  // namespace skald::sagas
