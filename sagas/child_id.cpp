#include "sagas/child_id.h"

#include <array>
#include <cstdio>

#include "sagas/check.h"

namespace skald::sagas {
namespace {

/// FNV-1a, as 16 hexadecimal digits.
std::string id_hash(std::string_view text) {
    std::uint64_t hash = 0xcbf29ce484222325u;
    for (const char byte : text) {
        hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3u;
    }
    std::array<char, 17> digits{};
    std::snprintf(digits.data(), digits.size(), "%016llx", static_cast<unsigned long long>(hash));
    return std::string(digits.data());
}

}  // namespace

std::string child_id(const Definition& definition, std::string_view saga_id, StepIndex step,
                     Phase phase, std::uint32_t attempt) {
    std::string own = '.' + definition.step(step).name;
    if (const auto item = item_of(step)) own += '.' + std::to_string(*item);
    if (phase == Phase::Compensation) own += "~undo";
    if (attempt > 1) own += '~' + std::to_string(attempt);
    const std::string whole = std::string(saga_id) + own;
    if (whole.size() <= kSagaIdBytesMax) return whole;
    const std::string hash = id_hash(whole);
    SKALD_CHECK(own.size() + hash.size() <= kSagaIdBytesMax);
    return whole.substr(0, kSagaIdBytesMax - own.size() - hash.size()) + hash + own;
}

}  // namespace skald::sagas
