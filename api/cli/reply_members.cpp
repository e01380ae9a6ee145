#include "api/cli/reply_members.h"

namespace skald::cli {
namespace {

const Document* find(const Document& object, const char* name) {
    if (!object.is_object()) return nullptr;
    const auto found = object.find(name);
    return found == object.end() ? nullptr : &*found;
}

}  // namespace

std::string text_of(const Document& object, const char* name) {
    const Document* member = find(object, name);
    return member != nullptr && member->is_string() ? member->get<std::string>() : "";
}

std::string number_of(const Document& object, const char* name) {
    const Document* member = find(object, name);
    return member != nullptr && member->is_number() ? member->dump() : "";
}

std::string place_of(const Document& object) {
    const std::string item = number_of(object, "item");
    return text_of(object, "step") + (item.empty() ? "" : "/" + item);
}

bool is_true(const Document& object, const char* name) {
    const Document* member = find(object, name);
    return member != nullptr && member->is_boolean() && member->get<bool>();
}

const Document& list_of(const Document& object, const char* name) {
    static const Document kNone = Document::array();
    const Document* member = find(object, name);
    return member != nullptr && member->is_array() ? *member : kNone;
}

const Document& object_of(const Document& object, const char* name) {
    static const Document kNone = Document::object();
    const Document* member = find(object, name);
    return member != nullptr && member->is_object() ? *member : kNone;
}

std::string json_of(const Document& object, const char* name) {
    const Document* member = find(object, name);
    if (member == nullptr || member->is_null()) return "";
    return member->dump(-1, ' ', false, Document::error_handler_t::replace);
}

}  // namespace skald::cli
