#include "api/logging.h"

#include <spdlog/formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>

#include "sagas/time.h"

namespace skald::api {
namespace {

std::string time_of(const spdlog::details::log_msg& message) {
    return sagas::to_rfc3339(std::chrono::time_point_cast<sagas::Milliseconds>(message.time));
}

std::string_view level_of(const spdlog::details::log_msg& message) {
    const auto text = spdlog::level::to_string_view(message.level);
    return {text.data(), text.size()};
}

/// JSON's escapes, without the quotes around.
std::string escaped(std::string_view text) {
    const std::string quoted =
        nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    return quoted.substr(1, quoted.size() - 2);
}

bool is_plain(std::string_view text) {
    for (const char c : text) {
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return false;
    }
    return true;
}

class TextLines : public spdlog::formatter {
 public:
    void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& line) override {
        const std::string_view text(message.payload.data(), message.payload.size());
        std::string written = time_of(message);
        written.append(1, ' ').append(level_of(message)).append(1, ' ');
        written.append(is_plain(text) ? std::string(text) : escaped(text)).append(1, '\n');
        line.append(written.data(), written.data() + written.size());
    }
    std::unique_ptr<formatter> clone() const override { return std::make_unique<TextLines>(); }
};

class JsonLines : public spdlog::formatter {
 public:
    void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& line) override {
        const std::string_view text(message.payload.data(), message.payload.size());
        std::string written = R"({"time":")" + time_of(message) + R"(","level":")";
        written.append(level_of(message)).append(R"(","message":")");
        written.append(escaped(text)).append("\"}\n");
        line.append(written.data(), written.data() + written.size());
    }
    std::unique_ptr<formatter> clone() const override { return std::make_unique<JsonLines>(); }
};

spdlog::level::level_enum to_spdlog(LogLevel level) {
    switch (level) {
        case LogLevel::Debug:
            return spdlog::level::debug;
        case LogLevel::Info:
            return spdlog::level::info;
        case LogLevel::Warning:
            return spdlog::level::warn;
        case LogLevel::Error:
            return spdlog::level::err;
    }
    return spdlog::level::info;
}

thread_local int muted_by = 0;  ///< So many MutedLog live on this thread.

class Logger : public spdlog::logger {
 public:
    using spdlog::logger::logger;

 private:
    void sink_it_(const spdlog::details::log_msg& message) override {
        if (muted_by == 0) spdlog::logger::sink_it_(message);
    }
};

}  // namespace

MutedLog::MutedLog() {
    if (dynamic_cast<Logger*>(spdlog::default_logger_raw()) == nullptr) {
        set_up_logging(LogFormat::Text, LogLevel::Info);
    }
    ++muted_by;
}
MutedLog::~MutedLog() { --muted_by; }

void set_up_logging(LogFormat format, LogLevel level) {
    auto logger =
        std::make_shared<Logger>("skald", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    if (format == LogFormat::Json) {
        logger->set_formatter(std::make_unique<JsonLines>());
    } else {
        logger->set_formatter(std::make_unique<TextLines>());
    }
    logger->set_level(to_spdlog(level));
    spdlog::set_default_logger(std::move(logger));
}

std::optional<LogFormat> to_log_format(std::string_view text) {
    if (text == "text") return LogFormat::Text;
    if (text == "json") return LogFormat::Json;
    return std::nullopt;
}

std::optional<LogLevel> to_log_level(std::string_view text) {
    if (text == "debug") return LogLevel::Debug;
    if (text == "info") return LogLevel::Info;
    if (text == "warn") return LogLevel::Warning;
    if (text == "error") return LogLevel::Error;
    return std::nullopt;
}

}  // namespace skald::api
