#include "api/cli/text_file.h"

#include <array>
#include <fstream>

namespace skald::cli {

sagas::Result<std::string> read_text_file(const std::string& name, std::size_t bytes_max) {
    std::ifstream stream(name, std::ios::binary);
    return read_text(stream, name, bytes_max);
}

sagas::Result<std::string> read_text(std::istream& stream, const std::string& name,
                                     std::size_t bytes_max) {
    std::string text;
    std::array<char, 16'384> piece{};
    while (stream) {
        // Not by iterators: they throw for a directory.
        stream.read(piece.data(), piece.size());
        text.append(piece.data(), static_cast<std::size_t>(stream.gcount()));
        if (text.size() > bytes_max) {
            return sagas::fail(
                sagas::ErrorCode::InvalidArgument,
                name + ": is larger than " + std::to_string(bytes_max >> 20) + " MiB");
        }
    }
    if (!stream.eof() || stream.bad()) {
        return sagas::fail(sagas::ErrorCode::NotFound, name + ": can't be read");
    }
    return text;
}

}  // namespace skald::cli
