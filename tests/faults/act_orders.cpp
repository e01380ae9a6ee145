#include <nlohmann/json.hpp>

#include "tests/faults/act.h"

namespace skald::faults {
namespace {

using crash::Ending;
using crash::Expected;
using crash::Story;
using Json = nlohmann::json;

const Expected kCompleted{};
const Expected kUndone{.ending = Ending::Compensated, .effects_min = 2, .effects_max = 2};
const Expected kAbandoned{
    .ending = Ending::Abandoned, .effects_min = 2, .effects_max = 2, .called_max = 2};
/// The call that is out takes effect, though only after the end.
const Expected kAbandonedInFlight{.ending = Ending::Abandoned};

constexpr std::size_t kShip = 2;  ///< Of crash::kSteps.
constexpr const char* kAbandon = R"({"reason": "a test"})";

void end_well_or_undone(Scene& scene) {
    scene.start("completed", "plain", Story::Completed);
    scene.ends("completed", "completed", kCompleted);
    scene.start_by_key("refused", "order 4711", Story::Refused);
    scene.ends("refused", "compensated", kUndone);
    scene.replay("refused", "replayed");
    scene.ends("replayed", "completed", kCompleted);
    scene.start("in-doubt", "doubtful", Story::Broken);
    scene.ends("in-doubt", "compensated", crash::expected_of(Story::Broken));
}

void meddle(Scene& scene) {
    scene.start("cancelled", "plain", Story::Held);
    scene.command("cancelled", "cancel", "cancelled", R"({"reason": "called"})", 0);
    scene.ends("cancelled", "compensated", crash::expected_of(Story::Held));
    scene.start("suspended", "plain", Story::Held);
    scene.command("suspended", "suspend", "suspended", R"({"reason": "wait"})", 200);
    scene.participants().mend("suspended");
    scene.command("suspended", "resume", "resumed", R"({"reason": "go"})", 200);
    scene.ends("suspended", "completed", kCompleted);
}

void move_what_is_stuck(Scene& scene) {
    for (const char* id : {"retried", "resolved", "abandoned"}) {
        scene.start(id, "parked", Story::Parked);
        scene.await(id, "stuck");
    }
    scene.participants().mend("retried");
    scene.command("retried", "retry", "retried", R"({"reason": "mended"})", 200);
    scene.ends("retried", "completed", kCompleted);
    const Json resolve = {{"step", "charge"}, {"as", "succeeded"}, {"reason", "their books"}};
    scene.command("resolved", "resolve", "resolved", resolve.dump(), 200);
    scene.ends("resolved", "completed", kCompleted);
    scene.command("abandoned", "abandon", "abandoned", kAbandon, 200);
    scene.ends("abandoned", "abandoned", kAbandoned);
}

/// One branch is parked while the call of the other one is out; that is answered after the end.
void abandon_with_a_call_out(Scene& scene) {
    const std::string saga = "in-flight";
    scene.participants().freeze(kShip);
    scene.start(saga, "forked", Story::Parked);
    scene.await(saga, "stuck");
    scene.await_kept_waiting(saga);
    const std::size_t kills = scene.kills();
    scene.command(saga, "abandon", "abandoned", kAbandon, 200);
    scene.ends(saga, "abandoned", kAbandonedInFlight);
    scene.participants().thaw();
    scene.await_late_answer(saga, kills);
}

}  // namespace

void play_orders(Scene& scene) {
    for (const char* name : {"plain", "doubtful", "parked", "forked", "short"}) {
        scene.define(name, 1);
    }
    scene.start("overdue", "short", Story::Held);
    end_well_or_undone(scene);
    meddle(scene);
    scene.define("plain", 2);
    move_what_is_stuck(scene);
    abandon_with_a_call_out(scene);
    scene.start_unsendable("unsendable");
    scene.ends("unsendable", "compensated", kUndone);
    scene.start_batch({"first", "second"});
    for (const char* id : {"first", "second"}) scene.ends(id, "completed", kCompleted);
    scene.ends("overdue", "compensated", crash::expected_of(Story::Held));
}

}  // namespace skald::faults
