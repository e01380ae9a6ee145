#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace skald::api {

enum class LogFormat : std::uint8_t { Text, Json };
enum class LogLevel : std::uint8_t { Debug, Info, Warning, Error };

/// Sends what spdlog logs, in this whole process, to standard error: one line for each fact, in
/// UTC. Json: {"time", "level", "message"}. Control characters in a message are escaped, so that
/// nothing from outside makes a line of its own.
void set_up_logging(LogFormat format, LogLevel level);

/// While it lives, what its thread logs is dropped: rehearsals use parts that have much to say.
/// Sets logging up where nobody did. Threads: lives on one.
class MutedLog {
 public:
    MutedLog();
    ~MutedLog();
    MutedLog(const MutedLog&) = delete;
    MutedLog& operator=(const MutedLog&) = delete;
};

/// As `--log-format` and `--log-level` spell them. None: there is no such.
std::optional<LogFormat> to_log_format(std::string_view text);
std::optional<LogLevel> to_log_level(std::string_view text);

}  // namespace skald::api
