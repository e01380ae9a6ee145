#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engine/rehearsal/fault.h"
#include "engine/rehearsal/ledger.h"
#include "engine/rehearsal/stage.h"
#include "engine/rehearsal/timeline.h"
#include "store/store.h"

namespace skald::rehearsal {

/// Participants that are told, and answer, by events of the log, and whoever sends the events that
/// steps wait for: what goes wrong is what the schedule says. They read what is durable, whether
/// a process runs or not; what skald did not take is published again.
class Subscribers {
 public:
    /// Whether it is durable; else it is published again.
    using Heard = std::function<void(bool is_heard)>;
    using Publish = std::function<void(const std::string& topic, const Json& event, Heard heard)>;

    /// Borrows all. `tell` may be empty: nobody wants to know.
    Subscribers(const Stage& stage, const Schedule& schedule, Timeline& timeline, Ledger& ledger,
                const store::Reader& reader, std::function<void(std::string)> tell);

    void begin_process(Publish publish);
    void end_process() { publish_ = nullptr; }

    /// `batch` is durable.
    void hear(const store::Batch& batch, const store::Committed& committed);

    /// What was published or waited for, by place.
    std::vector<Place> called() const;

 private:
    struct Letter {
        Place place;
        std::string topic;
        Json event;
    };
    using Letters = std::list<Letter>;
    enum class Says : std::uint8_t { Yes, No };

    std::optional<Place> place_of(const Json& event) const;
    std::optional<SagaNumber> number_of(store::SagaKey key) const;
    const sagas::Step& step(Place place) const { return stage_.cast().step(place.spot); }
    Milliseconds patience_for(Place place) const;

    void hear_command(Place place);
    void work(Place place, Ledger::Manner manner, Milliseconds after, std::size_t answers);
    void await_signal(Place place);
    void begin_saga(SagaNumber saga);
    void signal(Place place, Says says, Milliseconds after);
    void write(Place place, Says says);
    bool make_match(Place place, const sagas::EventMatch& match, Json& event) const;
    void send(Letters::iterator letter);
    void tell(Place place, const std::string& text);

    const Stage& stage_;
    const Schedule& schedule_;
    Timeline& timeline_;
    Ledger& ledger_;
    const store::Reader& reader_;
    const std::function<void(std::string)> tell_;
    Publish publish_;
    std::uint64_t process_ = 0;
    std::map<Place, std::uint32_t> tries_;
    std::set<Place> awaited_;  ///< Signals that were waited for.
    std::uint64_t written_ = 0;
    Letters unheard_;
};

}  // namespace skald::rehearsal
