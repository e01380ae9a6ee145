#pragma once

#include <string>

#include "api/cli/console.h"

namespace skald::cli {

/// Text at the end of a terminal's output that is drawn anew in its place. It leaves the terminal
/// as it was: no other screen, no hidden cursor, so that it can be killed at any time.
class LiveScreen {
 public:
    /// Precondition: console.can_redraw().
    explicit LiveScreen(Console& console) : console_(console) {}

    /// Shows `text`, whole lines, in place of what was shown before. What has no room is left out
    /// at the end, and told.
    void show(const std::string& text);

 private:
    Console& console_;
    std::string shown_;
};

}  // namespace skald::cli
