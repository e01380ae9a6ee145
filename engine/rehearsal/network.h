#pragma once

#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/caller.h"
#include "engine/rehearsal/ledger.h"
#include "engine/rehearsal/stage.h"
#include "engine/rehearsal/timeline.h"

namespace skald::rehearsal {

/// The way to the participants, and they themselves, as the coordinator's Caller: what goes wrong
/// is what the schedule says. What is under way when a process ends arrives all the same.
class Network : public engine::Caller {
 public:
    /// Borrows all. `tell` may be empty: nobody wants to know.
    Network(const Stage& stage, const Schedule& schedule, Timeline& timeline,
            std::function<void(std::string)> tell);

    /// Who is told the answers of the present process.
    void begin_process(Answered answered);
    /// Its connections break; nobody is told.
    void end_process();

    void call(engine::CallId id, sagas::Request request, std::uint32_t attempt) override;
    void recall(engine::CallId) override {}  ///< There is no queue: each call leaves at once.
    engine::CallerStats stats() const override { return {open_.size(), 0}; }

    const Ledger& ledger() const { return ledger_; }
    /// By step and phase, as Reach::calls: whether it was called.
    const std::vector<bool>& called() const { return called_; }

 private:
    struct Try {
        engine::CallId id;
        std::uint64_t process;
        StepIndex step;
        Phase phase;
        std::uint32_t number;  ///< As Skald-Attempt says.
        Milliseconds timeout;
    };
    const Fault* fault_of(const Try& attempt) const;
    void send(const Try& attempt, const Fault& fault);
    void deliver(const Try& attempt, Milliseconds after, Milliseconds reply_after);
    void time_out(const Try& attempt);
    void answer(const Try& attempt, Milliseconds after, sagas::Answer answer);
    /// What the participant does, and says.
    sagas::Reply arrive(const Try& attempt, Ledger::Manner manner, const char* remark);
    void tell(const Try& attempt, const std::string& text);

    const Stage& stage_;
    const Schedule& schedule_;
    Timeline& timeline_;
    const std::function<void(std::string)> tell_;
    Ledger ledger_;
    std::vector<bool> called_;
    std::vector<std::uint32_t> tries_;  ///< By step and phase.
    Answered answered_;
    std::uint64_t process_ = 0;
    std::unordered_map<engine::CallId, Try> open_;
};

}  // namespace skald::rehearsal
