#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "api/route.h"
#include "sagas/json.h"
#include "sagas/time.h"

namespace skald::api {

/// JSON as we show it: members in the order in which people want to read them.
using Document = nlohmann::ordered_json;

/// Null for the null pointer.
Document to_document(const sagas::Value& value);

/// Sets `name` unless there is nothing to say.
void set_time(Document& document, const char* name, std::optional<sagas::Timestamp> time);
void set_text(Document& document, const char* name, const std::string& text);

/// Compact JSON. Bytes that are no UTF-8 become U+FFFD: it can't fail on what participants sent.
std::string to_text(const Document& document);

/// An answer with `document` as its body.
Reply json_reply(int status, const Document& document);
/// The same for one that is text already.
Reply json_text_reply(int status, std::string text);

}  // namespace skald::api
