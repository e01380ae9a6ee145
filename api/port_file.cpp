#include "api/port_file.h"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <fstream>
#include <system_error>

namespace skald::api {

sagas::Result<void> write_port_file(const std::string& path, std::uint16_t port) {
    if (path.empty()) return {};
    const std::string fresh = path + "." + std::to_string(getpid());
    errno = 0;
    {
        std::ofstream stream(fresh, std::ios::trunc);
        stream << port << '\n';
        stream.close();
        if (stream && std::rename(fresh.c_str(), path.c_str()) == 0) return {};
    }
    const std::string reason = std::generic_category().message(errno);
    std::remove(fresh.c_str());
    return sagas::fail(sagas::ErrorCode::Unavailable, "write port file " + path + ": " + reason);
}

}  // namespace skald::api
