#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sagas/lint.h"
#include "sagas/machine.h"

namespace skald::sagas {

inline constexpr Timestamp kStart{Milliseconds{1'700'000'000'000}};

/// A definition from its text. The test fails, and the program ends, when it has errors.
std::shared_ptr<const Definition> define(std::string_view text);

/// One saga that a test plays. Every event is held against what must always be true: what became
/// owed is what `owed` has more than before, the state is the fold of the journal, a terminal state
/// never changes, no action starts once the saga turned. Breaking one fails the test.
class Played {
 public:
    explicit Played(std::shared_ptr<const Definition> definition, Json input = Json::object());

    /// What came of the event; the saga is as it says from now on.
    struct Told {
        std::optional<Record> record;
        std::vector<Effect> effects;
        std::optional<Refusal> refusal;
    };
    Told tell(const Event& event);

    // Short forms of `tell`, for the try that is out.
    Told begin() { return tell(Begin{}); }
    Told answer(std::string_view step, int status, Json body = nullptr);
    Told answer_undo(std::string_view step, int status, Json body = nullptr);
    Told lose(std::string_view step);      ///< The try may have taken effect.
    Told not_send(std::string_view step);  ///< The try did not leave.
    Told due(std::string_view step);       ///< The time of its next try (either phase) has come.

    /// As after a crash: folds the journal and takes what may have been out for doubtful.
    void restart();
    void advance(Milliseconds time) { now_ += time; }

    const Definition& definition() const { return *definition_; }
    const Saga& saga() const { return saga_; }
    const std::vector<Record>& journal() const { return journal_; }
    Timestamp now() const { return now_; }
    StepIndex index(std::string_view step) const;
    /// "succeeded", "calling 2 in doubt".
    std::string state(std::string_view step) const;
    std::string status() const { return std::string(to_text(sagas::status(saga_))); }
    /// What is owed now, each as text, in order.
    std::vector<std::string> owed() const;

    /// Sets a step's state outright: the invariants of the journal no longer hold for this saga.
    void force(std::string_view step, StepState state);
    void force(Saga saga);

 private:
    void hold(const Saga& before, const Transition& transition);

    std::shared_ptr<const Definition> definition_;  // Shared with the test.
    Saga saga_;
    std::vector<Record> journal_;
    Timestamp now_ = kStart;
    bool is_forced_ = false;
};

Reply reply(int status, Json body = nullptr);
Operator somebody();

}  // namespace skald::sagas
