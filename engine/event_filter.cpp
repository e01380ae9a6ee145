#include "engine/event_filter.h"

#include <utility>

#include "sagas/object_reader.h"

namespace skald::engine {
namespace {

using sagas::Json;

/// Keeps the texts of the outermost object, and throws everything else away.
class HeadReader : public nlohmann::json_sax<Json> {
 public:
    EventHead take() { return std::move(head_); }

    bool null() override { return pass(); }
    bool boolean(bool) override { return pass(); }
    bool number_integer(number_integer_t) override { return pass(); }
    bool number_unsigned(number_unsigned_t) override { return pass(); }
    bool number_float(number_float_t, const string_t&) override { return pass(); }
    bool binary(binary_t&) override { return pass(); }
    bool string(string_t& value) override {
        if (slot_ != nullptr) *slot_ = std::move(value);
        return pass();
    }
    bool key(string_t& name) override {
        if (depth_ == 1) slot_ = slot(name);
        return true;
    }
    bool start_object(std::size_t) override { return open(); }
    bool end_object() override { return close(); }
    bool start_array(std::size_t) override { return open(); }
    bool end_array() override { return close(); }
    bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) override {
        return false;
    }

 private:
    std::string* slot(const std::string& name) {
        if (name == "type") return &head_.type;
        if (name == "source") return &head_.source;
        if (name == "subject") return &head_.subject;
        return name == "skaldbridge" ? &head_.bridge : nullptr;
    }
    bool pass() {
        slot_ = nullptr;
        return true;
    }
    bool open() {
        ++depth_;
        return pass();
    }
    bool close() {
        --depth_;
        return true;
    }

    EventHead head_;
    std::string* slot_ = nullptr;  ///< Where the value that comes next goes; null: nowhere.
    std::size_t depth_ = 0;
};

bool holds(const std::optional<EventFilter::Text>& wanted, const std::string& text) {
    if (!wanted) return true;
    return wanted->how == EventFilter::Text::How::Exact ? text == wanted->text
                                                        : text.starts_with(wanted->text);
}

void check_filter_text(const std::string& text, const std::string& pointer,
                       sagas::Problems& problems) {
    if (text.empty()) {
        problems.add("wrong-value", pointer, "the text is empty", "leave it out to get any");
    } else if (text.size() > kFilterTextBytesMax) {
        problems.add("too-long", pointer,
                     std::to_string(text.size()) + " bytes, of at most " +
                         std::to_string(kFilterTextBytesMax));
    }
}

EventFilter::Text read_prefix(const Json& json, const std::string& pointer,
                              sagas::Problems& problems) {
    EventFilter::Text wanted{{}, EventFilter::Text::How::Prefix};
    sagas::ObjectReader reader(json, pointer, problems);
    reader.require("prefix", "add \"prefix\", or write the text itself");
    if (const std::string* const text = reader.text("prefix")) {
        wanted.text = *text;
        check_filter_text(*text, reader.pointer("prefix"), problems);
    }
    reader.refuse_others();
    return wanted;
}

std::optional<EventFilter::Text> read_filter_text(sagas::ObjectReader& filter,
                                                  const std::string& field,
                                                  sagas::Problems& problems) {
    const Json* const value = filter.any(field);
    if (value == nullptr) return std::nullopt;
    const std::string pointer = filter.pointer(field);
    if (value->is_object()) return read_prefix(*value, pointer, problems);
    if (!value->is_string()) {
        problems.add("wrong-type", pointer,
                     sagas::expected("a string or {\"prefix\": a string}", *value));
        return std::nullopt;
    }
    EventFilter::Text wanted{value->get<std::string>(), EventFilter::Text::How::Exact};
    check_filter_text(wanted.text, pointer, problems);
    return wanted;
}

}  // namespace

sagas::Result<EventHead> read_event_head(std::string_view event) {
    HeadReader reader;
    const bool is_json = Json::sax_parse(event, &reader);
    EventHead head = reader.take();
    if (!is_json || head.type.empty() || head.source.empty()) {
        return sagas::fail(sagas::ErrorCode::Corruption, "event: it is no CloudEvent");
    }
    return head;
}

EventHead head_of(const Json& event) {
    const auto text = [&event](const char* name) {
        const auto found = event.find(name);
        return found != event.end() && found->is_string() ? found->get<std::string>()
                                                          : std::string();
    };
    return {text("type"), text("source"), text("subject"), text("skaldbridge")};
}

bool EventFilter::wants(const EventHead& event) const {
    return holds(type, event.type) && holds(source, event.source) && holds(subject, event.subject);
}

EventFilter read_event_filter(const Json& filter, const std::string& pointer,
                              sagas::Problems& problems) {
    sagas::ObjectReader reader(filter, pointer, problems);
    EventFilter read;
    read.type = read_filter_text(reader, "type", problems);
    read.source = read_filter_text(reader, "source", problems);
    read.subject = read_filter_text(reader, "subject", problems);
    reader.refuse_others();
    return read;
}

}  // namespace skald::engine
