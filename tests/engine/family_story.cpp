#include "tests/engine/family_story.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <set>
#include <utility>

#include "sagas/lint.h"
#include "store/memory_store.h"
#include "tests/engine/rig.h"

namespace skald::engine {

const std::vector<const char*> kFamilies = {
    R"({"name": "payment", "labels": {"amount": "$input.amount"},
  "input_schema": {"properties": {"amount": {"type": "integer"}}, "required": ["amount"]},
  "output": "twelve", "steps": [
  {"name": "charge", "action": {"http": {"method": "POST", "url": "http://127.0.0.1:9/charge"}},
   "compensation": {"http": {"method": "POST", "url": "http://127.0.0.1:9/refund"}}},
  {"name": "book", "action": {"http": {"method": "POST", "url": "http://127.0.0.1:9/book"}},
   "compensation": {"http": {"method": "POST", "url": "http://127.0.0.1:9/unbook"}}}]})",
    R"({"name": "shop", "steps": [
  {"name": "reserve", "action": {"http": {"method": "POST", "url": "http://127.0.0.1:9/reserve"}},
   "compensation": {"http": {"method": "POST", "url": "http://127.0.0.1:9/release"}}},
  {"name": "pay", "action": {"saga": {"definition": "payment",
                                      "input": {"amount": "$input.amount"}}}},
  {"name": "ship", "action": {"http": {"method": "POST", "url": "http://127.0.0.1:9/ship",
                                       "body": {"paid": "$steps.pay.output"}}},
   "compensation": {"http": {"method": "POST", "url": "http://127.0.0.1:9/recall"}}}]})",
    R"({"name": "mall", "steps": [
  {"name": "shop", "action": {"saga": {"definition": "shop",
                                       "input": {"amount": "$input.amount"}}}},
  {"name": "open", "action": {"http": {"method": "POST", "url": "http://127.0.0.1:9/open"}},
   "compensation": {"http": {"method": "POST", "url": "http://127.0.0.1:9/close"}}}]})",
    R"({"name": "basket", "steps": [
  {"name": "pay", "for_each": "$input.items", "max_parallel": 2,
   "action": {"saga": {"definition": "payment", "input": {"amount": "$item"}}}},
  {"name": "ship", "action": {"http": {"method": "POST", "url": "http://127.0.0.1:9/ship"}},
   "compensation": {"http": {"method": "POST", "url": "http://127.0.0.1:9/recall"}}}]})",
    R"({"name": "cleanup", "steps": [
  {"name": "clean", "compensation": "none",
   "action": {"http": {"method": "POST", "url": "http://127.0.0.1:9/clean"}}}]})",
    R"({"name": "cleaned", "steps": [
  {"name": "reserve", "action": {"http": {"method": "POST", "url": "http://127.0.0.1:9/reserve"}},
   "compensation": {"saga": {"definition": "cleanup", "input": {}}}},
  {"name": "ship", "action": {"http": {"method": "POST", "url": "http://127.0.0.1:9/ship"}},
   "compensation": {"http": {"method": "POST", "url": "http://127.0.0.1:9/recall"}}}]})",
    R"({"name": "rest", "steps": [
  {"name": "rest", "when": "false", "compensation": "none",
   "action": {"http": {"method": "POST", "url": "http://127.0.0.1:9/rest"}}}]})",
    R"({"name": "idle", "steps": [
  {"name": "rest", "action": {"saga": {"definition": "rest"}}}]})",
    R"({"name": "firm", "steps": [
  {"name": "pay", "pivot": true,
   "action": {"http": {"method": "POST", "url": "http://127.0.0.1:9/pay"}}}]})",
    R"({"name": "stubborn", "steps": [
  {"name": "pay", "action": {"saga": {"definition": "firm"}}},
  {"name": "ship", "compensation": "none",
   "action": {"http": {"method": "POST", "url": "http://127.0.0.1:9/ship"}}}]})",
    R"({"name": "stuckable", "steps": [
  {"name": "pay", "after": [], "action": {"saga": {"definition": "payment",
                                                   "input": {"amount": "$input.amount"}}}},
  {"name": "aside", "after": [], "compensation": "none", "in_doubt": "park",
   "retry": {"maximum_attempts": 1},
   "action": {"http": {"method": "POST", "url": "http://127.0.0.1:9/aside"}}}]})",
};

const sagas::Pins kFamilyPins = {
    {"payment", 1}, {"shop", 1}, {"cleanup", 1}, {"rest", 1}, {"firm", 1}};

namespace {

constexpr int kStepsMax = 2'000;

const std::map<std::string, std::string> kUndos = {{"/charge", "/refund"},
                                                   {"/book", "/unbook"},
                                                   {"/reserve", "/release"},
                                                   {"/ship", "/recall"},
                                                   {"/open", "/close"}};

/// Checked once: many stories are played.
const store::Batch& family_definitions() {
    static const store::Batch kBatch = [] {
        store::Batch batch;
        for (const char* document : kFamilies) {
            const sagas::Json json = sagas::parse_json(document).value();
            const sagas::Checked checked = sagas::check_definition(json, std::nullopt);
            batch.definitions.emplace_back(store::PutDefinition{
                checked.definition->name, json.dump(), checked.filled.dump(), std::nullopt, {}});
        }
        return batch;
    }();
    return kBatch;
}

class Playing {
 public:
    Playing(const FamilyStory& story, const std::vector<FamilyFault>& faults,
            const FamilyStage& stage)
        : story_(story), faults_(faults), stage_(stage) {
        EXPECT_TRUE(store_->writer().write(family_definitions()));
        begin_process();
    }

    FamilyEnd play() {
        int steps = 0;
        while (steps < kStepsMax && step()) ++steps;
        FamilyEnd end{rig_->status("o"), commits_, find_fault()};
        if (steps == kStepsMax) end.fault += "it goes on for ever; ";
        return end;
    }

 private:
    void begin_process() {
        rig_ = std::make_unique<Rig>(*store_, stage_.options);
        if (!store_->reader().saga("o")) {
            Rig::Wanted wanted;
            wanted.input = {{"amount", 12}, {"items", {1, 2, 3}}};
            wanted.pins = kFamilyPins;
            rig_->start(story_.definition, "o", std::move(wanted));
        }
        if (wants_cancel_) cancelled_ = rig_->cancel("o");
    }

    /// One thing that happens; false: nothing is left to happen.
    bool step() {
        rig_->turn();
        const bool may_answer = !rig_->caller.open.empty();
        const bool answers_first = stage_.first == FamilyStage::First::Calls && may_answer;
        if (!rig_->loader.answers.empty()) {
            rig_->deliver_first_read();
        } else if (rig_->committer.is_syncing() && !answers_first) {
            commit();
        } else if (may_answer) {
            answer();
        } else {
            return false;
        }
        if (cancelled_ && *cancelled_) wants_cancel_ = false;
        return true;
    }

    bool is_due(FamilyFault::Kind kind) const {
        return std::any_of(faults_.begin(), faults_.end(), [&](const FamilyFault& fault) {
            return fault.commit == commits_ && fault.kind == kind;
        });
    }

    void commit() {
        ++commits_;
        if (is_due(FamilyFault::Cancel)) {
            wants_cancel_ = true;
            cancelled_ = rig_->cancel("o");
            rig_->turn();
        }
        if (is_due(FamilyFault::CrashBefore)) {
            begin_process();
        } else if (is_due(FamilyFault::CrashAfter)) {
            rig_->committer.finish_unheard();
            begin_process();
        } else {
            rig_->committer.finish();
        }
    }

    void answer() {
        const ScriptedCaller::Made made = rig_->caller.open.front();
        rig_->caller.open.pop_front();
        const std::string& target = made.request.target;
        const auto refusal = story_.refusals.find(target);
        const int status = refusal == story_.refusals.end() ? 200 : refusal->second;
        std::string key, saga;
        for (const auto& [name, value] : made.request.headers) {
            if (name == "Idempotency-Key") key = value;
            if (name == "Skald-Saga") saga = value;
        }
        keys_[saga + target].insert(key);
        if (status == 200) done_.insert({saga, target});
        rig_->coordinator->answered(
            made.id, sagas::Reply{status, {}, sagas::make_value(nullptr), std::nullopt});
    }

    std::string find_fault() const {
        std::string fault;
        if (rig_->fatal) fault += "fatal: " + rig_->fatal->message + "; ";
        if (rig_->live() != 0) fault += std::to_string(rig_->live()) + " are in memory; ";
        for (const auto& [call, keys] : keys_) {
            if (keys.size() != 1) fault += call + " was called with several keys; ";
        }
        const std::string top = rig_->status("o");
        const auto sagas = store_->reader().list({}, {}).value();
        for (const store::SagaRow& row : sagas.rows) {
            const bool is_cleanup = row.definition == "cleanup";
            const std::string status{sagas::to_text(row.summary.status)};
            if (status != (is_cleanup ? "completed" : top))
                fault += row.id + " is " + status + "; ";
        }
        for (const auto& [saga, target] : done_) {
            const auto undo = kUndos.find(target);
            if (undo == kUndos.end() || story_.definition == std::string("cleaned")) continue;
            const bool is_undone = done_.contains({saga, undo->second});
            if (is_undone != (top == "compensated")) {
                fault += saga + target + (is_undone ? " was undone; " : " was not undone; ");
            }
        }
        return fault;
    }

    const FamilyStory& story_;
    const std::vector<FamilyFault>& faults_;
    const FamilyStage stage_;
    const std::unique_ptr<store::Store> store_ = store::make_memory_store();
    std::unique_ptr<Rig> rig_;
    int commits_ = 0;
    bool wants_cancel_ = false;
    Rig::Later<Operate::Result> cancelled_;
    std::map<std::string, std::set<std::string>> keys_;
    std::set<std::pair<std::string, std::string>> done_;  ///< Saga and target.
};

}  // namespace

FamilyEnd play(const FamilyStory& story, const std::vector<FamilyFault>& faults,
               const FamilyStage& stage) {
    return Playing(story, faults, stage).play();
}

}  // namespace skald::engine
