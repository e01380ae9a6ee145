#pragma once

#include <memory>
#include <string>
#include <vector>

#include "api/serve_options.h"
#include "sagas/result.h"

namespace CLI {
class App;
}

namespace skald::cli {

/// The flags of `skald serve` as they were given; read by `to_options` once all are parsed.
struct ServeFlags {
    std::string db = "skald.db";
    std::string backup_dir;
    std::string listen = "127.0.0.1:8080";
    std::string ops_listen;
    std::string public_url;
    std::vector<std::string> allow_hosts;
    unsigned threads = 64;
    unsigned calls_per_origin = 256;
    std::vector<std::string> retain;
    std::string synchronous = "full";
    bool is_clock_accepted = false;
    bool is_insecure = false;
    std::string ca_file;
    std::string secrets_dir;
    std::string port_file;
    std::string log_format = "text";
    std::string log_level = "info";
};

void add_serve_flags(CLI::App& command, ServeFlags& flags);

/// Checks what was given. `token`: of SKALD_TOKEN. Errors: InvalidArgument, which names the flag.
sagas::Result<api::ServeOptions> to_options(const ServeFlags& flags, const std::string& token);

}  // namespace skald::cli
