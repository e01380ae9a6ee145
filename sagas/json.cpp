#include "sagas/json.h"

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "sagas/plain_json.h"
#include "sagas/utf8.h"

template class nlohmann::basic_json<>;

namespace skald::sagas {
namespace {

constexpr std::int64_t kExactIntegerMax = std::int64_t{1} << 53;

/// Builds the value while the text is read, so that what is refused stops the reading at once.
class Builder : public nlohmann::json_sax<Json> {
 public:
    Json take() { return std::move(root_); }
    const std::string& problem() const { return problem_; }

    bool null() override { return put(nullptr); }
    bool boolean(bool value) override { return put(value); }
    bool number_integer(number_integer_t value) override { return put(value); }
    bool number_unsigned(number_unsigned_t value) override { return put(value); }
    bool number_float(number_float_t value, const string_t& text) override {
        // nlohmann turns an integer that doesn't fit in 64 bits into a double.
        if (text.find_first_of(".eE") == string_t::npos) {
            return refuse("the number doesn't fit in 64 bits");
        }
        return put(value);
    }
    bool string(string_t& value) override { return put(std::move(value)); }
    bool binary(binary_t&) override { return refuse("binary values are no JSON"); }

    bool start_object(std::size_t) override { return open(Json::object()); }
    bool key(string_t& name) override {
        Frame& frame = frames_.back();
        const auto [member, is_new] = frame.value->get_ref<Json::object_t&>().emplace(name, Json());
        frame.member = &member->first;
        frame.slot = &member->second;
        if (!is_new) return refuse("the object names this member twice");
        return true;
    }
    bool end_object() override { return close(); }
    bool start_array(std::size_t) override { return open(Json::array()); }
    bool end_array() override { return close(); }

    bool parse_error(std::size_t position, const std::string&,
                     const nlohmann::detail::exception& error) override {
        if (error.id == 406) return refuse("the number is too large for a double");
        const std::size_t offset = position == 0 ? 0 : position - 1;
        problem_ = "byte " + std::to_string(offset) + ": " + reason(error.what());
        return false;
    }

 private:
    /// An array or object that is still open.
    struct Frame {
        Json* value;
        const std::string* member = nullptr;  // Of an object: the one that is being read.
        Json* slot = nullptr;                 // Where its value goes.
    };

    /// nlohmann's text without its own prefix, and without what it last read, which may be long or
    /// no UTF-8.
    static std::string reason(std::string_view what) {
        const std::size_t column = what.find(", column ");
        const std::size_t colon = column == what.npos ? what.npos : what.find(": ", column);
        if (colon != what.npos) what.remove_prefix(colon + 2);
        return std::string(what.substr(0, what.find("; last read: '")));
    }

    bool refuse(std::string_view why) {
        std::string pointer;
        for (const Frame& frame : frames_) {
            const std::size_t size = frame.value->size();
            // The innermost array hasn't got the element yet that is being read.
            const std::size_t index = &frame == &frames_.back() ? size : size - 1;
            pointer += '/';
            pointer += frame.member != nullptr ? escape_pointer_token(*frame.member)
                                               : std::to_string(index);
        }
        problem_ = (pointer.empty() ? "the document" : in_quotes(pointer, 300)) + ": ";
        problem_ += why;
        return false;
    }

    Json* place(Json&& value) {
        if (frames_.empty()) {
            root_ = std::move(value);
            return &root_;
        }
        Frame& frame = frames_.back();
        if (frame.value->is_array()) {
            auto& elements = frame.value->get_ref<Json::array_t&>();
            elements.push_back(std::move(value));
            return &elements.back();
        }
        *frame.slot = std::move(value);
        return frame.slot;
    }

    bool put(Json&& value) {
        place(std::move(value));
        return true;
    }

    bool open(Json&& container) {
        if (frames_.size() == kJsonDepthMax) {
            return refuse("nested more than " + std::to_string(kJsonDepthMax) + " levels deep");
        }
        // Stays where it is while it is open: only the innermost container grows.
        frames_.push_back(Frame{place(std::move(container))});
        return true;
    }

    bool close() {
        frames_.pop_back();
        return true;
    }

    Json root_;
    std::vector<Frame> frames_;
    std::string problem_;
};

bool is_imprecise(const Json& number) {
    if (number.is_number_unsigned()) {
        return number.get<std::uint64_t>() > static_cast<std::uint64_t>(kExactIntegerMax);
    }
    const auto value = number.get<std::int64_t>();
    return value > kExactIntegerMax || value < -kExactIntegerMax;
}

/// Appends the pointer of the first such integer to `pointer`; false, and no change: there is none.
bool find_imprecise(const Json& json, std::string& pointer) {
    if (json.is_number_integer()) return is_imprecise(json);
    const std::size_t length = pointer.size();
    if (json.is_object()) {
        for (const auto& [name, value] : json.get_ref<const Json::object_t&>()) {
            if (!value.is_structured() && !value.is_number_integer()) continue;
            pointer += '/' + escape_pointer_token(name);
            if (find_imprecise(value, pointer)) return true;
            pointer.resize(length);
        }
    } else if (json.is_array()) {
        for (std::size_t i = 0; i < json.size(); ++i) {
            if (!json[i].is_structured() && !json[i].is_number_integer()) continue;
            pointer += '/' + std::to_string(i);
            if (find_imprecise(json[i], pointer)) return true;
            pointer.resize(length);
        }
    }
    return false;
}

}  // namespace

Value make_value(Json json) { return std::make_shared<const Json>(std::move(json)); }

Result<Json> parse_json(std::string_view text) {
    if (std::optional<Json> plain = read_plain_json(text)) return std::move(*plain);
    constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
    if (text.substr(0, kByteOrderMark.size()) == kByteOrderMark) {
        return fail(ErrorCode::InvalidArgument, "byte 0: a byte order mark is no JSON");
    }
    // nlohmann takes a zero byte for the end of the text and would not look at what follows.
    if (const std::size_t zero = text.find('\0'); zero != text.npos) {
        return fail(ErrorCode::InvalidArgument,
                    "byte " + std::to_string(zero) + ": a zero byte is no JSON");
    }
    Builder builder;
    if (!Json::sax_parse(text.begin(), text.end(), &builder)) {
        return fail(ErrorCode::InvalidArgument, builder.problem());
    }
    return builder.take();
}

std::optional<std::string> find_imprecise_integer(const Json& json) {
    std::string pointer;
    if (find_imprecise(json, pointer)) return pointer;
    return std::nullopt;
}

std::string escape_pointer_token(std::string_view token) {
    std::string result;
    result.reserve(token.size());
    for (const char byte : token) {
        if (byte == '~') {
            result += "~0";
        } else if (byte == '/') {
            result += "~1";
        } else {
            result += byte;
        }
    }
    return result;
}

std::size_t size_of(const Json& json) {
    constexpr std::size_t kPunctuation = 2;  // Quotes, or brackets.
    constexpr std::size_t kNumber = 8;
    if (json.is_string()) return json.get_ref<const std::string&>().size() + kPunctuation;
    if (!json.is_structured()) return kNumber;
    std::size_t size = kPunctuation;
    if (json.is_array()) {
        for (const Json& element : json.get_ref<const Json::array_t&>()) {
            size += size_of(element) + 1;
        }
        return size;
    }
    for (const auto& [name, member] : json.get_ref<const Json::object_t&>()) {
        size += size_of(member) + 1 + name.size() + kPunctuation + 1;
    }
    return size;
}

}  // namespace skald::sagas
