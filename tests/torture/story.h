#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace skald::torture {

/// A step of any of the definitions; each has a participant of its own. Where the second step has
/// elements, the first of them is booked as Charge, and the other one as Pack.
enum class Step : std::uint8_t { Reserve, Charge, Pack, Ship, Notify };
constexpr std::size_t kSteps = 5;

enum class Phase : std::uint8_t { Action, Compensation };

/// What a participant does with a call.
enum class Reply : std::uint8_t {
    Done,     ///< 200.
    Refused,  ///< 409; it did nothing.
    Busy,     ///< 503; it did nothing.
    Broken,   ///< 500, after it took effect.
    Reset,    ///< The connection is closed, after it took effect.
    Silent,   ///< No answer, after it took effect.
    Later,    ///< 202, after it took effect: the participant calls back.
};

/// How a saga has ended.
enum class End : std::uint8_t { Completed, Compensated, Abandoned };
constexpr std::size_t kEnds = 3;

/// A set of steps, or of ends.
template <typename Member>
class SetOf {
 public:
    constexpr SetOf() = default;
    template <typename... Rest>
    constexpr SetOf(Member first, Rest... rest) : bits_((bit(first) | ... | bit(rest))) {}

    constexpr bool contains(Member member) const { return (bits_ & bit(member)) != 0; }
    constexpr std::size_t size() const {
        return static_cast<std::size_t>(__builtin_popcount(bits_));
    }
    constexpr SetOf without(Member member) const {
        SetOf rest = *this;
        rest.bits_ &= ~bit(member);
        return rest;
    }
    constexpr bool operator==(const SetOf&) const = default;

 private:
    static constexpr unsigned bit(Member member) { return 1u << static_cast<unsigned>(member); }

    unsigned bits_ = 0;
};
using Steps = SetOf<Step>;
using Ends = SetOf<End>;

/// What the participants make of a saga. It stands in its input, which they are sent.
enum class Story : std::uint8_t {
    Plain,            ///< All agree.
    Flaky,            ///< The second step's first answer is lost.
    Forward,          ///< The step after the pivot fails twice.
    Branches,         ///< Two steps in parallel.
    Tolerant,         ///< An optional step is refused.
    Refused,          ///< The third step is refused.
    BranchesRefused,  ///< The step after two parallel ones is.
    TolerantRefused,  ///< The step after an optional one is.
    HardUndo,         ///< Refused, and one compensation fails twice.
    Broken,           ///< The second step takes effect and is answered with 500, always.
    Reset,            ///< It takes effect and its connection is closed, always.
    Silent,           ///< It takes effect and is never answered.
    Parked,           ///< It is in doubt, and is left to an operator.
    PivotParked,      ///< The pivot is in doubt.
    UndoRefused,      ///< Refused, and one compensation is refused until an operator is there.
    Later,            ///< The second step is called back.
    LaterRefused,     ///< And the third one is refused.
    Each,             ///< The second step has two elements, at the same time.
    EachRefused,      ///< The step after it is refused.
    Family,           ///< The second step is a child.
    FamilyRefused,    ///< The step after it is refused, so that it is undone.
    Locked,           ///< One at a time of those with the same lock.
    LockedRefused,    ///< The third step is refused, under the lock.
    Paused,           ///< Waits for a moment before the third step.
};
constexpr std::size_t kStories = 24;

std::string_view name_of(Step step);
std::string_view name_of(Phase phase);
std::string_view name_of(Story story);
/// As skald's `status` has it.
std::string_view name_of(End end);

/// False when there is no such name.
bool read_story(std::string_view name, Story& story);
bool read_end(std::string_view status, End& end);

/// What becomes of the `nth` try (from 1) of a call.
Reply reply_of(Story story, Step step, Phase phase, std::uint32_t nth);

/// The step that an operator is needed for; only of Parked, PivotParked and UndoRefused.
Step stuck_step(Story story);
/// With which it ends when nobody cancels it or gives it up.
End end_of(Story story);
/// The steps whose effect stands after that end.
Steps standing(Story story, End end);
/// The steps of its definition, and those of them that come before `step`, directly or not.
Steps steps_of(Story story);
Steps before(Story story, Step step);

std::string_view definition_of(Story story);
/// The child that a saga of a Family starts; and the saga that started it, empty: it is no child.
std::string child_of(std::string_view saga);
std::string_view parent_of(std::string_view saga);

struct Definition {
    std::string name;
    std::string json;
};
/// All definitions, for participants on those ports, by step; a child before what calls it.
std::vector<Definition> definitions(const std::vector<std::uint16_t>& ports);

}  // namespace skald::torture
