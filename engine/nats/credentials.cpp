#include "engine/nats/credentials.h"

#include <optional>

namespace skald::engine {
namespace {

constexpr std::string_view kBlanks = " \t\r\n";

std::string_view trimmed(std::string_view text) {
    const std::size_t first = text.find_first_not_of(kBlanks);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

/// What stands between "-----BEGIN NAME-----" and the next line of dashes. Their number differs.
std::optional<std::string> block(std::string_view text, std::string_view name) {
    const std::size_t begin = text.find("BEGIN " + std::string(name));
    if (begin == std::string_view::npos) return std::nullopt;
    const std::size_t line_end = text.find('\n', begin);
    if (line_end == std::string_view::npos) return std::nullopt;
    const std::string_view rest = text.substr(line_end + 1);
    const std::size_t end = rest.find("---");
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view inner = trimmed(rest.substr(0, end));
    if (inner.empty() || inner.find_first_of(kBlanks) != std::string_view::npos)
        return std::nullopt;
    return std::string(inner);
}

}  // namespace

tl::expected<NatsCredentials, std::string> read_credentials(std::string_view text) {
    auto jwt = block(text, "NATS USER JWT");
    if (!jwt) return tl::unexpected<std::string>("the credentials hold no NATS USER JWT");
    auto seed = block(text, "USER NKEY SEED");
    if (!seed) return tl::unexpected<std::string>("the credentials hold no USER NKEY SEED");
    return NatsCredentials{std::move(*jwt), std::move(*seed)};
}

}  // namespace skald::engine
