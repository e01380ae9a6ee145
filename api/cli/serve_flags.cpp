#include "api/cli/serve_flags.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>

#include "api/cli/flag_checks.h"
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

std::string folder_of(const std::string& file) {
    const auto folder = std::filesystem::path(file).parent_path();
    return folder.empty() ? "." : folder.string();
}

}  // namespace

void add_serve_flags(CLI::App& command, ServeFlags& flags) {
    const auto text = [&command](const char* name, std::string& value, const char* type,
                                 const char* about) {
        command.add_option(name, value, about)->type_name(type)->capture_default_str();
    };
    const auto list = [&command](const char* name, std::vector<std::string>& values,
                                 const char* type, const char* about) {
        command.add_option(name, values, about)
            ->type_name(type)
            ->delimiter(',')
            ->allow_extra_args(false);
    };
    const auto number = [&command](const char* name, unsigned& value, unsigned least, unsigned most,
                                   const char* about) {
        between(*command.add_option(name, value, about)->capture_default_str(), least, most);
    };
    const auto choice = [&command](const char* name, std::string& value,
                                   const std::vector<std::string>& choices, const char* about) {
        choose(*command.add_option(name, value, about)->capture_default_str(), choices);
    };

    text("--db", flags.db, "FILE", "The database file; made if it isn't there");
    text("--backup-dir", flags.backup_dir, "DIR",
         "Where backups are written; default: the folder of the database");
    text("--listen", flags.listen, "HOST:PORT", "Where to serve; port 0 takes a free one");
    text("--ops-listen", flags.ops_listen, "HOST:PORT",
         "Where /healthz, /readyz and /metrics are served on threads of their own");
    text("--public-url", flags.public_url, "URL",
         "How others reach this server; participants that call back need it");
    list("--allow-host", flags.allow_hosts, "HOST", "A further Host to answer to");
    number("--threads", flags.threads, 2, 10'000,
           "Requests that are worked on at once; waits take no thread");
    number("--calls-per-origin", flags.calls_per_origin, 1, 20'000,
           "Calls in flight to one participant");
    list("--retain", flags.retain, "STATUS=DURATION",
         "Deletes sagas that ended as completed, compensated or abandoned by age; default: never");
    choice("--synchronous", flags.synchronous, {"full", "normal"},
           "full survives power loss; normal is faster, and may lose the last moments");
    command.add_flag("--accept-clock", flags.is_clock_accepted,
                     "Starts although the database is more than 1 h ahead of the clock");
    command.add_flag("--insecure", flags.is_insecure,
                     "Serves other machines without a token (see SKALD_TOKEN)");
    text("--ca-file", flags.ca_file, "FILE",
         "Certificates (PEM) to trust in calls, instead of the system's");
    text("--secrets-dir", flags.secrets_dir, "DIR",
         "Where $secrets of definitions lie, each in a file of its name");
    text("--port-file", flags.port_file, "FILE", "Where the port is written once it listens");
    choice("--log-format", flags.log_format, {"text", "json"}, "How log lines look");
    choice("--log-level", flags.log_level, {"debug", "info", "warn", "error"},
           "Which log lines are written");
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
    options.backup_dir = flags.backup_dir.empty() ? folder_of(flags.db) : flags.backup_dir;
    options.threads = flags.threads;
    options.calls_per_origin = flags.calls_per_origin;
    options.synchronous =
        flags.synchronous == "normal" ? api::Synchronous::Normal : api::Synchronous::Full;
    options.accept_clock = flags.is_clock_accepted ? api::AcceptClock::Yes : api::AcceptClock::No;
    options.ca_file = flags.ca_file;
    options.secrets_dir = flags.secrets_dir;
    options.port_file = flags.port_file;
    return options;
}

}  // namespace skald::cli
