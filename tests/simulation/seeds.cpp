#include "tests/simulation/seeds.h"

#include "tests/simulation/scratch_folder.h"

namespace skald::simulation {
namespace {

constexpr std::size_t kStoriesMax = 3;
constexpr std::size_t kReasonsMax = 100;

void add(Tally& tally, const Run& run) {
    ++tally.seeds;
    tally.counters.add(run.counters);
    tally.simulated += run.lasted;
    if (run.breaches.empty()) return;
    ++tally.broken;
    if (tally.reasons.size() < kReasonsMax) {
        const Breach& first = run.breaches[0];
        tally.reasons.push_back(std::to_string(run.seed) + ": " + first.rule + ": " + first.text);
    }
    if (tally.stories.size() < kStoriesMax) tally.stories.push_back(tell(run));
}

}  // namespace

Tally play_seeds(std::uint64_t first, std::uint64_t count, const std::function<bool()>& goes_on,
                 const std::function<void(const Tally&)>& progress) {
    const ScratchFolder folder;
    Tally tally;
    for (std::uint64_t seed = first; seed != first + count && goes_on(); ++seed) {
        add(tally, simulate(seed, folder.path()));
        progress(tally);
    }
    return tally;
}

}  // namespace skald::simulation
