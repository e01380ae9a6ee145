#include "api/document.h"

#include <utility>

namespace skald::api {

Document to_document(const sagas::Value& value) { return value ? Document(*value) : Document(); }

void set_time(Document& document, const char* name, std::optional<sagas::Timestamp> time) {
    if (time) document[name] = sagas::to_rfc3339(*time);
}

void set_text(Document& document, const char* name, const std::string& text) {
    if (!text.empty()) document[name] = text;
}

std::string to_text(const Document& document) {
    return document.dump(-1, ' ', false, Document::error_handler_t::replace);
}

Reply json_reply(int status, const Document& document) {
    return json_text_reply(status, to_text(document));
}

Reply json_text_reply(int status, std::string text) {
    return Reply{status, {}, "application/json", std::move(text)};
}

}  // namespace skald::api
