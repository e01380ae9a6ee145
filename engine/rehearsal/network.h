#pragma once

#include <functional>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/caller.h"
#include "engine/rehearsal/fault.h"
#include "engine/rehearsal/ledger.h"
#include "engine/rehearsal/stage.h"
#include "engine/rehearsal/timeline.h"
#include "sagas/event.h"

namespace skald::rehearsal {

/// The way to the participants, and they themselves, as the coordinator's Caller: what goes wrong
/// is what the schedule says. What is under way when a process ends arrives all the same; a
/// callback that nobody answers is sent again.
class Network : public engine::Caller {
 public:
    /// Whether skald took the callback, or has no use for it; else it is sent again.
    using Heard = std::function<void(bool is_heard)>;
    using CallBack = std::function<void(SagaNumber saga, sagas::CalledBack said, Heard heard)>;

    /// Borrows all. `tell` may be empty: nobody wants to know.
    Network(const Stage& stage, const Schedule& schedule, Timeline& timeline, Ledger& ledger,
            std::function<void(std::string)> tell);

    /// Who is told the answers of the present process, and who takes callbacks.
    void begin_process(Answered answered, CallBack call_back);
    /// Its connections break; nobody is told.
    void end_process();

    void call(engine::CallId id, sagas::Request request, std::uint32_t attempt) override;
    void recall(engine::CallId) override {}  ///< There is no queue: each call leaves at once.
    engine::CallerStats stats() const override { return {open_.size(), 0}; }

    /// What was called, by place.
    std::vector<Place> called() const;

 private:
    struct Try {
        engine::CallId id;
        std::uint64_t process;
        Place place;
        std::uint32_t number;  ///< As Skald-Attempt says.
        Milliseconds timeout;
        Milliseconds way;  ///< That the request takes.
    };
    /// How a participant deals with one request.
    struct Visit {
        Ledger::Manner manner = Ledger::Manner::Agrees;
        std::optional<Milliseconds> reply_after = Milliseconds{0};  ///< None: the reply is lost.
        const char* remark = "";
        int status = 0;           ///< That it answers, whatever it did; 0: what it means.
        bool calls_back = false;  ///< Later; now it answers 202.
    };
    struct Callback {
        Place place;
        sagas::CalledBack said;
    };
    using Callbacks = std::list<Callback>;

    void send(const Try& attempt, FaultKind kind);
    void send_to_be_called_back(const Try& attempt, FaultKind kind);
    void visit(const Try& attempt, Milliseconds after, const Visit& visit);
    void arrive(const Try& attempt, const Visit& visit);
    void accept(const Try& attempt, std::optional<Milliseconds> reply_after);
    void time_out(const Try& attempt);
    void answer(const Try& attempt, Milliseconds after, sagas::Answer answer);
    void work(Place place, Ledger::Manner manner, Milliseconds after, std::size_t callbacks);
    Ledger::Did act(Place place, Ledger::Manner manner);
    void call_back(Callbacks::iterator callback);
    void tell(const Try& attempt, const std::string& text);
    void tell(Place place, const std::string& text);

    const Stage& stage_;
    const Schedule& schedule_;
    Timeline& timeline_;
    Ledger& ledger_;
    const std::function<void(std::string)> tell_;
    std::map<Place, std::uint32_t> tries_;
    Answered answered_;
    CallBack call_back_;
    std::uint64_t process_ = 0;
    std::unordered_map<engine::CallId, Try> open_;
    Callbacks unheard_;
};

}  // namespace skald::rehearsal
