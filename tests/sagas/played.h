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

/// One saga that a test plays. Every event is held against what must always be true
/// (always_true.h). Breaking one fails the test.
///
/// Steps are named as "charge", elements of a `for_each` step as "items/2".
class Played {
 public:
    explicit Played(std::shared_ptr<const Definition> definition, Json input = Json::object());

    /// What came of the event; the saga is as it says from now on.
    struct Told {
        std::optional<Record> record;
        std::vector<Effect> effects;
        std::optional<Refusal> refusal;
        std::vector<Publication> publications = {};
        std::vector<Expectation> expectations = {};
    };
    Told tell(const Event& event);

    // Short forms of `tell`, for the try that is out.
    Told begin() { return tell(Begin{}); }
    Told answer(std::string_view step, int status, Json body = nullptr);
    Told answer_undo(std::string_view step, int status, Json body = nullptr);
    Told lose(std::string_view step);      ///< The try may have taken effect.
    Told not_send(std::string_view step);  ///< The try did not leave.
    Told call_back(std::string_view step, Outcome outcome, Json output = nullptr);
    Told call_back_undo(std::string_view step, Outcome outcome);
    /// An event that the step waits for is in the log, under an offset of its own.
    Told hear(std::string_view step, std::string_view type, Json data = nullptr);
    Told hear_undo(std::string_view step, std::string_view type, Json data = nullptr);
    Told end_child(std::string_view step, ChildEnd::How how, Json output = nullptr);
    /// What the step is to be woken for (either phase) has come, and the time with it.
    Told due(std::string_view step);
    Due due_event(StepIndex step);  ///< The event of that; the time comes, too.

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
    StepIndex step_named(std::string_view name) const;
    Told hear(StepIndex step, Phase phase, std::string_view type, Json data);
    /// An answer to the try of either phase that is out.
    Told answer_open(std::string_view step, Answer answer);

    std::shared_ptr<const Definition> definition_;  // Shared with the test.
    Saga saga_;
    std::vector<Record> journal_;
    Timestamp now_ = kStart;
    std::int64_t last_offset_ = 0;
    bool is_forced_ = false;
};

/// A CloudEvent of that type.
Json cloud_event(std::string_view type, Json data = nullptr);
Reply reply(int status, Json body = nullptr);
Operator somebody();

}  // namespace skald::sagas
