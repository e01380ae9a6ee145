#include "api/cli/event_stream_reader.h"

#include <utility>

namespace skald::cli {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

}  // namespace

sagas::Result<void> EventStreamReader::feed(std::string_view bytes) {
    for (const char byte : bytes) {
        const bool is_second_half = is_after_cr_ && byte == '\n';
        is_after_cr_ = byte == '\r';
        if (is_second_half) continue;
        if (byte == '\n' || byte == '\r') {
            end_line();
            continue;
        }
        line_ += byte;
        if (line_.size() + event_.data.size() > kEventBytesMax) {
            return sagas::fail(
                sagas::ErrorCode::InvalidArgument,
                "an event of more than " + std::to_string(kEventBytesMax) + " bytes");
        }
    }
    return {};
}

std::vector<ServerEvent> EventStreamReader::take() { return std::exchange(events_, {}); }

void EventStreamReader::end_line() {
    std::string_view line = line_;
    if (std::exchange(is_first_line_, false) && line.starts_with(kByteOrderMark)) {
        line.remove_prefix(kByteOrderMark.size());
    }
    if (line.empty()) {
        dispatch();
    } else if (const auto colon = line.find(':'); colon == std::string_view::npos) {
        take_field(line, "");
    } else {
        std::string_view value = line.substr(colon + 1);
        if (value.starts_with(' ')) value.remove_prefix(1);
        take_field(line.substr(0, colon), value);  // A comment is a field without a name.
    }
    line_.clear();
}

void EventStreamReader::take_field(std::string_view name, std::string_view value) {
    if (name == "data") {
        if (has_data_) event_.data += '\n';
        event_.data += value;
        has_data_ = true;
    } else if (name == "event") {
        event_.type = value;
    } else if (name == "id" && value.find('\0') == std::string_view::npos) {
        event_.id = value;
    }
}

void EventStreamReader::dispatch() {
    if (has_data_) {
        if (event_.type.empty()) event_.type = "message";
        events_.push_back(event_);
    }
    event_.type.clear();
    event_.data.clear();
    has_data_ = false;
}

}  // namespace skald::cli
