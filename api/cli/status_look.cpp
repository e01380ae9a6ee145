#include "api/cli/status_look.h"

#include <array>

namespace skald::cli {
namespace {

using Weight = Look::Weight;

constexpr std::array kLooks = {
    Look{"pending", "·", Style::Dim, Weight::Quiet},
    Look{"calling", "▸", Style::Busy, Weight::AtWork},
    Look{"backing_off", "⟳", Style::Warning, Weight::AtWork},
    Look{"waiting", "…", Style::Busy, Weight::AtWork},
    Look{"iterating", "▸", Style::Busy, Weight::AtWork},
    Look{"settling", "▸", Style::Warning, Weight::AtWork},
    Look{"succeeded", "✓", Style::Good, Weight::Quiet},
    Look{"skipped", "–", Style::Dim, Weight::Quiet},
    Look{"failed", "✗", Style::Bad, Weight::Quiet},
    Look{"in_doubt", "?", Style::Warning, Weight::Quiet},
    Look{"compensating", "↺", Style::Warning, Weight::AtWork},
    Look{"compensated", "↩", Style::Warning, Weight::Quiet},
    Look{"stuck", "!", Style::Bad, Weight::AtWork},
    Look{"cancelled", "·", Style::Dim, Weight::Quiet},
    Look{"running", "▸", Style::Busy, Weight::AtWork},
    Look{"completed", "✓", Style::Good, Weight::Quiet},
    Look{"abandoned", "!", Style::Bad, Weight::Quiet},
};

}  // namespace

const Look& look_of(std::string_view status) {
    static constexpr Look kUnknown{"", " ", Style::Plain, Weight::Quiet};
    for (const Look& look : kLooks) {
        if (look.status == status) return look;
    }
    return kUnknown;
}

}  // namespace skald::cli
