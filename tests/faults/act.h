#pragma once

#include "tests/faults/scene.h"

namespace skald::faults {

/// What is played on a scene, each in a database of its own: together they write every type of row
/// that a journal has.
enum class Act : std::uint8_t { Orders, Waits };

/// A client's and an operator's morning: sagas that complete, are refused, in doubt, overdue, can't
/// be sent, are stuck and retried, resolved or abandoned (one of these with a call out, which is
/// answered after that), cancelled, suspended and resumed, and replayed; a batch; and a definition
/// that changes meanwhile. Those that are stuck have left memory until the command.
void play_orders(Scene& scene);

/// Sagas that wait for others: for a time, also for one so far away that they leave memory; for a
/// participant that calls back before its 202, after it, twice, too late, or to say no; for a lock,
/// whose holder is stuck meanwhile; for a child, which is undone although it completed; and for the
/// elements of a step, of which the last is refused.
void play_waits(Scene& scene);

inline void play(Act act, Scene& scene) {
    act == Act::Orders ? play_orders(scene) : play_waits(scene);
}

}  // namespace skald::faults
