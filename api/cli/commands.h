#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "api/cli/console.h"
#include "api/server_client.h"
#include "sagas/result.h"
#include "sagas/time.h"

/// The commands of `skald`, but for `serve` and `version`.
namespace skald::cli {

using api::ServerClient;

/// Registers each file's definition; "-" is standard input. Goes on after one that is refused.
Exit apply(Console& console, ServerClient& server, const std::vector<std::string>& files);

/// Checks each file here, without a server.
Exit lint(Console& console, const std::vector<std::string>& files);

struct StartOptions {
    std::string definition;
    std::string input;  ///< A file, or "-".
    std::optional<std::string> id;
    std::optional<std::string> key;  ///< None: a random one, so that a broken connection is safe.
    std::optional<std::uint32_t> version;
    std::vector<std::string> labels;  ///< "key=value"
    enum class Wait : std::uint8_t { No, UntilTime, UntilRest } wait = Wait::No;
    sagas::Milliseconds wait_time{0};  ///< With UntilTime.
};
/// With a wait, survives a server that is restarted meanwhile.
Exit start(Console& console, ServerClient& server, const StartOptions& options);

Exit show(Console& console, ServerClient& server, const std::string& id);
Exit history(Console& console, ServerClient& server, const std::string& id);

struct ListOptions {
    std::vector<std::string> statuses;
    std::optional<std::string> definition;
    std::size_t limit = 50;
};
Exit list(Console& console, ServerClient& server, const ListOptions& options);

struct CancelOptions {
    std::string id;
    std::string reason;
    std::optional<std::string> key;
};
Exit cancel(Console& console, ServerClient& server, const CancelOptions& options);

/// The JSON in `file`, or on standard input for "-".
/// Errors: NotFound, InvalidArgument; the message starts with the file's name.
sagas::Result<sagas::Json> read_json_file(Console& console, const std::string& file);

}  // namespace skald::cli
