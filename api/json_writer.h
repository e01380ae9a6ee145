#pragma once

#include <concepts>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "api/document.h"
#include "sagas/json.h"
#include "sagas/json_text.h"
#include "sagas/time.h"

namespace skald::api {

/// Writes one JSON document as text, in the order of the calls, with no Document in between: for
/// what is shown often. The text is the one that to_text gives for the equal Document.
///
///     to.begin_object();
///     to.member("id").text("a");
///     to.member("attempts").number(3);
///     to.end_object();             // {"id":"a","attempts":3}
class JsonWriter {
 public:
    JsonWriter();

    void begin_object() { open('{'); }
    void end_object() { out_ += '}'; }
    void begin_array() { open('['); }
    void end_array() { out_ += ']'; }

    /// The value that comes next is the member's of this name, which is one of our own: it is not
    /// escaped.
    JsonWriter& member(std::string_view name);
    /// The same for a name from outside.
    JsonWriter& foreign_member(std::string_view name);

    // ---- Values: the document, a member's, or the next element of an array.

    void boolean(bool value) { raw(value ? "true" : "false"); }
    void number(std::integral auto value);
    void text(std::string_view value);
    void time(sagas::Timestamp value);
    void value(const Document& json) { raw(to_text(json)); }
    void value(const sagas::Json& json);
    /// One that is text already.
    void raw(std::string_view json);

    // ---- Members that are left out when there is nothing to say.

    void time_if_any(std::string_view name, std::optional<sagas::Timestamp> value);
    void text_unless_empty(std::string_view name, std::string_view value);

    /// The document; its end.
    std::string take() { return std::move(out_); }

 private:
    /// Writes the comma, where one is due.
    void separate();
    void open(char bracket);

    std::string out_;
};

void JsonWriter::number(std::integral auto value) {
    separate();
    sagas::append_number(out_, value);
}

}  // namespace skald::api
