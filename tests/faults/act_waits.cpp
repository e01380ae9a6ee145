#include "tests/faults/act.h"

namespace skald::faults {
namespace {

using crash::Ending;
using crash::Expected;
using crash::Place;
using crash::Story;

constexpr std::size_t kPause = 2;  ///< Of the definition.

const Expected kDone{};
const Expected kUndoneAtShip{.ending = Ending::Compensated, .effects_min = 2, .effects_max = 2};
const Expected kUndoneEarly{
    .ending = Ending::Compensated, .effects_min = 2, .effects_max = 2, .called_max = 2};
const Expected kAllUndone{.ending = Ending::Compensated};
const Expected kNeverCalled{
    .ending = Ending::Compensated, .effects_min = 0, .effects_max = 0, .called_max = 0};

void call_back(Scene& scene) {
    // Before the 202, which comes with the charge of the next one.
    scene.start("early", "called", Story::Early);
    scene.call_back_twice("early", "success", "failure");
    scene.ends("early", "completed", kDone);

    scene.start("later", "called", Story::Later);
    scene.await_put_off("later");
    scene.call_back_twice("later", "success", "retry");
    scene.ends("later", "completed", kDone);

    scene.start("declined", "called", Story::Declined);
    scene.await_put_off("declined");
    scene.call_back_twice("declined", "failure", "success");
    scene.ends("declined", "compensated", crash::expected_of(Story::Declined));

    scene.start("given-up", "called", Story::Later);
    scene.await_put_off("given-up");
    scene.command("given-up", "cancel", "cancelled", R"({"reason": "too slow"})", 0);
    scene.ends("given-up", "compensated", kUndoneEarly);
    scene.call_back_late("given-up", "success");
}

/// The holder is stuck, and has left memory, while the others queue; one leaves the queue.
void queue_for_a_lock(Scene& scene) {
    scene.start("holder", "locked", Story::Parked);
    scene.await("holder", "stuck");
    scene.participants().mend("next");
    for (const char* id : {"quitter", "next"}) scene.start(id, "locked", Story::Parked);
    scene.expect_queued("quitter", "holder", 1);
    scene.expect_queued("next", "holder", 2);
    scene.command("quitter", "cancel", "cancelled", R"({"reason": "tired"})", 0);
    scene.ends("quitter", "compensated", kNeverCalled);
    scene.participants().mend("holder");
    scene.command("holder", "retry", "retried", R"({"reason": "mended"})", 200);
    for (const char* id : {"holder", "next"}) scene.ends(id, "completed", kDone);
    scene.had_one_lock({"holder", "quitter", "next"});
}

void undo_a_child(Scene& scene) {
    Expected parent = kUndoneAtShip;
    parent.places = {{0}, {1, std::nullopt, Place::Does::Child}, {2}};
    scene.start("parent", "family", Story::Refused);
    scene.ends("parent", "compensated", parent);
    scene.child_ends("parent", "compensated", kAllUndone);
}

void refuse_an_element(Scene& scene) {
    const Expected expected{.ending = Ending::Compensated,
                            .effects_min = 4,
                            .effects_max = 4,
                            .called_max = 5,
                            .places = {{0}, {1}, {2, 0}, {2, 1}, {2, 2}}};
    scene.start("each", "each", Story::Completed,
                {Story::Completed, Story::Completed, Story::Refused});
    scene.ends("each", "compensated", expected);
}

}  // namespace

void play_waits(Scene& scene) {
    for (const char* name : {"plain", "paused", "dormant", "called", "locked", "family", "each"}) {
        scene.define(name, 1);
    }
    scene.start("paused", "paused", Story::Completed);
    scene.start("dormant", "dormant", Story::Completed);
    call_back(scene);
    queue_for_a_lock(scene);
    undo_a_child(scene);
    refuse_an_element(scene);
    scene.await_step("dormant", kPause, "waiting");
    scene.command("dormant", "cancel", "cancelled", R"({"reason": "too long"})", 0);
    scene.ends("dormant", "compensated", kUndoneEarly);
    scene.ends("paused", "completed", kDone);
}

}  // namespace skald::faults
