#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "api/listen_address.h"
#include "api/logging.h"
#include "store/store.h"

namespace skald::api {

enum class Synchronous : std::uint8_t { Full, Normal };
enum class AcceptClock : std::uint8_t { No, Yes };

/// What `skald serve` was asked for.
struct ServeOptions {
    std::string db = "skald.db";
    std::string backup_dir = ".";  ///< Where backups are written; unless given, beside `db`.
    ListenAddress listen{"127.0.0.1", 8080};
    std::optional<ListenAddress> ops_listen;
    std::string public_url;  ///< Empty: none.
    std::vector<std::string> allow_hosts;
    std::string token;  ///< Empty: none needed.
    std::size_t threads = 64;
    std::size_t calls_per_origin = 256;
    store::Retention retention;
    Synchronous synchronous = Synchronous::Full;
    AcceptClock accept_clock = AcceptClock::No;
    std::string ca_file;          ///< Empty: the system's.
    std::string secrets_dir;      ///< Of $secrets, a file each; empty: none.
    std::string credentials_dir;  ///< The same, from systemd; empty: none.
    std::string port_file;        ///< Empty: none.
    LogFormat log_format = LogFormat::Text;
    LogLevel log_level = LogLevel::Info;
};

}  // namespace skald::api
