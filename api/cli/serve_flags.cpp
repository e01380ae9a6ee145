#include "api/cli/serve_flags.h"

#include <CLI/CLI.hpp>
#include <algorithm>

#include "sagas/time.h"

namespace skald::cli {
namespace {

using sagas::ErrorCode;

tl::unexpected<sagas::Error> bad(const std::string& flag, const std::string& why) {
    return sagas::fail(ErrorCode::InvalidArgument, flag + ": " + why);
}

/// Adds "completed=7d" to `retention`.
sagas::Result<void> read_retention(const std::string& text, store::Retention& retention) {
    const auto equals = text.find('=');
    const std::string status = text.substr(0, equals);
    std::optional<sagas::Milliseconds>* age = nullptr;
    if (status == "completed") age = &retention.completed;
    if (status == "compensated") age = &retention.compensated;
    if (status == "abandoned") age = &retention.abandoned;
    if (age == nullptr || equals == std::string::npos) {
        return bad("--retain", "\"" + text +
                                   "\" must be STATUS=DURATION, with completed, compensated or "
                                   "abandoned, such as completed=7d");
    }
    const auto duration = sagas::parse_duration(text.substr(equals + 1));
    if (!duration) return bad("--retain", status + ": " + duration.error().message);
    *age = *duration;
    return {};
}

sagas::Result<void> check_secured(const ServeFlags& flags, const api::ListenAddress& address,
                                  const std::string& token, const std::string& flag) {
    if (api::is_loopback(address.host) || flags.is_insecure || !token.empty()) return {};
    return bad(flag, api::to_text(address) +
                         " can be reached from other machines: set SKALD_TOKEN, which clients must "
                         "then send, or say --insecure");
}

bool is_url(const std::string& text) {
    const auto host = text.find("://");
    return (text.starts_with("http://") || text.starts_with("https://")) &&
           host + 3 < text.size() && text[host + 3] != '/' &&
           text.find_first_of(" \t\r\n\"<>\\^`{|}") == std::string::npos;
}

sagas::Result<void> read_addresses(const ServeFlags& flags, const std::string& token,
                                   api::ServeOptions& options) {
    auto listen = api::parse_listen_address(flags.listen);
    if (!listen) return bad("--listen", listen.error().message);
    options.listen = std::move(*listen);
    if (auto secured = check_secured(flags, options.listen, token, "--listen"); !secured) {
        return secured;
    }
    if (!flags.ops_listen.empty()) {
        auto ops = api::parse_listen_address(flags.ops_listen);
        if (!ops) return bad("--ops-listen", ops.error().message);
        options.ops_listen = std::move(*ops);
    }
    if (!flags.public_url.empty() && !is_url(flags.public_url)) {
        return bad("--public-url",
                   "\"" + flags.public_url + "\" is no URL such as https://skald.example");
    }
    options.public_url = flags.public_url;
    options.allow_hosts = flags.allow_hosts;
    return {};
}

sagas::Result<void> read_logging(const ServeFlags& flags, api::ServeOptions& options) {
    const auto format = api::to_log_format(flags.log_format);
    if (!format) return bad("--log-format", "must be text or json");
    const auto level = api::to_log_level(flags.log_level);
    if (!level) return bad("--log-level", "must be debug, info, warn or error");
    options.log_format = *format;
    options.log_level = *level;
    return {};
}

}  // namespace

void add_serve_flags(CLI::App& command, ServeFlags& flags) {
    command.add_option("--db", flags.db, "The database file; made if it isn't there")
        ->envname("SKALD_DB")
        ->capture_default_str();
    command.add_option("--listen", flags.listen, "HOST:PORT to serve on; port 0 takes a free one")
        ->envname("SKALD_LISTEN")
        ->capture_default_str();
    command
        .add_option("--ops-listen", flags.ops_listen,
                    "HOST:PORT for /healthz, /readyz and /metrics on threads of their own")
        ->envname("SKALD_OPS_LISTEN");
    command.add_option("--public-url", flags.public_url, "URL that others reach this server by")
        ->envname("SKALD_PUBLIC_URL");
    command
        .add_option("--allow-host", flags.allow_hosts, "A further Host to answer to; repeatable")
        ->envname("SKALD_ALLOW_HOST")
        ->delimiter(',')
        ->allow_extra_args(false);
    command.add_option("--threads", flags.threads, "Connections that are served at once")
        ->envname("SKALD_THREADS")
        ->check(CLI::Range(2u, 10'000u))
        ->capture_default_str();
    command
        .add_option("--calls-per-origin", flags.calls_per_origin,
                    "Calls in flight to one participant")
        ->envname("SKALD_CALLS_PER_ORIGIN")
        ->check(CLI::Range(1u, 20'000u))
        ->capture_default_str();
    command
        .add_option("--retain", flags.retain,
                    "STATUS=DURATION: delete finished sagas by age; repeatable; default: never")
        ->envname("SKALD_RETAIN")
        ->delimiter(',')
        ->allow_extra_args(false);
    command
        .add_option("--synchronous", flags.synchronous,
                    "full: survives power loss; normal: faster, may lose the last moments")
        ->envname("SKALD_SYNCHRONOUS")
        ->check(CLI::IsMember({"full", "normal"}))
        ->capture_default_str();
    command
        .add_flag("--accept-clock", flags.is_clock_accepted,
                  "Start although the database is more than 1 h ahead of the clock")
        ->envname("SKALD_ACCEPT_CLOCK");
    command
        .add_flag("--insecure", flags.is_insecure,
                  "Serve other machines without a token (see SKALD_TOKEN)")
        ->envname("SKALD_INSECURE");
    command
        .add_option("--ca-file", flags.ca_file,
                    "Certificates to trust in calls, instead of the system's")
        ->envname("SKALD_CA_FILE");
    command.add_option("--port-file", flags.port_file, "Write the port to this file once ready")
        ->envname("SKALD_PORT_FILE");
    command.add_option("--log-format", flags.log_format, "text or json")
        ->envname("SKALD_LOG_FORMAT")
        ->capture_default_str();
    command.add_option("--log-level", flags.log_level, "debug, info, warn or error")
        ->envname("SKALD_LOG_LEVEL")
        ->capture_default_str();
}

sagas::Result<api::ServeOptions> to_options(const ServeFlags& flags, const std::string& token) {
    api::ServeOptions options;
    if (auto read = read_addresses(flags, token, options); !read)
        return tl::unexpected(read.error());
    if (auto read = read_logging(flags, options); !read) return tl::unexpected(read.error());
    for (const std::string& text : flags.retain) {
        if (auto read = read_retention(text, options.retention); !read) {
            return tl::unexpected(read.error());
        }
    }
    const bool is_printable =
        std::all_of(token.begin(), token.end(), [](char c) { return c > 0x20 && c < 0x7f; });
    if (!is_printable) return bad("SKALD_TOKEN", "must be printable ASCII without blanks");
    if (flags.db.empty()) return bad("--db", "must name a file");
    options.token = token;
    options.db = flags.db;
    options.threads = flags.threads;
    options.calls_per_origin = flags.calls_per_origin;
    options.synchronous =
        flags.synchronous == "normal" ? api::Synchronous::Normal : api::Synchronous::Full;
    options.accept_clock = flags.is_clock_accepted ? api::AcceptClock::Yes : api::AcceptClock::No;
    options.ca_file = flags.ca_file;
    options.port_file = flags.port_file;
    return options;
}

}  // namespace skald::cli
