#include <utility>

#include "sagas/check.h"
#include "sagas/json_text.h"
#include "sagas/path.h"

namespace skald::sagas {
namespace {

constexpr std::size_t kTextUsual = 256;  // Bytes.

struct Element;

/// Holds no path: copied as a whole.
struct Literal {
    Json value;
};
struct Whole {
    Path path;
};
struct Text {
    std::vector<TextPart> parts;
};
struct Array {
    std::vector<Element> elements;
};
struct Object {
    std::vector<std::pair<std::string, Element>> members;  // Sorted by name, as in Json.
};
struct Element {
    std::variant<Literal, Whole, Text, Array, Object> is;
};

/// Reads a document, and collects what is wrong in it.
class Parser {
 public:
    explicit Parser(std::vector<Template::Fault>& faults) : faults_(faults) {}

    Element parse(const Json& json) {
        if (json.is_string()) return parse_text(json.get_ref<const std::string&>());
        if (json.is_array()) return parse_array(json);
        if (json.is_object()) return parse_object(json);
        return {Literal{json}};
    }

 private:
    Element parse_text(const std::string& text) {
        Result<std::vector<TextPart>> parts = read_text(text);
        if (!parts) {
            faults_.push_back({pointer_, std::move(parts.error().message)});
            return {Literal{text}};
        }
        if (parts->size() == 1) {
            if (auto* literal = std::get_if<std::string>(&parts->front())) {
                return {Literal{std::move(*literal)}};
            }
            if (is_whole_path(text)) return {Whole{std::get<Path>(std::move(parts->front()))}};
        }
        return {Text{std::move(*parts)}};
    }

    Element parse_array(const Json& json) {
        Array array;
        bool is_literal = true;
        const std::size_t length = pointer_.size();
        array.elements.reserve(json.size());
        for (std::size_t i = 0; i < json.size(); ++i) {
            pointer_ += '/' + std::to_string(i);
            array.elements.push_back(parse(json[i]));
            pointer_.resize(length);
            is_literal = is_literal && std::holds_alternative<Literal>(array.elements.back().is);
        }
        if (!is_literal) return {std::move(array)};
        Json::array_t values;
        values.reserve(array.elements.size());
        for (Element& element : array.elements) {
            values.push_back(std::move(std::get<Literal>(element.is).value));
        }
        return {Literal{std::move(values)}};
    }

    Element parse_object(const Json& json) {
        Object object;
        bool is_literal = true;
        const std::size_t length = pointer_.size();
        for (const auto& [name, value] : json.get_ref<const Json::object_t&>()) {
            pointer_ += '/' + escape_pointer_token(name);
            object.members.emplace_back(name, parse(value));
            pointer_.resize(length);
            is_literal =
                is_literal && std::holds_alternative<Literal>(object.members.back().second.is);
        }
        if (!is_literal) return {std::move(object)};
        Json::object_t values;
        for (auto& [name, element] : object.members) {
            values.emplace_hint(values.end(), name, std::move(std::get<Literal>(element.is).value));
        }
        return {Literal{std::move(values)}};
    }

    std::vector<Template::Fault>& faults_;
    std::string pointer_;
};

/// Fills a document in. The first error ends it.
class Renderer {
 public:
    explicit Renderer(const Scope& scope) : scope_(scope) {}

    Result<Json> run(const Element& root) {
        Json result;
        if (!render(root, 0, result)) return fail(ErrorCode::InvalidArgument, std::move(error_));
        return result;
    }

    Result<std::string> run_json(const Element& root) {
        std::string text;
        text.reserve(kTextUsual);
        if (!write(root, 0, text)) return fail(ErrorCode::InvalidArgument, std::move(error_));
        return text;
    }

    Result<std::string> run_text(const Element& root, std::string (*encode)(std::string_view)) {
        std::string text;
        bool is_good = true;
        if (const auto* literal = std::get_if<Literal>(&root.is)) {
            text = literal->value.get_ref<const std::string&>();
        } else if (const auto* whole = std::get_if<Whole>(&root.is)) {
            is_good = insert(whole->path, encode, text);
        } else {
            is_good = render_text(std::get<Text>(root.is), encode, text);
        }
        if (!is_good) return fail(ErrorCode::InvalidArgument, std::move(error_));
        return text;
    }

 private:
    bool render(const Element& element, std::size_t level, Json& result) {
        if (const auto* literal = std::get_if<Literal>(&element.is)) {
            result = literal->value;
            return true;
        }
        if (const auto* whole = std::get_if<Whole>(&element.is)) {
            return render_whole(whole->path, level, result);
        }
        if (const auto* text = std::get_if<Text>(&element.is)) {
            std::string rendered;
            if (!render_text(*text, nullptr, rendered)) return false;
            result = std::move(rendered);
            return true;
        }
        if (const auto* array = std::get_if<Array>(&element.is)) {
            Json::array_t values(array->elements.size());
            for (std::size_t i = 0; i < values.size(); ++i) {
                if (!render(array->elements[i], level + 1, values[i])) return false;
            }
            result = std::move(values);
            return true;
        }
        Json::object_t values;
        for (const auto& [name, member] : std::get<Object>(element.is).members) {
            const auto place = values.emplace_hint(values.end(), name, Json());
            if (!render(member, level + 1, place->second)) return false;
        }
        result = std::move(values);
        return true;
    }

    /// `render`, but what it makes is written behind `text`.
    bool write(const Element& element, std::size_t level, std::string& text) {
        if (const auto* literal = std::get_if<Literal>(&element.is)) {
            append_json(text, literal->value);
            return true;
        }
        if (const auto* whole = std::get_if<Whole>(&element.is)) {
            Located located;
            if (!find_whole(whole->path, level, located)) return false;
            append_json(text, located.value());
            return true;
        }
        if (const auto* parts = std::get_if<Text>(&element.is)) {
            std::string rendered;
            if (!render_text(*parts, nullptr, rendered)) return false;
            append_json_string(text, rendered);
            return true;
        }
        if (const auto* array = std::get_if<Array>(&element.is)) {
            char before = '[';  // It is not empty, nor is an object: else it were a literal.
            for (const Element& each : array->elements) {
                text += before;
                if (!write(each, level + 1, text)) return false;
                before = ',';
            }
            text += ']';
            return true;
        }
        char before = '{';
        for (const auto& [name, member] : std::get<Object>(element.is).members) {
            text += before;
            append_json_string(text, name);
            text += ':';
            if (!write(member, level + 1, text)) return false;
            before = ',';
        }
        text += '}';
        return true;
    }

    bool render_whole(const Path& path, std::size_t level, Json& result) {
        Located located;
        if (!find_whole(path, level, located)) return false;
        result = located.take();
        return true;
    }

    bool find_whole(const Path& path, std::size_t level, Located& located) {
        if (!find(path, located)) return false;
        if (account(located.value(), level)) return true;
        error_ = path.text + ": the result is too large or too deep (at most " +
                 std::to_string(kBodyBytesMax) + " bytes and " + std::to_string(kJsonDepthMax) +
                 " levels)";
        return false;
    }

    bool render_text(const Text& text, std::string (*encode)(std::string_view),
                     std::string& result) {
        for (const TextPart& part : text.parts) {
            if (const auto* literal = std::get_if<std::string>(&part)) {
                result += *literal;
            } else if (!insert(std::get<Path>(part), encode, result)) {
                return false;
            }
        }
        return true;
    }

    bool insert(const Path& path, std::string (*encode)(std::string_view), std::string& result) {
        Located located;
        if (!find(path, located)) return false;
        const Json& value = located.value();
        std::string dumped;
        std::string_view inserted;
        if (value.is_string()) {
            inserted = value.get_ref<const std::string&>();
        } else {
            append_json(dumped, value);
            inserted = dumped;
        }
        if (inserted.size() > budget_) {
            error_ = path.text + ": the text grows over " + std::to_string(kBodyBytesMax) +
                     " bytes with it";
            return false;
        }
        budget_ -= inserted.size();
        if (encode != nullptr) {
            result += encode(inserted);
        } else {
            result += inserted;
        }
        return true;
    }

    bool find(const Path& path, Located& located) {
        Result<void> done = locate(path, scope_, located);
        if (!done) error_ = std::move(done.error().message);
        return done.has_value();
    }

    /// Takes what `value` costs at least, as text, off the budget. False: it is too large, or too
    /// deep to stand `level` levels down.
    bool account(const Json& value, std::size_t level) {
        if (value.is_string()) return spend(value.get_ref<const std::string&>().size() + 2);
        if (!value.is_structured()) return spend(1);
        if (level >= kJsonDepthMax || !spend(2)) return false;
        if (value.is_array()) {
            for (const Json& element : value.get_ref<const Json::array_t&>()) {
                if (!account(element, level + 1)) return false;
            }
            return true;
        }
        for (const auto& [name, member] : value.get_ref<const Json::object_t&>()) {
            if (!spend(name.size() + 3) || !account(member, level + 1)) return false;
        }
        return true;
    }

    bool spend(std::size_t bytes) {
        if (bytes > budget_) return false;
        budget_ -= bytes;
        return true;
    }

    const Scope& scope_;
    std::size_t budget_ = kBodyBytesMax;
    std::string error_;
};

void collect(const Element& element, std::string& pointer, std::vector<Template::Use>& uses) {
    const std::size_t length = pointer.size();
    if (const auto* whole = std::get_if<Whole>(&element.is)) {
        uses.push_back({whole->path, pointer});
    } else if (const auto* text = std::get_if<Text>(&element.is)) {
        for (const TextPart& part : text->parts) {
            if (const auto* path = std::get_if<Path>(&part)) uses.push_back({*path, pointer});
        }
    } else if (const auto* array = std::get_if<Array>(&element.is)) {
        for (std::size_t i = 0; i < array->elements.size(); ++i) {
            pointer += '/' + std::to_string(i);
            collect(array->elements[i], pointer, uses);
            pointer.resize(length);
        }
    } else if (const auto* object = std::get_if<Object>(&element.is)) {
        for (const auto& [name, member] : object->members) {
            pointer += '/' + escape_pointer_token(name);
            collect(member, pointer, uses);
            pointer.resize(length);
        }
    }
}

void bind(Element& element, std::span<const std::string> names) {
    if (auto* whole = std::get_if<Whole>(&element.is)) {
        bind_step(whole->path, names);
    } else if (auto* text = std::get_if<Text>(&element.is)) {
        for (TextPart& part : text->parts) {
            if (auto* path = std::get_if<Path>(&part)) bind_step(*path, names);
        }
    } else if (auto* array = std::get_if<Array>(&element.is)) {
        for (Element& child : array->elements) bind(child, names);
    } else if (auto* object = std::get_if<Object>(&element.is)) {
        for (auto& [name, child] : object->members) bind(child, names);
    }
}

}  // namespace

struct Template::Node {
    Json document;
    Element root;
};

Template::Template(std::shared_ptr<const Node> root) : root_(std::move(root)) {}

std::optional<Template> Template::parse(const Json& document, std::vector<Fault>& faults) {
    const std::size_t before = faults.size();
    Element root = Parser(faults).parse(document);
    if (faults.size() != before) return std::nullopt;
    return Template(std::make_shared<const Node>(Node{document, std::move(root)}));
}

Result<Template> Template::parse(const Json& document) {
    std::vector<Fault> faults;
    std::optional<Template> parsed = parse(document, faults);
    if (parsed) return std::move(*parsed);
    const Fault& first = faults.front();
    return fail(ErrorCode::InvalidArgument,
                first.pointer.empty() ? first.message : first.pointer + ": " + first.message);
}

Result<Json> Template::render(const Scope& scope) const { return Renderer(scope).run(root_->root); }

Result<std::string> Template::render_json(const Scope& scope) const {
    return Renderer(scope).run_json(root_->root);
}

Result<std::string> Template::render_text(const Scope& scope,
                                          std::string (*encode)(std::string_view)) const {
    SKALD_CHECK(root_->document.is_string());
    return Renderer(scope).run_text(root_->root, encode);
}

Result<std::optional<std::string>> Template::render_optional_text(
    const Scope& scope, std::string (*encode)(std::string_view)) const {
    const Path* single = nullptr;
    if (const auto* whole = std::get_if<Whole>(&root_->root.is)) {
        single = &whole->path;
    } else if (const auto* text = std::get_if<Text>(&root_->root.is)) {
        if (text->parts.size() == 1) single = std::get_if<Path>(&text->parts.front());
    }
    if (single != nullptr) {
        Located located;
        if (Result<void> done = locate(*single, scope, located); !done) {
            return tl::unexpected<Error>(std::move(done.error()));
        }
        if (located.value().is_null()) return std::optional<std::string>();
    }
    Result<std::string> text = render_text(scope, encode);
    if (!text) return tl::unexpected<Error>(std::move(text.error()));
    return std::optional<std::string>(std::move(*text));
}

std::vector<Template::Use> Template::uses() const {
    std::vector<Use> uses;
    std::string pointer;
    collect(root_->root, pointer, uses);
    return uses;
}

Template Template::bind_steps(std::span<const std::string> names) const {
    auto bound = std::make_shared<Node>(*root_);
    bind(bound->root, names);
    return Template(std::move(bound));
}

const Json& Template::document() const { return root_->document; }

std::string percent_encode(std::string_view text) {
    constexpr std::string_view kDigits = "0123456789ABCDEF";
    std::string result;
    result.reserve(text.size());
    for (const char byte : text) {
        const bool is_unreserved = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
                                   (byte >= '0' && byte <= '9') || byte == '-' || byte == '.' ||
                                   byte == '_' || byte == '~';
        if (is_unreserved) {
            result += byte;
            continue;
        }
        const auto code = static_cast<std::uint8_t>(byte);
        result += '%';
        result += kDigits[code >> 4];
        result += kDigits[code & 0xF];
    }
    return result;
}

}  // namespace skald::sagas
