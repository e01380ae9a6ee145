#include "engine/rehearsal/run.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "engine/coordinator.h"
#include "engine/loader.h"
#include "engine/rehearsal/books.h"
#include "engine/rehearsal/network.h"
#include "engine/rehearsal/subscribers.h"
#include "engine/rehearsal/timeline.h"
#include "sagas/check.h"
#include "store/memory_store.h"

namespace skald::rehearsal {
namespace {

using Owner = Timeline::Owner;

constexpr Milliseconds kCommitTakes{1};
constexpr Milliseconds kRestartTakes{1'000};
/// A run that takes more than this goes on for ever.
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

/// The network knows what a call is for.
class SampleCallbacks : public sagas::CallbackUrls {
 public:
    std::string url(std::string_view, StepIndex, Phase) const override { return "callback"; }
};

/// One run. What belongs to one process of Skald is made anew after each crash.
class Run : private engine::Committer {
 public:
    Run(const Stage& stage, const Schedule& schedule, Telling telling)
        : stage_(stage),
          schedule_(schedule),
          is_told_(telling == Telling::Yes),
          store_(store::make_memory_store()),
          loader_(engine::make_inline_loader(store_->reader(), stage.catalog(), events_, triggers_,
                                             [this](std::function<void()> work) {
                                                 timeline_.after({}, Owner::Process,
                                                                 std::move(work));
                                             })),
          books_(stage, ledger_),
          network_(stage, schedule, timeline_, ledger_, teller()),
          subscribers_(stage, schedule, timeline_, ledger_, store_->reader(), teller()) {}

    Played play();

 private:
    void begin_process();
    void end_process();
    void commit(std::shared_ptr<store::Batch> batch, React react, Done done) override;
    struct Commit {
        std::shared_ptr<store::Batch> batch;
        React react;
        Done done;
        std::uint32_t number;
    };
    void write(const Commit& commit);
    void crash(const char* when, std::uint32_t number);
    const Fault* find_due(FaultKind kind, std::uint32_t commit) const;
    bool is_due(FaultKind kind, std::uint32_t commit) const {
        return find_due(kind, commit) != nullptr;
    }
    const std::string& id() const { return stage_.cast().role(kTopmost).id; }
    void start();
    void cancel();
    void call_back(SagaNumber saga, sagas::CalledBack said, Network::Heard heard);
    void publish(const std::string& topic, const Json& event, Subscribers::Heard heard);
    void sleep_until_deadline(SagaNumber saga);
    void tell(std::string text);
    std::function<void(std::string)> teller();
    Played judged();

    const Stage& stage_;
    const Schedule& schedule_;
    const bool is_told_;
    std::vector<Happening> story_;

    Timeline timeline_;
    const TimelineClock clock_{timeline_};
    const std::unique_ptr<store::Store> store_;
    const engine::StoredEvents events_{store_->reader()};
    const engine::NoTriggers triggers_{};
    const std::unique_ptr<engine::Loader> loader_;
    engine::NoBroker broker_;
    Ledger ledger_;
    Books books_;
    Network network_;
    Subscribers subscribers_;
    engine::Watchers watchers_;
    engine::JournalBell bell_;
    engine::EventBell event_bell_;
    NoTelemetry telemetry_;
    SampleSecrets secrets_;
    SampleCallbacks callbacks_;
    std::unique_ptr<engine::Coordinator> coordinator_;

    std::uint32_t commits_ = 0;
    std::uint64_t alarm_ = 0;  ///< The last one that was set; those before it are void.
    bool has_crashed_ = false;
    bool wants_cancel_ = false;  ///< The operator has no answer yet.
};

Played Run::play() {
    stage_.register_in(*store_);
    begin_process();
    const auto events_max = [this] { return kEventsMax + kEventsOfStepMax * books_.size(); };
    std::size_t events = 0;
    while (events < events_max() && timeline_.step()) {
        ++events;
        if (std::exchange(has_crashed_, false)) end_process();
    }
    return judged();
}

void Run::begin_process() {
    coordinator_ = std::make_unique<engine::Coordinator>(
        engine::Coordinator::Parts{
            *this, network_, clock_, stage_.catalog(), watchers_, bell_, event_bell_, telemetry_,
            secrets_, callbacks_, *loader_, broker_,
            [this] { timeline_.after({}, Owner::Process, [this] { coordinator_->turn(); }); },
            [this](Milliseconds delay) {
                timeline_.after(delay, Owner::Process, [this, alarm = ++alarm_] {
                    if (alarm == alarm_) coordinator_->turn();
                });
            },
            [](const sagas::Error& error) { SKALD_CHECK(error.message.empty()); }},
        engine::CoordinatorOptions{});
    SKALD_CHECK(coordinator_->recover(store_->recovery()));
    network_.begin_process(
        [this](engine::CallId id, sagas::Answer answer) {
            coordinator_->answered(id, std::move(answer));
        },
        [this](SagaNumber saga, sagas::CalledBack said, Network::Heard heard) {
            call_back(saga, std::move(said), std::move(heard));
        });
    subscribers_.begin_process(
        [this](const std::string& topic, const Json& event, Subscribers::Heard heard) {
            publish(topic, event, std::move(heard));
        });
    // The client and the operator ask again until they are answered.
    if (!store_->reader().saga(id())) start();
    if (wants_cancel_) cancel();
}

void Run::end_process() {
    timeline_.end_process();
    network_.end_process();
    subscribers_.end_process();
    coordinator_.reset();
    timeline_.after(kRestartTakes, Owner::World, [this] {
        if (is_told_) tell("skald starts again");
        begin_process();
    });
}

// ---- Commits -----------------------------------------------------------------------------------

const Fault* Run::find_due(FaultKind kind, std::uint32_t commit) const {
    const auto found =
        std::find_if(schedule_.begin(), schedule_.end(), [kind, commit](const Fault& fault) {
            return fault.kind == kind && fault.commit == commit;
        });
    return found == schedule_.end() ? nullptr : &*found;
}

void Run::commit(std::shared_ptr<store::Batch> batch, React react, Done done) {
    const std::uint32_t number = ++commits_;
    if (is_due(FaultKind::CancelDuring, number)) cancel();
    timeline_.after(kCommitTakes, Owner::Process,
                    [this, commit = Commit{std::move(batch), std::move(react), std::move(done),
                                           number}] { write(commit); });
}

void Run::write(const Commit& commit) {
    const auto& [batch, react, done, number] = commit;
    if (is_due(FaultKind::CrashBefore, number)) return crash("before", number);
    auto result = engine::write_growing(store_->writer(), *batch, react);
    if (result) books_.enter(*batch, *result, number);
    if (is_told_) tell("commit " + std::to_string(number) + ": " + books_.text_of(*batch));
    if (result) subscribers_.hear(*batch, *result);
    if (is_due(FaultKind::CrashAfter, number)) return crash("after", number);
    done(std::move(result));
    if (is_due(FaultKind::CancelAfter, number)) cancel();
    const Fault* deadline = find_due(FaultKind::Deadline, number);
    if (deadline != nullptr) sleep_until_deadline(deadline->place.spot.saga);
}

void Run::crash(const char* when, std::uint32_t number) {
    has_crashed_ = true;
    if (is_told_) tell(std::string("skald crashes ") + when + " commit " + std::to_string(number));
}

// ---- From outside ------------------------------------------------------------------------------

void Run::start() {
    if (is_told_) tell("a client starts the saga");
    engine::Start start;
    start.version = stage_.version();
    start.id = id();
    start.id_origin = store::IdOrigin::Client;
    start.input = stage_.input();
    start.body_hash = "the same request";
    start.lock = stage_.lock();
    start.pins = stage_.family().pins();
    start.done = [](const engine::Start::Result&) {};
    coordinator_->post(std::move(start));
}

void Run::cancel() {
    using Operate = engine::Operate;
    wants_cancel_ = true;
    if (is_told_) tell("an operator cancels it");
    coordinator_->post(Operate{id(), sagas::Cancel{{"operator", "rehearsed", std::nullopt}},
                               [this](const Operate::Result& result) {
                                   wants_cancel_ = false;
                                   const auto* refusal = std::get_if<sagas::Refusal>(&result);
                                   if (is_told_ && refusal != nullptr) {
                                       tell("the operator is told: " + refusal->detail);
                                   }
                               }});
}

/// As the REST API does: a saga that is over has no use for it, one that nobody finds just now may
/// have.
void Run::call_back(SagaNumber saga, sagas::CalledBack said, Network::Heard heard) {
    const std::string& called = stage_.cast().role(saga).id;
    coordinator_->post(engine::CallBack{
        called, std::move(said),
        [this, &called, heard = std::move(heard)](const engine::CallBack::Result& result) {
            const auto row = store_->reader().saga(called);
            const bool is_over = !row || sagas::is_terminal(row->summary.status);
            heard(std::holds_alternative<engine::CallBack::Taken>(result) ||
                  (std::holds_alternative<engine::CallBack::NotFound>(result) && is_over));
        }});
}

void Run::publish(const std::string& topic, const Json& event, Subscribers::Heard heard) {
    using Publish = engine::Publish;
    coordinator_->post(
        Publish{topic,
                {{event.at("source").get<std::string>(), event.at("id").get<std::string>(), event}},
                [heard = std::move(heard)](const Publish::Result& result) {
                    heard(!std::holds_alternative<engine::Busy>(result));
                }});
}

void Run::sleep_until_deadline(SagaNumber saga) {
    const auto row = store_->reader().saga(stage_.cast().role(saga).id);
    if (!row || !row->deadline_at) return;
    if (is_told_) tell("the machine sleeps until the deadline has passed");
    timeline_.skip_to(timeline_.now() + (*row->deadline_at - clock_.now()));
    coordinator_->turn();
}

// ---- What is told ------------------------------------------------------------------------------

void Run::tell(std::string text) { story_.push_back({timeline_.now(), std::move(text)}); }

std::function<void(std::string)> Run::teller() {
    if (!is_told_) return nullptr;
    return [this](std::string text) { tell(std::move(text)); };
}

Played Run::judged() {
    Played played{judge(stage_, books_.sagas(store_->reader()), ledger_, books_.undone()),
                  {commits_, {}, books_.deadlines(commits_)},
                  books_.elements(),
                  std::move(story_)};
    std::vector<Place> places = network_.called();
    for (const Place place : subscribers_.called()) places.push_back(place);
    std::sort(places.begin(), places.end());
    for (const Place place : places) {
        if (!books_.is_at_edge(place)) continue;
        const sagas::Step& step = stage_.cast().step(place.spot);
        const Way way = way_of(step, place.phase);
        const bool is_answered = way == Way::Event || way == Way::Signal;
        played.reach.calls.push_back({place, way, !is_answered || can_refuse(step, place.phase)});
    }
    return played;
}

}  // namespace

Played play(const Stage& stage, const Schedule& schedule, Telling telling) {
    return Run(stage, schedule, telling).play();
}

}  // namespace skald::rehearsal
