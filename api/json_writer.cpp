#include "api/json_writer.h"

#include <cstddef>

#include "sagas/json_text.h"

namespace skald::api {
namespace {

constexpr std::size_t kUsualBytes = 2'048;

}  // namespace

JsonWriter::JsonWriter() { out_.reserve(kUsualBytes); }

JsonWriter& JsonWriter::member(std::string_view name) {
    separate();
    out_ += '"';
    out_ += name;
    out_ += "\":";
    return *this;
}

JsonWriter& JsonWriter::foreign_member(std::string_view name) {
    text(name);
    out_ += ':';
    return *this;
}

void JsonWriter::text(std::string_view value) {
    separate();
    sagas::append_json_string(out_, value, sagas::NotUtf8::Replaced);
}

void JsonWriter::value(const sagas::Json& json) {
    separate();
    sagas::append_json(out_, json, sagas::NotUtf8::Replaced);
}

void JsonWriter::raw(std::string_view json) {
    separate();
    out_ += json;
}

void JsonWriter::time(sagas::Timestamp value) { text(sagas::to_rfc3339(value)); }

void JsonWriter::time_if_any(std::string_view name, std::optional<sagas::Timestamp> value) {
    if (value) member(name).time(*value);
}

void JsonWriter::text_unless_empty(std::string_view name, std::string_view value) {
    if (!value.empty()) member(name).text(value);
}

void JsonWriter::separate() {
    if (out_.empty()) return;
    const char last = out_.back();
    if (last != '{' && last != '[' && last != ':') out_ += ',';
}

void JsonWriter::open(char bracket) {
    separate();
    out_ += bracket;
}

}  // namespace skald::api
