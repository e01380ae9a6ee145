#include "sagas/http_date.h"

#include <array>
#include <cstddef>

namespace skald::sagas {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::array<std::string_view, 7> kDays{"Monday", "Tuesday",  "Wednesday", "Thursday",
                                                "Friday", "Saturday", "Sunday"};
constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

/// Reads `text` along `pattern`: "%D" a day's long name, "%a" its short one, "%d" two digits of the
/// day, "%e" the same with a blank for a leading zero, "%b" the month, "%Y" and "%y" the year in
/// four and two digits, "%H" "%M" "%S" the time; anything else stands for itself.
class Reading {
 public:
    Reading(std::string_view text, std::string_view pattern) : rest_(text) {
        for (std::size_t i = 0; i < pattern.size() && is_good_; ++i) {
            if (pattern[i] == '%') {
                field(pattern[++i]);
            } else {
                literal(pattern.substr(i, 1));
            }
        }
        is_good_ = is_good_ && rest_.empty();
    }

    bool is_good() const { return is_good_; }

    std::optional<Timestamp> time(int year) const {
        const std::chrono::year_month_day date{std::chrono::year{year},
                                               std::chrono::month{static_cast<unsigned>(month_)},
                                               std::chrono::day{static_cast<unsigned>(day_)}};
        if (!date.ok() || hour_ > 23 || minute_ > 59 || second_ > 60) return std::nullopt;
        return std::chrono::sys_days{date} + hours{hour_} + minutes{minute_} + seconds{second_};
    }

    int year() const { return year_; }

 private:
    void literal(std::string_view expected) {
        is_good_ = rest_.substr(0, expected.size()) == expected;
        if (is_good_) rest_.remove_prefix(expected.size());
    }

    int number(std::size_t digits) {
        int value = 0;
        for (std::size_t i = 0; i < digits; ++i) {
            if (i >= rest_.size() || rest_[i] < '0' || rest_[i] > '9') {
                is_good_ = false;
                return 0;
            }
            value = value * 10 + (rest_[i] - '0');
        }
        rest_.remove_prefix(digits);
        return value;
    }

    template <std::size_t kCount>
    int name(const std::array<std::string_view, kCount>& names, std::size_t length) {
        for (std::size_t i = 0; i < kCount; ++i) {
            const std::string_view expected = names[i].substr(0, length);
            if (rest_.substr(0, expected.size()) != expected) continue;
            rest_.remove_prefix(expected.size());
            return static_cast<int>(i) + 1;
        }
        is_good_ = false;
        return 0;
    }

    void field(char letter) {
        switch (letter) {
            case 'D':
                name(kDays, std::string_view::npos);
                break;
            case 'a':
                name(kDays, 3);
                break;
            case 'b':
                month_ = name(kMonths, 3);
                break;
            case 'd':
                day_ = number(2);
                break;
            case 'e':
                if (rest_.substr(0, 1) == " ") {
                    rest_.remove_prefix(1);
                    day_ = number(1);
                } else {
                    day_ = number(2);
                }
                break;
            case 'Y':
                year_ = number(4);
                break;
            case 'y':
                year_ = number(2);
                break;
            case 'H':
                hour_ = number(2);
                break;
            case 'M':
                minute_ = number(2);
                break;
            default:
                second_ = number(2);
                break;
        }
    }

    std::string_view rest_;
    bool is_good_ = true;
    int year_ = 0;
    int month_ = 0;
    int day_ = 0;
    int hour_ = 0;
    int minute_ = 0;
    int second_ = 0;
};

/// The year that ends in these two digits: this century's, unless that is over 50 years ahead.
int full_year(int two_digits, Timestamp now) {
    const std::chrono::year_month_day today{std::chrono::floor<std::chrono::days>(now)};
    const int this_year = static_cast<int>(today.year());
    const int year = this_year - this_year % 100 + two_digits;
    return year > this_year + 50 ? year - 100 : year;
}

}  // namespace

std::optional<Timestamp> parse_http_date(std::string_view text, Timestamp now) {
    const Reading fixdate(text, "%a, %d %b %Y %H:%M:%S GMT");
    if (fixdate.is_good()) return fixdate.time(fixdate.year());
    const Reading rfc850(text, "%D, %d-%b-%y %H:%M:%S GMT");
    if (rfc850.is_good()) return rfc850.time(full_year(rfc850.year(), now));
    const Reading asctime(text, "%a %b %e %H:%M:%S %Y");
    if (asctime.is_good()) return asctime.time(asctime.year());
    return std::nullopt;
}

}  // namespace skald::sagas
