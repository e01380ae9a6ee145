#include "sagas/problems.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "sagas/definition_limits.h"

namespace skald::sagas {
namespace {

/// A longer pointer is cut back to a container of what it points at.
constexpr std::size_t kPointerBytesMax = 1'000;

bool is_number(std::string_view token) {
    return !token.empty() && std::all_of(token.begin(), token.end(),
                                         [](char byte) { return byte >= '0' && byte <= '9'; });
}

bool is_token_before(std::string_view a, std::string_view b) {
    if (is_number(a) && is_number(b) && a.size() != b.size()) return a.size() < b.size();
    return a < b;
}

bool is_before(std::string_view a, std::string_view b) {
    while (!a.empty() && !b.empty()) {
        const std::size_t a_end = std::min(a.find('/', 1), a.size());
        const std::size_t b_end = std::min(b.find('/', 1), b.size());
        const std::string_view a_token = a.substr(1, a_end - 1);
        const std::string_view b_token = b.substr(1, b_end - 1);
        if (a_token != b_token) return is_token_before(a_token, b_token);
        a.remove_prefix(a_end);
        b.remove_prefix(b_end);
    }
    return a.empty() && !b.empty();
}

}  // namespace

void Problems::add(std::string code, std::string pointer, std::string detail, std::string hint) {
    if (is_full()) {
        ++left_out_;
        return;
    }
    while (pointer.size() > kPointerBytesMax) pointer.resize(pointer.rfind('/'));
    problems_.push_back({std::move(code), std::move(pointer), std::move(detail), std::move(hint)});
}

bool Problems::is_full() const { return problems_.size() == kProblemsMax; }

std::vector<Problem> Problems::take() {
    std::stable_sort(problems_.begin(), problems_.end(), [](const Problem& a, const Problem& b) {
        return is_before(a.pointer, b.pointer);
    });
    if (left_out_ > 0) {
        problems_.push_back({"more-problems", "", std::to_string(left_out_) + " more were found",
                             "mend these first"});
    }
    left_out_ = 0;
    return std::exchange(problems_, {});
}

}  // namespace skald::sagas
