#include "sagas/time.h"

#include <array>
#include <cstdint>
#include <optional>

#include "sagas/ascii.h"
#include "sagas/utf8.h"

namespace skald::sagas {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr Milliseconds kDurationMax = days{3650};

struct Unit {
    std::string_view name;
    Milliseconds length;
};
constexpr std::array<Unit, 5> kUnits{{{"d", days{1}},
                                      {"h", hours{1}},
                                      {"m", minutes{1}},
                                      {"s", seconds{1}},
                                      {"ms", Milliseconds{1}}}};

/// Takes pieces from the front of a text; the first that doesn't fit makes it fail for good.
class Scanner {
 public:
    explicit Scanner(std::string_view text) : rest_(text) {}

    /// Exactly `digits` digits.
    int number(std::size_t digits) {
        int value = 0;
        for (std::size_t i = 0; i < digits; ++i) {
            if (!failed_ && i < rest_.size() && is_digit(rest_[i])) {
                value = value * 10 + (rest_[i] - '0');
            } else {
                failed_ = true;
            }
        }
        if (!failed_) rest_.remove_prefix(digits);
        return failed_ ? 0 : value;
    }

    void expect(char byte) {
        if (!accept(byte)) refuse();
    }
    void refuse() { failed_ = true; }

    bool accept(char byte) {
        if (failed_ || rest_.empty() || rest_.front() != byte) return false;
        rest_.remove_prefix(1);
        return true;
    }

    /// Milliseconds of a fraction: any number of digits, of which the first three count.
    Milliseconds fraction() {
        int value = 0;
        std::size_t count = 0;
        for (; !failed_ && count < rest_.size() && is_digit(rest_[count]); ++count) {
            if (count < 3) value = value * 10 + (rest_[count] - '0');
        }
        if (count == 0) failed_ = true;
        for (std::size_t i = count; i < 3; ++i) value *= 10;
        if (!failed_) rest_.remove_prefix(count);
        return Milliseconds{failed_ ? 0 : value};
    }

    bool is_done() const { return !failed_ && rest_.empty(); }

 private:
    std::string_view rest_;
    bool failed_ = false;
};

/// What the clock at the place that the text speaks of is ahead of UTC.
Milliseconds scan_offset(Scanner& scanner) {
    if (scanner.accept('Z') || scanner.accept('z')) return Milliseconds{0};
    const bool is_west = scanner.accept('-');
    if (!is_west) scanner.expect('+');
    const int hour = scanner.number(2);
    scanner.expect(':');
    const int minute = scanner.number(2);
    if (hour > 23 || minute > 59) scanner.refuse();
    const Milliseconds offset = hours{hour} + minutes{minute};
    return is_west ? -offset : offset;
}

std::optional<Timestamp> scan_rfc3339(std::string_view text) {
    Scanner scanner(text);
    const std::chrono::year year{scanner.number(4)};
    scanner.expect('-');
    const std::chrono::month month{static_cast<unsigned>(scanner.number(2))};
    scanner.expect('-');
    const std::chrono::day day{static_cast<unsigned>(scanner.number(2))};
    if (!scanner.accept('T')) scanner.expect('t');
    const int hour = scanner.number(2);
    scanner.expect(':');
    const int minute = scanner.number(2);
    scanner.expect(':');
    const int second = scanner.number(2);
    const Milliseconds fraction = scanner.accept('.') ? scanner.fraction() : Milliseconds{0};
    const Milliseconds offset = scan_offset(scanner);
    const std::chrono::year_month_day date{year, month, day};
    // A leap second (:60) is taken as the second after it, as POSIX does.
    if (!scanner.is_done() || !date.ok() || hour > 23 || minute > 59 || second > 60) {
        return std::nullopt;
    }
    return std::chrono::sys_days{date} + hours{hour} + minutes{minute} + seconds{second} +
           fraction - offset;
}

/// Writes the last `count` digits of `value` to `text`, from `at` on.
void put_digits(std::string& text, std::size_t at, std::size_t count, std::int64_t value) {
    for (std::size_t i = at + count; i-- > at; value /= 10) {
        text[i] = static_cast<char>('0' + value % 10);
    }
}

}  // namespace

std::string to_rfc3339(Timestamp time) {
    const auto day = std::chrono::floor<days>(time);
    const std::chrono::year_month_day date{day};
    const std::chrono::hh_mm_ss clock{time - day};
    const int year = static_cast<int>(date.year());
    std::string text = "yyyy-mm-ddThh:mm:ss.mmmZ";
    put_digits(text, 0, 4, year);
    put_digits(text, 5, 2, static_cast<unsigned>(date.month()));
    put_digits(text, 8, 2, static_cast<unsigned>(date.day()));
    put_digits(text, 11, 2, clock.hours().count());
    put_digits(text, 14, 2, clock.minutes().count());
    put_digits(text, 17, 2, clock.seconds().count());
    put_digits(text, 20, 3, clock.subseconds().count());
    if (year < 0 || year > 9'999) text.replace(0, 4, std::to_string(year));
    return text;
}

Result<Timestamp> parse_rfc3339(std::string_view text) {
    if (const std::optional<Timestamp> time = scan_rfc3339(text)) return *time;
    return fail(ErrorCode::InvalidArgument,
                (is_utf8(text) ? in_quotes(text) : "the text") +
                    " is no RFC 3339 time such as \"2026-11-21T22:32:28Z\"");
}

Result<Milliseconds> parse_duration(std::string_view text) {
    const auto refuse = [text](const char* why) {
        return fail(ErrorCode::InvalidArgument,
                    (is_utf8(text) ? in_quotes(text) : "the text") + why);
    };
    std::size_t digits = 0;
    std::int64_t count = 0;
    for (; digits < text.size() && is_digit(text[digits]); ++digits) {
        count = count * 10 + (text[digits] - '0');
        if (count > kDurationMax.count()) {
            return refuse(" is longer than 3,650 days");
        }
    }
    for (const Unit& unit : kUnits) {
        if (digits == 0 || text.substr(digits) != unit.name) continue;
        if (count > kDurationMax / unit.length) {
            return refuse(" is longer than 3,650 days");
        }
        return count * unit.length;
    }
    return refuse(" is no duration: write digits and one of ms, s, m, h, d, such as \"5s\"");
}

std::string to_duration_text(Milliseconds duration) {
    for (const Unit& unit : kUnits) {
        if (duration.count() != 0 && duration % unit.length == Milliseconds{0}) {
            return std::to_string(duration / unit.length) + std::string(unit.name);
        }
    }
    return "0s";
}

}  // namespace skald::sagas
