#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "engine/catalog.h"
#include "engine/event_log.h"
#include "engine/trigger_starts.h"
#include "sagas/result.h"
#include "sagas/saga.h"
#include "store/store.h"

namespace skald::engine {

/// Reads for the coordinator what is not in its memory, off its thread (loader_thread.h); in tests,
/// simulations and rehearsals on it (make_inline_loader).
///
/// Threads: all members on the loop's thread; each `done` comes on it too, exactly once, and never
/// from inside the call. Errors of every member: Unavailable: nothing is wrong, ask again later.
/// Corruption.
class Loader {
 public:
    /// By its key, or its public id.
    using Name = std::variant<store::SagaKey, std::string>;
    /// A saga as the store has it, folded, but not yet `sagas::recovered`.
    struct Loaded {
        store::SagaRow row;  ///< Its input has gone into `saga`.
        VersionPtr version;
        sagas::Saga saga;
        std::uint32_t rows;        ///< Of its journal.
        bool is_turned_by_parent;  ///< A child that completed, and was turned then.
    };
    /// A child that is to be started: which version of which definition, with what input.
    struct ChildOrder {
        std::string definition;
        std::uint32_t version;
        sagas::Value input;
    };
    struct ChildReady {
        VersionPtr version;
        store::Labels labels;
    };

    virtual ~Loader() = default;

    /// NotFound: there is no such saga.
    virtual void load(Name name, std::function<void(sagas::Result<Loaded>)> done) = 0;
    /// As store::Reader::parked.
    virtual void load_parked(sagas::Timestamp until, std::uint32_t limit,
                             std::function<void(sagas::Result<std::vector<store::Park>>)> done) = 0;
    /// Finds the version, deleted or not; checks the input against its schema; makes the labels.
    /// NotFound and InvalidArgument: why it can't be started, for people.
    virtual void prepare(ChildOrder order, std::function<void(sagas::Result<ChildReady>)> done) = 0;
    /// As EventLog::events.
    virtual void load_events(std::string topic, store::Offset after, std::uint32_t limit,
                             std::function<void(sagas::Result<store::EventPage>)> done) = 0;
    /// As TriggerStarts::make_start.
    virtual void prepare_trigger(TriggerOrder order,
                                 std::function<void(sagas::Result<Start>)> done) = 0;
};

/// Folds what was read of one saga. Errors: Unavailable; Corruption, also where its definition is
/// gone.
sagas::Result<Loader::Loaded> fold_loaded(Catalog& catalog, store::SagaRow row,
                                          const std::vector<store::JournalRow>& journal);

/// What a Loader does, on whichever thread. An Unavailable is tried again a few times at once.
class LoaderReads {
 public:
    /// Borrows all.
    LoaderReads(const store::Reader& reader, Catalog& catalog, const EventLog& events,
                const TriggerStarts& starts)
        : reader_(reader), catalog_(catalog), events_(events), starts_(starts) {}

    sagas::Result<Loader::Loaded> load(const Loader::Name& name) const;
    sagas::Result<std::vector<store::Park>> load_parked(sagas::Timestamp until,
                                                        std::uint32_t limit) const;
    sagas::Result<Loader::ChildReady> prepare(const Loader::ChildOrder& order) const;
    sagas::Result<store::EventPage> load_events(const std::string& topic, store::Offset after,
                                                std::uint32_t limit) const;
    sagas::Result<Start> prepare_trigger(const TriggerOrder& order) const;

 private:
    const store::Reader& reader_;
    Catalog& catalog_;
    const EventLog& events_;
    const TriggerStarts& starts_;
};

/// A loader that reads within the call, and hands the answer to `post`, which must run it soon but
/// not at once. It borrows all but `post`.
std::unique_ptr<Loader> make_inline_loader(const store::Reader& reader, Catalog& catalog,
                                           const EventLog& events, const TriggerStarts& starts,
                                           std::function<void(std::function<void()>)> post);

}  // namespace skald::engine
