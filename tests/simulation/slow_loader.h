#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>

#include "engine/loader.h"
#include "engine/rehearsal/timeline.h"
#include "tests/simulation/counters.h"
#include "tests/simulation/disk.h"
#include "tests/simulation/random.h"

namespace skald::simulation {

using rehearsal::Timeline;

/// Reads for the coordinator as the loader's thread does: it takes a while until it reads, and
/// until what was read is there, and meanwhile other things happen. Now and then nothing can be
/// read. And it counts why parked sagas come back.
class SlowLoader : public engine::Loader {
 public:
    struct World {
        Timeline& timeline;
        const Disk& disk;
        Counters& counters;
        const store::Reader& reader;
        engine::Catalog& catalog;
        const engine::EventLog& events;
        const engine::TriggerStarts& starts;
    };
    SlowLoader(const World& world, Random random)
        : world_(world),
          reads_(world.reader, world.catalog, world.events, world.starts),
          random_(random) {}

    void load(Name name, std::function<void(sagas::Result<Loaded>)> done) override;
    void load_parked(sagas::Timestamp until, std::uint32_t limit,
                     std::function<void(sagas::Result<std::vector<store::Park>>)> done) override;
    void prepare(ChildOrder order, std::function<void(sagas::Result<ChildReady>)> done) override;

    void load_events(std::string topic, store::Offset after, std::uint32_t limit,
                     std::function<void(sagas::Result<store::EventPage>)> done) override;
    void prepare_trigger(engine::TriggerOrder order,
                         std::function<void(sagas::Result<engine::Start>)> done) override;

    bool is_busy() const { return !under_way_.empty(); }

    enum class Cause : std::uint8_t { Operator, Callback };
    /// Somebody outside is about to say something to the saga with that id.
    void note_said(const std::string& saga, Cause cause);
    /// An event has reached the saga.
    void note_hit(store::SagaKey saga);

 private:
    template <typename T>
    void read(std::function<sagas::Result<T>()> ask, std::function<void(sagas::Result<T>)> done);
    void count(const Name& name, const Loaded& loaded);

    const World world_;
    const engine::LoaderReads reads_;
    Random random_;
    std::map<std::string, Cause> said_;        ///< The last one, by saga.
    std::map<Name, std::uint32_t> under_way_;  ///< Loads.
    std::set<store::SagaKey> due_;             ///< Whose time has come.
    std::set<store::SagaKey> hit_;             ///< By an event.
};

}  // namespace skald::simulation
