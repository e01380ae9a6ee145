#include <compare>
#include <utility>

#include "sagas/path.h"
#include "sagas/utf8.h"

namespace skald::sagas {
namespace {

constexpr std::size_t kConditionLengthMax = 1'000;
constexpr std::size_t kConditionDepthMax = 64;

enum class Comparison : std::uint8_t { Equal, Unequal, Less, LessEqual, Greater, GreaterEqual };
enum class Junction : std::uint8_t { All, Any };

struct Term;

struct Not {
    std::vector<Term> term;  // One.
};
struct Compare {
    Comparison by;
    std::vector<Term> sides;  // Two.
};
struct Join {
    Junction by;
    std::vector<Term> terms;  // Two or more.
};
struct Term {
    std::variant<Json, Path, Not, Compare, Join> is;
};

// ---- Reading -----------------------------------------------------------------------------------

/// Reads a condition by recursive descent. The first problem ends it; what comes after is skipped.
class Parser {
 public:
    explicit Parser(std::string_view text) : text_(text) {}

    Result<Term> run() {
        Term term = any();
        if (!failed_ && !rest().empty()) refuse("unexpected " + in_quotes(rest(), 20));
        if (failed_) return fail(ErrorCode::InvalidArgument, std::move(problem_));
        return term;
    }

 private:
    std::string_view rest() {
        while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' ||
                                      text_[at_] == '\n' || text_[at_] == '\r')) {
            ++at_;
        }
        return failed_ ? std::string_view{} : text_.substr(at_);
    }

    bool accept(std::string_view token) {
        if (!rest().starts_with(token)) return false;
        at_ += token.size();
        return true;
    }

    Term refuse(const std::string& what) {
        if (!failed_) problem_ = "column " + std::to_string(at_ + 1) + ": " + what;
        failed_ = true;
        return {Json()};
    }

    Term any() { return join("||", Junction::Any, &Parser::all); }
    Term all() { return join("&&", Junction::All, &Parser::comparison); }

    Term join(std::string_view token, Junction by, Term (Parser::*part)()) {
        Term first = (this->*part)();
        if (!rest().starts_with(token)) return first;
        Join joined{by, {}};
        joined.terms.push_back(std::move(first));
        while (accept(token)) joined.terms.push_back((this->*part)());
        return {std::move(joined)};
    }

    std::optional<Comparison> comparison_sign() {
        if (accept("==")) return Comparison::Equal;
        if (accept("!=")) return Comparison::Unequal;
        if (accept("<=")) return Comparison::LessEqual;
        if (accept(">=")) return Comparison::GreaterEqual;
        if (accept("<")) return Comparison::Less;
        if (accept(">")) return Comparison::Greater;
        if (rest().starts_with("=")) refuse("equality is written ==");
        return std::nullopt;
    }

    Term comparison() {
        Term left = negation();
        const std::optional<Comparison> by = comparison_sign();
        if (!by) return left;
        Compare compare{*by, {}};
        compare.sides.push_back(std::move(left));
        compare.sides.push_back(negation());
        if (comparison_sign()) return refuse("comparisons don't chain: join them with &&");
        return {std::move(compare)};
    }

    Term negation() {
        if (++depth_ > kConditionDepthMax) {
            return refuse("nested more than " + std::to_string(kConditionDepthMax) + " levels");
        }
        Term term = operand();
        --depth_;
        return term;
    }

    Term operand() {
        const std::string_view here = rest();
        if (here.starts_with("!") && !here.starts_with("!=")) {
            accept("!");
            Not negated;
            negated.term.push_back(negation());
            return {std::move(negated)};
        }
        if (accept("(")) {
            Term inner = any();
            if (!accept(")")) return refuse("a \")\" is missing");
            return inner;
        }
        if (here.starts_with("$")) return path(here);
        return literal(here);
    }

    Term path(std::string_view here) {
        Result<PathText> read = read_path(here, PathPlace::Condition);
        if (!read) return refuse(read.error().message);
        at_ += read->length;
        return {std::move(read->path)};
    }

    Term literal(std::string_view here) {
        if (here.empty()) return refuse("an expression or a value is missing");
        if (here.starts_with("'")) return refuse("a string is written in double quotes");
        const std::size_t length = literal_length(here);
        const std::string_view token = here.substr(0, length);
        if (token == "and" || token == "or" || token == "not") {
            return refuse("and, or, not are written && || !");
        }
        Result<Json> value = parse_json(token);
        if (length == 0 || !value) {
            return refuse(in_quotes(length == 0 ? here : token, 20) +
                          " is neither an expression (which starts with $) nor a JSON value");
        }
        at_ += length;
        return {std::move(*value)};
    }

    /// Up to where a JSON value that starts here can reach.
    static std::size_t literal_length(std::string_view here) {
        if (here.front() == '"' || here.front() == '[' || here.front() == '{') {
            return bracketed_length(here);
        }
        std::size_t length = 0;
        while (length < here.size()) {
            const char byte = here[length];
            const bool is_word = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
                                 (byte >= '0' && byte <= '9') || byte == '-' || byte == '+' ||
                                 byte == '.' || byte == '_';
            if (!is_word) break;
            ++length;
        }
        return length;
    }

    static std::size_t bracketed_length(std::string_view here) {
        std::size_t open = 0;
        bool is_in_string = false;
        for (std::size_t i = 0; i < here.size(); ++i) {
            const char byte = here[i];
            if (is_in_string && byte == '\\') {
                ++i;
            } else if (byte == '"') {
                is_in_string = !is_in_string;
            } else if (!is_in_string && (byte == '[' || byte == '{')) {
                ++open;
            } else if (!is_in_string && (byte == ']' || byte == '}') && open > 0) {
                --open;
            }
            if (open == 0 && !is_in_string) return i + 1;
        }
        return here.size();
    }

    std::string_view text_;
    std::size_t at_ = 0;
    std::size_t depth_ = 0;
    bool failed_ = false;
    std::string problem_;
};

// ---- Deciding ----------------------------------------------------------------------------------

bool is_true(const Json& value) {
    return value.is_boolean() ? value.get<bool>() : !value.is_null();
}

/// Exact also where a double can't hold the integer (a long double has 64 bits of mantissa).
long double as_number(const Json& number) {
    if (number.is_number_unsigned()) return static_cast<long double>(number.get<std::uint64_t>());
    if (number.is_number_integer()) return static_cast<long double>(number.get<std::int64_t>());
    return static_cast<long double>(number.get<double>());
}

/// Unordered: of different types, or neither numbers nor strings.
std::partial_ordering order(const Json& left, const Json& right) {
    if (left.is_number() && right.is_number()) return as_number(left) <=> as_number(right);
    if (left.is_string() && right.is_string()) {
        return left.get_ref<const std::string&>() <=> right.get_ref<const std::string&>();
    }
    return std::partial_ordering::unordered;
}

bool is_equal(const Json& left, const Json& right) {
    if (left.is_number() && right.is_number()) return order(left, right) == 0;
    return left.type() == right.type() && left == right;
}

bool compare(Comparison by, const Json& left, const Json& right) {
    switch (by) {
        case Comparison::Equal:
            return is_equal(left, right);
        case Comparison::Unequal:
            return !is_equal(left, right);
        case Comparison::Less:
            return order(left, right) < 0;
        case Comparison::LessEqual:
            return order(left, right) <= 0;
        case Comparison::Greater:
            return order(left, right) > 0;
        case Comparison::GreaterEqual:
            return order(left, right) >= 0;
    }
    return false;
}

class Judge {
 public:
    explicit Judge(const Scope& scope) : scope_(scope) {}

    Result<bool> run(const Term& term) {
        const bool held = holds(term);
        if (failed_) return fail(ErrorCode::InvalidArgument, std::move(error_));
        return held;
    }

 private:
    bool holds(const Term& term) {
        if (const auto* literal = std::get_if<Json>(&term.is)) return is_true(*literal);
        if (const auto* path = std::get_if<Path>(&term.is)) {
            Located located;
            return find(*path, located) && is_true(located.value());
        }
        if (const auto* negated = std::get_if<Not>(&term.is)) return !holds(negated->term.front());
        if (const auto* joined = std::get_if<Join>(&term.is)) {
            const bool ends_it = joined->by == Junction::Any;
            for (const Term& part : joined->terms) {
                if (holds(part) == ends_it || failed_) return ends_it;
            }
            return !ends_it;
        }
        return holds(std::get<Compare>(term.is));
    }

    bool holds(const Compare& comparison) {
        Located left;
        Located right;
        const Json left_truth = truth(comparison.sides[0]);
        const Json* const left_value = value(comparison.sides[0], left_truth, left);
        const Json right_truth = failed_ ? Json() : truth(comparison.sides[1]);
        const Json* const right_value =
            failed_ ? nullptr : value(comparison.sides[1], right_truth, right);
        if (failed_) return false;
        return compare(comparison.by, *left_value, *right_value);
    }

    /// What a side that is itself a condition comes to; null for others.
    Json truth(const Term& side) {
        if (std::holds_alternative<Json>(side.is) || std::holds_alternative<Path>(side.is)) {
            return {};
        }
        return holds(side);
    }

    const Json* value(const Term& side, const Json& side_truth, Located& located) {
        if (const auto* literal = std::get_if<Json>(&side.is)) return literal;
        if (const auto* path = std::get_if<Path>(&side.is)) {
            return find(*path, located) ? &located.value() : nullptr;
        }
        return &side_truth;
    }

    bool find(const Path& path, Located& located) {
        Result<void> done = locate(path, scope_, located);
        if (done) return true;
        if (!failed_) error_ = std::move(done.error().message);
        failed_ = true;
        return false;
    }

    const Scope& scope_;
    bool failed_ = false;
    std::string error_;
};

/// Calls `visit` with each path under `term`.
template <typename AnyTerm, typename Visit>
void for_each_path(AnyTerm& term, const Visit& visit) {
    if (auto* path = std::get_if<Path>(&term.is)) {
        visit(*path);
    } else if (auto* negated = std::get_if<Not>(&term.is)) {
        for (auto& part : negated->term) for_each_path(part, visit);
    } else if (auto* comparison = std::get_if<Compare>(&term.is)) {
        for (auto& part : comparison->sides) for_each_path(part, visit);
    } else if (auto* joined = std::get_if<Join>(&term.is)) {
        for (auto& part : joined->terms) for_each_path(part, visit);
    }
}

}  // namespace

struct Condition::Node {
    Term root;
};

Condition::Condition(std::string text, std::shared_ptr<const Node> root)
    : text_(std::move(text)), root_(std::move(root)) {}

Result<Condition> Condition::parse(std::string_view text) {
    if (text.size() > kConditionLengthMax) {
        return fail(ErrorCode::InvalidArgument,
                    "column " + std::to_string(kConditionLengthMax + 1) +
                        ": a condition has at most " + std::to_string(kConditionLengthMax) +
                        " characters");
    }
    Result<Term> root = Parser(text).run();
    if (!root) return tl::unexpected<Error>(std::move(root.error()));
    return Condition(std::string(text), std::make_shared<const Node>(Node{std::move(*root)}));
}

Result<bool> Condition::holds(const Scope& scope) const { return Judge(scope).run(root_->root); }

std::vector<Path> Condition::uses() const {
    std::vector<Path> paths;
    for_each_path(root_->root, [&paths](const Path& path) { paths.push_back(path); });
    return paths;
}

Condition Condition::bind_steps(std::span<const std::string> names) const {
    auto bound = std::make_shared<Node>(*root_);
    for_each_path(bound->root, [names](Path& path) { bind_step(path, names); });
    return Condition(text_, std::move(bound));
}

const std::string& Condition::text() const { return text_; }

}  // namespace skald::sagas
