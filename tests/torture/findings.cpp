#include "tests/torture/findings.h"

#include <iostream>

namespace skald::torture {
namespace {

constexpr std::size_t kKept = 5;

constexpr std::array<std::string_view, kSights> kSightNames = {
    "start repeated after its answer",
    "started without waiting",
    "started in a batch",
    "cancelled in time",
    "cancelled too late",
    "suspended and resumed",
    "stuck, in front of an operator",
    "left stuck for a while",
    "retried by an operator",
    "resolved as succeeded",
    "resolved as compensated",
    "resolved as skipped",
    "cancelled while stuck",
    "abandoned by an operator",
    "request sent again, for no answer came",
    "callback that counted",
    "callback that came once more"};

}  // namespace

void Findings::add(Finding finding, std::uint64_t count) {
    const std::lock_guard lock(mutex_);
    OfKind& kind = kinds_.at(static_cast<std::size_t>(finding.fault));
    kind.count += count;
    if (kind.first.size() == kKept) {
        return;
    }
    std::cerr << (finding.fault == Fault::Lost ? "LOST: " : "WRONG: ")
              << (finding.saga.empty() ? "" : "saga " + finding.saga + ": ") << finding.text
              << std::endl;
    kind.first.push_back(std::move(finding));
}

std::uint64_t Findings::count(Fault fault) const {
    const std::lock_guard lock(mutex_);
    return of(fault).count;
}

std::vector<Finding> Findings::first(Fault fault) const {
    const std::lock_guard lock(mutex_);
    return of(fault).first;
}

std::string_view name_of(Sight sight) { return kSightNames.at(static_cast<std::size_t>(sight)); }

bool is_required(Sight sight) { return sight != Sight::CancelTooLate; }

}  // namespace skald::torture
