#include "api/cli/json_file.h"

#include "api/cli/text_file.h"

namespace skald::cli {
namespace {

constexpr std::size_t kBytesMax = 64u << 20;  ///< A server takes less, and says so.

}  // namespace

sagas::Result<sagas::Json> read_json_file(Console& console, const std::string& file) {
    const std::string name = file == "-" ? "standard input" : file;
    const auto text =
        file == "-" ? read_text(console.in(), name, kBytesMax) : read_text_file(file, kBytesMax);
    if (!text) return tl::unexpected(text.error());
    auto json = sagas::parse_json(*text);
    if (!json) {
        return sagas::fail(sagas::ErrorCode::InvalidArgument, name + ": " + json.error().message);
    }
    return json;
}

std::string body_text(const sagas::Json& body) {
    return body.dump(-1, ' ', false, sagas::Json::error_handler_t::replace);
}

}  // namespace skald::cli
