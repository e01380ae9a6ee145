#include "api/cli/progress_bar.h"

#include <algorithm>
#include <ostream>
#include <utility>

namespace skald::cli {
namespace {

constexpr std::size_t kCells = 30;

}  // namespace

ProgressBar::ProgressBar(const Surroundings& around, std::string of_what)
    : out_(around.error),
      of_what_(std::move(of_what)),
      is_drawn_(around.error_is_terminal == Terminal::Yes && around.environment("TERM") != "dumb") {
}

ProgressBar::~ProgressBar() {
    if (!shown_.empty()) out_ << "\r\x1b[K" << std::flush;
}

void ProgressBar::show(std::size_t done, std::size_t total) {
    if (!is_drawn_ || total == 0) return;
    const std::size_t percent = std::min<std::size_t>(100, done * 100 / total);
    const std::size_t full = percent * kCells / 100;
    std::string bar = "[" + std::string(full, '#') + std::string(kCells - full, '.') + "] " +
                      std::to_string(percent) + " % of " + std::to_string(total) + " " + of_what_;
    if (bar == shown_) return;
    shown_ = std::move(bar);
    out_ << "\r\x1b[K" << shown_ << std::flush;
}

}  // namespace skald::cli
