#include "engine/rehearsal/run.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "engine/coordinator.h"
#include "engine/rehearsal/network.h"
#include "engine/rehearsal/timeline.h"
#include "sagas/check.h"
#include "store/memory_store.h"
#include "store/restore.h"

namespace skald::rehearsal {
namespace {

using Owner = Timeline::Owner;

constexpr const char* kSaga = "rehearsal";
constexpr Milliseconds kCommitTakes{1};
constexpr Milliseconds kRestartTakes{1'000};
/// A run of one saga that takes more than this goes on for ever.
constexpr std::size_t kEventsMax = 1'000;
constexpr std::size_t kEventsOfStepMax = 30;

class NoTelemetry : public engine::Telemetry {
 public:
    void saga_started(std::string_view) override {}
    void saga_ended(std::string_view, sagas::Status) override {}
    void attempt_ended(std::string_view, std::string_view, Phase, sagas::Outcome, double) override {
    }
    void committed(std::size_t, double) override {}
    void timer_fired(double) override {}
};

/// Every secret is set.
class SampleSecrets : public sagas::Secrets {
 public:
    std::optional<std::string> find(std::string_view) const override { return "secret"; }
};

/// One run. What belongs to one process of Skald is made anew after each crash.
class Run : private engine::Committer {
 public:
    Run(const Stage& stage, const Schedule& schedule, Telling telling)
        : stage_(stage),
          schedule_(schedule),
          is_told_(telling == Telling::Yes),
          store_(store::make_memory_store()),
          network_(stage, schedule, timeline_,
                   is_told_ ? [this](std::string text) { tell(std::move(text)); }
                            : std::function<void(std::string)>()) {}

    Played play();

 private:
    void begin_process();
    void end_process();
    void commit(std::unique_ptr<store::Batch> batch, Done done) override;
    void write(std::unique_ptr<store::Batch> batch, const Done& done, std::uint32_t number);
    void crash(const char* when, std::uint32_t number);
    bool is_due(FaultKind kind, std::uint32_t commit) const;
    void start();
    void cancel();
    void sleep_until_deadline();
    void tell(std::string text);
    void tell_batch(const store::Batch& batch, std::uint32_t number);
    Played judged();

    const Stage& stage_;
    const Schedule& schedule_;
    const bool is_told_;
    std::vector<Happening> story_;

    Timeline timeline_;
    const TimelineClock clock_{timeline_};
    const std::unique_ptr<store::Store> store_;
    Network network_;
    engine::Watchers watchers_;
    engine::JournalBell bell_;
    NoTelemetry telemetry_;
    SampleSecrets secrets_;
    std::unique_ptr<engine::Coordinator> coordinator_;

    std::uint32_t commits_ = 0;
    std::uint64_t alarm_ = 0;  ///< The last one that was set; those before it are void.
    bool has_crashed_ = false;
    bool wants_cancel_ = false;  ///< The operator has no answer yet.
};

Played Run::play() {
    store::Batch definition;
    // Only its key counts here: what it says comes from the stage's catalogue.
    definition.definitions.emplace_back(
        store::PutDefinition{stage_.definition().name, "{}", "{}", std::nullopt, {}});
    SKALD_CHECK(store_->writer().write(definition));
    begin_process();
    const std::size_t events_max = kEventsMax + kEventsOfStepMax * stage_.definition().steps.size();
    std::size_t events = 0;
    while (events < events_max && timeline_.step()) {
        ++events;
        if (std::exchange(has_crashed_, false)) end_process();
    }
    return judged();
}

void Run::begin_process() {
    coordinator_ = std::make_unique<engine::Coordinator>(
        engine::Coordinator::Parts{
            *this, network_, clock_, stage_.catalog(), watchers_, bell_, telemetry_, secrets_,
            [this] { timeline_.after({}, Owner::Process, [this] { coordinator_->turn(); }); },
            [this](Milliseconds delay) {
                timeline_.after(delay, Owner::Process, [this, alarm = ++alarm_] {
                    if (alarm == alarm_) coordinator_->turn();
                });
            },
            [](const sagas::Error& error) { SKALD_CHECK(error.message.empty()); }},
        engine::CoordinatorOptions{});
    SKALD_CHECK(coordinator_->recover(store_->recovery()));
    network_.begin_process([this](engine::CallId id, sagas::Answer answer) {
        coordinator_->answered(id, std::move(answer));
    });
    // The client and the operator ask again until they are answered.
    if (!store_->reader().saga(kSaga)) start();
    if (wants_cancel_) cancel();
}

void Run::end_process() {
    timeline_.end_process();
    network_.end_process();
    coordinator_.reset();
    timeline_.after(kRestartTakes, Owner::World, [this] {
        if (is_told_) tell("skald starts again");
        begin_process();
    });
}

// ---- Commits -----------------------------------------------------------------------------------

bool Run::is_due(FaultKind kind, std::uint32_t commit) const {
    return std::any_of(schedule_.begin(), schedule_.end(), [kind, commit](const Fault& fault) {
        return fault.kind == kind && fault.commit == commit;
    });
}

void Run::commit(std::unique_ptr<store::Batch> batch, Done done) {
    const std::uint32_t number = ++commits_;
    if (is_due(FaultKind::CancelDuring, number)) cancel();
    // Shared: a task must be copyable.
    auto held = std::make_shared<std::unique_ptr<store::Batch>>(std::move(batch));
    timeline_.after(kCommitTakes, Owner::Process, [this, held, done = std::move(done), number] {
        write(std::move(*held), done, number);
    });
}

void Run::write(std::unique_ptr<store::Batch> batch, const Done& done, std::uint32_t number) {
    if (is_due(FaultKind::CrashBefore, number)) return crash("before", number);
    auto result = store_->writer().write(*batch);
    if (is_told_) tell_batch(*batch, number);
    if (is_due(FaultKind::CrashAfter, number)) return crash("after", number);
    done(std::move(batch), std::move(result));
    if (is_due(FaultKind::CancelAfter, number)) cancel();
    if (is_due(FaultKind::Deadline, number)) sleep_until_deadline();
}

void Run::crash(const char* when, std::uint32_t number) {
    has_crashed_ = true;
    if (is_told_) tell(std::string("skald crashes ") + when + " commit " + std::to_string(number));
}

// ---- From outside ------------------------------------------------------------------------------

void Run::start() {
    if (is_told_) tell("a client starts the saga");
    coordinator_->post(engine::Start{stage_.version(),
                                     kSaga,
                                     store::IdOrigin::Client,
                                     stage_.input(),
                                     {},
                                     "the same request",
                                     std::nullopt,
                                     std::nullopt,
                                     [](const engine::Start::Result&) {}});
}

void Run::cancel() {
    using Operate = engine::Operate;
    wants_cancel_ = true;
    if (is_told_) tell("an operator cancels it");
    coordinator_->post(Operate{kSaga, sagas::Cancel{{"operator", "rehearsed", std::nullopt}},
                               [this](const Operate::Result& result) {
                                   wants_cancel_ = false;
                                   const auto* refusal = std::get_if<sagas::Refusal>(&result);
                                   if (is_told_ && refusal != nullptr) {
                                       tell("the operator is told: " + refusal->detail);
                                   }
                               }});
}

void Run::sleep_until_deadline() {
    const auto saga = store_->reader().saga(kSaga);
    if (!saga || !saga->deadline_at) return;
    if (is_told_) tell("the machine sleeps until the deadline has passed");
    timeline_.skip_to(timeline_.now() + (*saga->deadline_at - clock_.now()));
    coordinator_->turn();
}

// ---- What is told ------------------------------------------------------------------------------

void Run::tell(std::string text) { story_.push_back({timeline_.now(), std::move(text)}); }

void Run::tell_batch(const store::Batch& batch, std::uint32_t number) {
    std::string text;
    const auto add = [&](const sagas::Record& record) {
        for (const sagas::StepChange& change : record.decision.steps) {
            text.append(text.empty() ? " " : ", ")
                .append(stage_.definition().step(change.step).name)
                .append(" is ")
                .append(sagas::status_text(change.state));
        }
        if (record.decision.turned) text.append(text.empty() ? " " : ", ").append("it turns");
        if (record.decision.end) {
            text.append(text.empty() ? " " : ", ")
                .append("the saga is ")
                .append(sagas::to_text(record.decision.end->status));
        }
    };
    for (const store::NewSaga& started : batch.starts) add(started.begun);
    for (const store::Append& row : batch.rows) add(row.record);
    tell("commit " + std::to_string(number) + ":" + (text.empty() ? " nothing changes" : text));
}

Played Run::judged() {
    auto row = store_->reader().saga(kSaga);
    SKALD_CHECK(row);
    const auto journal = store_->reader().journal(row->key, 0, 1u << 30);
    SKALD_CHECK(journal);
    const auto saga = store::restore(stage_.definition(), *row, *journal);
    SKALD_CHECK(saga);
    Played played{judge(*saga, *journal, network_.ledger(), stage_.reads()),
                  {commits_, network_.called()},
                  std::move(story_)};
    return played;
}

}  // namespace

Played play(const Stage& stage, const Schedule& schedule, Telling telling) {
    return Run(stage, schedule, telling).play();
}

}  // namespace skald::rehearsal
