#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "engine/rehearsal/fault.h"
#include "engine/rehearsal/outcome.h"
#include "engine/rehearsal/stage.h"
#include "store/store.h"

namespace skald::rehearsal {

/// What one run's commits say: which sagas there are, and how it goes with them. Outlives every
/// process of the run.
class Books {
 public:
    /// Borrows both.
    Books(const Stage& stage, Ledger& ledger) : stage_(stage), ledger_(ledger) {}

    /// `batch` is durable, by the commit `number`.
    void enter(const store::Batch& batch, const store::Committed& committed, std::uint32_t number);
    /// "pay is calling, the saga is completed" of a batch that was entered.
    std::string text_of(const store::Batch& batch) const;

    /// Steps and elements of all sagas that were started.
    std::size_t size() const { return size_; }
    const std::map<Spot, std::size_t>& elements() const { return elements_; }
    const Spots& undone() const { return undone_; }
    /// The run's sagas as `reader` has them; parents before their children.
    std::vector<Left> sagas(const store::Reader& reader) const;
    /// Of a run that had so many commits.
    std::vector<Deadlined> deadlines(std::uint32_t commits) const;
    /// Whether `place` is of none but first and last elements.
    bool is_at_edge(Place place) const;

 private:
    struct Entered {
        SagaNumber number;
        std::uint32_t from;  ///< Commits.
        std::uint32_t to;    ///< 0: it has not ended.
        bool has_deadline;
    };
    void enter_start(const store::NewSaga& start, std::uint32_t commit);
    void enter_record(store::SagaKey key, const sagas::Record& record, std::uint32_t commit);
    void enter_end(Entered& entered, sagas::Status status, std::uint32_t commit);
    void add_text(store::SagaKey key, const sagas::Record& record, std::string& text) const;

    const Stage& stage_;
    Ledger& ledger_;
    std::map<store::SagaKey, Entered> sagas_;
    std::map<Spot, std::size_t> elements_;
    Spots undone_;
    std::size_t size_ = 0;
};

}  // namespace skald::rehearsal
