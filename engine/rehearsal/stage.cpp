#include "engine/rehearsal/stage.h"

#include <utility>

#include "sagas/check.h"
#include "sagas/classify.h"
#include "store/memory_store.h"

namespace skald::rehearsal {
namespace {

/// Some definitions take one of them for something else than a refusal.
constexpr int kRefusals[] = {409, 422, 400, 403, 402, 404, 410, 418};

sagas::Reply make_reply(int status, Json body) {
    return {status, {}, sagas::make_value(std::move(body)), std::nullopt};
}

}  // namespace

bool is_get(const sagas::Step& step) {
    const auto* call = std::get_if<sagas::HttpCall>(&step.action);
    return call != nullptr && call->method == "GET";
}

Stage::Stage(const sagas::Checked& checked, Json input, std::vector<SampleReply> replies,
             std::vector<bool> reads)
    : library_(store::make_memory_store()),
      catalog_(library_->reader()),
      input_(sagas::make_value(std::move(input))),
      reads_(std::move(reads)) {
    const std::string& name = checked.definition->name;
    store::Batch batch;
    const std::string filled = checked.filled.dump();
    batch.definitions.emplace_back(store::PutDefinition{name, filled, filled, std::nullopt, {}});
    SKALD_CHECK(library_->writer().write(batch));
    auto version = catalog_.to_start(name, std::nullopt);
    SKALD_CHECK(version);
    version_ = std::move(*version);
    for (std::size_t i = 0; i < replies.size(); ++i) {
        agreements_.push_back(make_reply(200, std::move(replies[i].body)));
        agreements_.back().headers = std::move(replies[i].headers);
        refusals_.push_back(make_refusal(StepIndex{static_cast<std::uint32_t>(i)}));
    }
}

sagas::Reply Stage::make_refusal(StepIndex step) const {
    const sagas::Saga saga = sagas::make_saga(definition(), "refusing", {}, input_);
    for (const int status : kRefusals) {
        sagas::Reply reply = make_reply(status, Json::object());
        const auto means = sagas::classify(definition(), saga, step, Phase::Action, reply);
        if (means.outcome == sagas::Outcome::Failure) return reply;
    }
    return make_reply(kRefusals[0], Json::object());
}

std::optional<StepIndex> Stage::find_step(std::string_view name) const {
    for (std::size_t i = 0; i < definition().steps.size(); ++i) {
        if (definition().steps[i].name == name) return StepIndex{static_cast<std::uint32_t>(i)};
    }
    return std::nullopt;
}

}  // namespace skald::rehearsal
