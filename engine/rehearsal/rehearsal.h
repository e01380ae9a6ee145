#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "engine/rehearsal/fault.h"
#include "engine/rehearsal/outcome.h"
#include "sagas/lint.h"
#include "sagas/time.h"

/// Rehearses one definition, and those of its children: the real machine and the real coordinator,
/// on a virtual clock and a store in memory, against scripted participants that keep ledgers
/// (docs/simulate.md). Every fault at every place, then every pair of faults at different places.
/// Deterministic.
namespace skald::rehearsal {

using sagas::Json;
using sagas::Milliseconds;

/// What is rehearsed, and with which values.
struct Script {
    /// Of the definition; valid.
    sagas::Checked checked;
    /// The definitions of its children and theirs; valid. What it doesn't call is left out.
    std::vector<sagas::Checked> children;
    std::optional<Json> input;  ///< None: one is made up.
    /// Step (of a child's definition DEFINITION/STEP) → body of the reply to its action; others are
    /// made up.
    Json replies = Json::object();
    /// Steps, by the same names, whose action changes nothing, whatever its method says. GET never
    /// does.
    std::vector<std::string> reads;
};

enum class Depth : std::uint8_t { Singles, Pairs };

struct Limits {
    Depth depth = Depth::Pairs;
    /// Single faults are tried all the same; of the pairs as many as fit, evenly chosen.
    std::size_t schedules_max = 20'000;
    std::size_t outcomes_max = 200;  ///< In the report; unsound ones first, then by schedules.
    /// Told after each run how many are done, and how many there will be as far as is known. False:
    /// break off.
    std::function<bool(std::size_t done, std::size_t total)> goes_on;
};

/// One line of what happened in a run.
struct Happening {
    Milliseconds at;  ///< Since the start.
    std::string text;
};

inline constexpr std::size_t kStoryMax = 500;

/// One distinct outcome.
struct Found {
    Outcome outcome;
    std::size_t schedules = 0;        ///< That lead to it.
    std::vector<std::string> faults;  ///< Of the shortest of them; empty: nothing goes wrong.
    std::vector<Happening> story;     ///< Of the same; at most kStoryMax.
};

enum class Verdict : std::uint8_t {
    Sound,          ///< Every schedule ends completed or compensated, with clean ledgers.
    NeedsOperator,  ///< Some get stuck, or don't come to rest; the ledgers are as the saga says.
    Unsound,  ///< In some, an effect stands that the saga denies, or lacks one that it claims.
};

/// Who waits for an operator, and why.
struct Need {
    Stuck stuck;
    std::size_t schedules = 0;
};

struct Report {
    std::string definition;
    std::shared_ptr<const Cast> cast;  ///< Names the spots; never null.
    Verdict verdict = Verdict::Sound;
    std::size_t schedules = 0;  ///< That were tried: one without a fault, then these.
    std::size_t singles = 0;    ///< With one fault (or, on the way back, with one that turns it).
    std::size_t pairs = 0;
    std::size_t pairs_known = 0;  ///< More than `pairs`: the others did not fit.
    bool is_broken_off = false;   ///< By Limits::goes_on.
    std::size_t with_operator = 0, unsound = 0, endless = 0;  ///< Schedules.
    std::vector<Need> needs;
    std::vector<Found> outcomes;     ///< Completed first, then compensated, then the others.
    std::size_t outcomes_found = 0;  ///< More than `outcomes`: the others had no room.
    Json input;
    Json replies;                    ///< Of every step that makes a call, named as in Script.
    std::vector<std::string> notes;  ///< What was made up, and what it may hide.
};

/// Problems: of `input` (against the input_schema, and for the lock), `replies`, `reads`, and of
/// `definition` and `definitions` (Family::gather), each with a pointer into an object with these
/// members; "no-sample-input": none could be made up; "endless": the saga does
/// not come to rest though nothing goes wrong.
tl::expected<Report, std::vector<sagas::Problem>> rehearse(const Script& script,
                                                           const Limits& limits);

}  // namespace skald::rehearsal
