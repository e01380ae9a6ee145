#pragma once

#include <cstddef>
#include <cstdint>

#include "sagas/time.h"

/// What a definition may hold at most; each limit stands here and nowhere else.
namespace skald::sagas {

inline constexpr std::size_t kDefinitionBytesMax = 1u << 20;  ///< Of its JSON text.
inline constexpr std::size_t kFilledBytesMax = 8u << 20;      ///< With its defaults filled in.
inline constexpr std::size_t kStepsMax = 200;
inline constexpr std::size_t kDescriptionBytesMax = 4'000;
inline constexpr std::size_t kUrlBytesMax = 4'000;      ///< As written, expressions included.
inline constexpr std::size_t kHeadersMax = 50;          ///< Of one call, and of `defaults`.
inline constexpr std::size_t kQueryParametersMax = 50;  ///< Of one call.
inline constexpr std::size_t kOutcomeRulesMax = 20;     ///< Of one step.
inline constexpr std::size_t kLabelsMax = 20;
inline constexpr std::size_t kSensitivePointersMax = 50;
inline constexpr std::size_t kTriggersMax = 16;
inline constexpr std::size_t kTypeBytesMax = 255;  ///< Of an event.
inline constexpr std::size_t kTypesMax = 8;        ///< Of one outcome of an event that is awaited.
inline constexpr std::size_t kProblemsMax = 200;   ///< Reported of one document, of each kind.

inline constexpr Milliseconds kTimeoutMin{1};  ///< Of one attempt.
inline constexpr Milliseconds kTimeoutMax = std::chrono::hours{1};
inline constexpr Milliseconds kCallbackTimeoutMin = std::chrono::seconds{1};
inline constexpr Milliseconds kCallbackTimeoutMax = std::chrono::days{30};
inline constexpr Milliseconds kReplyTimeoutMin{1};  ///< Of an event that is awaited.
inline constexpr Milliseconds kReplyTimeoutMax = std::chrono::days{365};
inline constexpr Milliseconds kWaitMin{1};
inline constexpr Milliseconds kWaitMax = std::chrono::days{3650};
inline constexpr std::uint32_t kParallelMax = 100;  ///< Elements of one `for_each` at a time.
inline constexpr Milliseconds kDeadlineMin{1};
inline constexpr Milliseconds kDeadlineMax = std::chrono::days{3650};

inline constexpr std::uint32_t kAttemptsMax = 1'000'000;
inline constexpr Milliseconds kIntervalMin{1};
inline constexpr Milliseconds kIntervalMax = std::chrono::hours{24};
inline constexpr double kCoefficientMin = 1.0;
inline constexpr double kCoefficientMax = 100.0;

}  // namespace skald::sagas
