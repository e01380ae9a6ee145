#include "api/cli/time_text.h"

#include <algorithm>
#include <cstdio>

#include "api/cli/terminal_text.h"

namespace skald::cli {
namespace {

constexpr long long kSecond = 1'000, kMinute = 60 * kSecond, kHour = 60 * kMinute,
                    kDay = 24 * kHour;

}  // namespace

std::string time_text(const std::string& rfc3339) {
    std::string text = printable(rfc3339);
    if (text.size() > 10 && text[10] == 'T') text[10] = ' ';
    return text;
}

std::string duration_between(const std::string& from, const std::string& to) {
    const auto start = sagas::parse_rfc3339(from);
    const auto end = sagas::parse_rfc3339(to);
    if (!start || !end) return "";
    const long long ms = (*end - *start).count();
    char text[48];
    if (ms < kSecond) {
        std::snprintf(text, sizeof text, "%lld ms", ms);
    } else if (ms < kMinute) {
        std::snprintf(text, sizeof text, "%lld.%02lld s", ms / kSecond, ms % kSecond / 10);
    } else if (ms < kHour) {
        std::snprintf(text, sizeof text, "%lld m %lld s", ms / kMinute, ms / kSecond % 60);
    } else {
        std::snprintf(text, sizeof text, "%lld h %lld m", ms / kHour, ms / kMinute % 60);
    }
    return text;
}

std::string age_text(const std::string& rfc3339, sagas::Timestamp now) {
    const auto start = sagas::parse_rfc3339(rfc3339);
    if (!start) return "";
    const long long ms = std::max(0ll, static_cast<long long>((now - *start).count()));
    char text[48];
    if (ms < kMinute) {
        std::snprintf(text, sizeof text, "%llds", ms / kSecond);
    } else if (ms < kHour) {
        std::snprintf(text, sizeof text, "%lldm %llds", ms / kMinute, ms / kSecond % 60);
    } else if (ms < kDay) {
        std::snprintf(text, sizeof text, "%lldh %lldm", ms / kHour, ms / kMinute % 60);
    } else {
        std::snprintf(text, sizeof text, "%lldd %lldh", ms / kDay, ms / kHour % 24);
    }
    return text;
}

}  // namespace skald::cli
