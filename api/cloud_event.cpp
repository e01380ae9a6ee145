#include "api/cloud_event.h"
#include "engine/base64.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "sagas/ascii.h"
#include "sagas/did_you_mean.h"
#include "sagas/object_reader.h"
#include "sagas/utf8.h"

namespace skald::api {
namespace {

using sagas::Json;

constexpr std::size_t kAttributeNameMax = 20;
constexpr std::array<std::string_view, 3> kTextsOfSagas{"sagaid", "sagastep", "sagakey"};

const std::vector<std::string>& attribute_names() {
    static const std::vector<std::string> kNames{
        "specversion", "id",     "source",   "type", "subject",     "time",    "datacontenttype",
        "dataschema",  "sagaid", "sagastep", "data", "data_base64", "sagakey", "sagaphase"};
    return kNames;
}

/// U+0000 to U+001F, and U+007F to U+009F.
bool has_control(std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        if (byte < 0x20 || byte == 0x7f) return true;
        const bool is_c1 =
            byte == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0;
        if (is_c1) return true;
    }
    return false;
}

/// The characters of a URI (RFC 3986, 2).
constexpr sagas::ByteSet kUriBytes = [] {
    sagas::ByteSet set{};
    for (const char byte : std::string_view("0123456789"
                                            "abcdefghijklmnopqrstuvwxyz"
                                            "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                            "-._~:/?#[]@!$&'()*+,;=%")) {
        set[static_cast<unsigned char>(byte)] = true;
    }
    return set;
}();

bool is_uri_reference(std::string_view text) {
    constexpr std::string_view kHex = "0123456789abcdefABCDEF";
    if (!sagas::has_all(kUriBytes, text)) return false;
    for (std::size_t at = text.find('%'); at != std::string_view::npos;
         at = text.find('%', at + 1)) {
        const std::string_view escape = text.substr(at + 1, 2);
        if (escape.size() < 2 || escape.find_first_not_of(kHex) != std::string_view::npos) {
            return false;
        }
    }
    return true;
}

/// With a scheme.
bool is_uri(std::string_view text) {
    const std::size_t colon = text.find(':');
    return is_uri_reference(text) && colon != std::string_view::npos && colon > 0 &&
           text.find_first_of("/?#") > colon;
}

bool is_media_type(std::string_view text) {
    const std::string_view name = text.substr(0, std::min(text.find(';'), text.find(' ')));
    const std::size_t slash = name.find('/');
    return slash != std::string_view::npos && sagas::is_http_token(name.substr(0, slash)) &&
           sagas::is_http_token(name.substr(slash + 1));
}

/// Reads one event, and notes what is wrong with it.
class EventChecker {
 public:
    EventChecker(const Json& event, const std::string& pointer, EventsFrom from,
                 sagas::Problems& problems)
        : event_(event), pointer_(pointer), from_(from), problems_(problems) {}

    bool check() {
        check_known();
        for (const auto& [name, value] : event_.get_ref<const Json::object_t&>()) {
            check_other(name, value);
        }
        return is_good_;
    }

 private:
    void check_known() {
        check_version();
        required("id", "what tells it from the others of its source");
        if (const auto* source = required("source", "who publishes it, such as \"/shop\"")) {
            check_source(*source);
        }
        required("type", "what happened, such as \"order.placed\"");
        text("subject");
        if (const auto* time = text("time"); time != nullptr && !sagas::parse_rfc3339(*time)) {
            bad("time", "must be a time in RFC 3339", "such as \"2026-11-21T22:32:28Z\"");
        }
        if (const auto* type = text("datacontenttype"); type != nullptr && !is_media_type(*type)) {
            bad("datacontenttype", "must be a media type", "such as \"application/json\"");
        }
        if (const auto* schema = text("dataschema"); schema != nullptr && !is_uri(*schema)) {
            bad("dataschema", "must be a URI", "such as \"https://example.org/order.json\"");
        }
        check_data();
        check_saga();
    }

    void check_version() {
        const auto* version = required("specversion", "\"1.0\"");
        if (version != nullptr && *version != "1.0") {
            bad("specversion", "must be \"1.0\", but is " + sagas::in_quotes(*version, 20), "");
        }
    }

    void check_source(const std::string& source) {
        if (!is_uri_reference(source)) {
            bad("source", "must be a URI or a reference to one",
                "such as \"/shop\"; encode other characters as %XX");
        } else if (from_ == EventsFrom::Bridge) {
            return;
        } else if (source.starts_with(kSagaSources)) {
            bad("source",
                "must not begin with " + sagas::in_quotes(kSagaSources) +
                    ": such events are written by sagas alone",
                "say who publishes this one");
        } else if (source.starts_with(kBridgeSources)) {
            bad("source",
                "must not begin with " + sagas::in_quotes(kBridgeSources) +
                    ": such events come in over bridges alone",
                "say who publishes this one");
        }
    }

    void check_data() {
        const Json* bytes = member("data_base64");
        if (bytes == nullptr) return;
        if (event_.contains("data")) {
            bad("data_base64", "must not stand beside \"data\"", "send one of them");
        } else if (!bytes->is_string() ||
                   !engine::from_base64(bytes->get_ref<const std::string&>())) {
            bad("data_base64", "must be bytes in base64, with padding", "");
        }
    }

    void check_saga() {
        for (const std::string_view name : kTextsOfSagas) text(std::string(name));
        const auto* phase = text("sagaphase");
        if (phase != nullptr && *phase != "action" && *phase != "compensation") {
            bad("sagaphase", "must be \"action\" or \"compensation\"", "");
        }
    }

    /// Extensions.
    void check_other(const std::string& name, const Json& value) {
        const auto& known = attribute_names();
        if (std::find(known.begin(), known.end(), name) != known.end()) return;
        if (!is_attribute_name(name)) {
            std::string hint = sagas::did_you_mean_hint(name, known);
            if (hint.empty()) {
                hint =
                    "those are 1 to 20 lower case letters and digits; what is yours goes into "
                    "\"data\"";
            }
            add("bad-name", name, sagas::in_quotes(name) + " can't be the name of an attribute",
                std::move(hint));
        } else if (value.is_string()) {
            check_characters(name, value.get_ref<const std::string&>());
        } else if (!value.is_number() && !value.is_boolean()) {
            add("wrong-type", name, sagas::expected("a text, a number or a boolean", value),
                "what has structure goes into \"data\"");
        }
    }

    /// Null: absent, or noted.
    const std::string* required(const std::string& name, const char* hint) {
        if (event_.contains(name)) return text(name);
        problems_.add("missing-field", pointer_, sagas::in_quotes(name) + " is missing", hint);
        is_good_ = false;
        return nullptr;
    }
    const std::string* text(const std::string& name) {
        const Json* value = member(name);
        if (value == nullptr) return nullptr;
        if (!value->is_string()) {
            add("wrong-type", name, sagas::expected("a string", *value), "");
            return nullptr;
        }
        const auto& found = value->get_ref<const std::string&>();
        return check_text(name, found) ? &found : nullptr;
    }
    bool check_text(const std::string& name, const std::string& found) {
        if (!found.empty()) return check_characters(name, found);
        bad(name, "must not be empty", "");
        return false;
    }
    bool check_characters(const std::string& name, const std::string& found) {
        if (!has_control(found)) return true;
        bad(name, "must not hold control characters", "");
        return false;
    }
    const Json* member(const std::string& name) const {
        const auto found = event_.find(name);
        return found == event_.end() ? nullptr : &*found;
    }

    void bad(const std::string& name, std::string detail, std::string hint) {
        add("wrong-value", name, std::move(detail), std::move(hint));
    }
    void add(const char* code, const std::string& name, std::string detail, std::string hint) {
        problems_.add(code, pointer_ + '/' + sagas::escape_pointer_token(name), std::move(detail),
                      std::move(hint));
        is_good_ = false;
    }

    const Json& event_;
    const std::string& pointer_;
    const EventsFrom from_;
    sagas::Problems& problems_;
    bool is_good_ = true;
};

void drop_nulls(Json& event) {
    for (auto member = event.begin(); member != event.end();) {
        const bool is_unset = member.value().is_null() && member.key() != "data";
        member = is_unset ? event.erase(member) : std::next(member);
    }
}

}  // namespace

bool is_attribute_name(std::string_view name) {
    return !name.empty() && name.size() <= kAttributeNameMax &&
           std::all_of(name.begin(), name.end(),
                       [](char c) { return (c >= 'a' && c <= 'z') || sagas::is_digit(c); });
}

std::optional<Json> read_cloud_event(Json event, const std::string& pointer, sagas::Timestamp now,
                                     sagas::Problems& problems, EventsFrom from) {
    if (!event.is_object()) {
        problems.add("wrong-type", pointer, sagas::expected("an object: an event", event), "");
        return std::nullopt;
    }
    drop_nulls(event);
    if (!EventChecker(event, pointer, from, problems).check()) return std::nullopt;
    event.erase(kBridgeAttribute);
    if (!event.contains("time")) event["time"] = sagas::to_rfc3339(now);
    return event;
}

}  // namespace skald::api
