#pragma once

#include <cstddef>
#include <string>

#include "api/cli/surroundings.h"

namespace skald::cli {

/// How far something is, in one line of standard error that is drawn anew and goes away at the end.
/// Where that is no terminal, or one that takes only text (TERM is "dumb"), nothing is drawn.
class ProgressBar {
 public:
    /// `of_what`: "schedules".
    ProgressBar(const Surroundings& around, std::string of_what);
    ~ProgressBar();
    ProgressBar(const ProgressBar&) = delete;
    ProgressBar& operator=(const ProgressBar&) = delete;

    void show(std::size_t done, std::size_t total);

 private:
    std::ostream& out_;
    const std::string of_what_;
    const bool is_drawn_;
    std::string shown_;
};

}  // namespace skald::cli
