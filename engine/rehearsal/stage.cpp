#include "engine/rehearsal/stage.h"

#include <utility>

#include "sagas/check.h"
#include "sagas/classify.h"
#include "sagas/event_match.h"
#include "store/memory_store.h"

namespace skald::rehearsal {
namespace {

/// Some definitions take one of them for something else than a refusal.
constexpr int kRefusals[] = {409, 422, 400, 403, 402, 404, 410, 418};

sagas::Reply make_reply(int status, Json body) {
    return {status, {}, sagas::make_value(std::move(body)), std::nullopt};
}

}  // namespace

Stage::Stage(const Family& family, Properties properties)
    : family_(family),
      library_(store::make_memory_store()),
      catalog_(library_->reader()),
      input_(sagas::make_value(std::move(properties.input))),
      lock_(std::move(properties.lock)),
      parts_(family.size()) {
    register_in(*library_);
    auto version = catalog_.to_start(family.at(0).name, std::nullopt);
    SKALD_CHECK(version);
    version_ = std::move(*version);
    cast_ = std::make_unique<Cast>(version_);
    for (const FamilyStep each : family.steps()) {
        SampleReply& reply = properties.replies[each.definition][to_size(each.step)];
        Part part{make_reply(200, std::move(reply.body)), make_refusal(each),
                  properties.reads[each.definition][to_size(each.step)]};
        part.agreement.headers = std::move(reply.headers);
        parts_[each.definition].push_back(std::move(part));
    }
}

void Stage::register_in(store::Store& store) const {
    store::Batch batch;
    for (std::size_t number = 0; number < family_.size(); ++number) {
        // Only their keys count in the stores of runs: what they say comes from the catalogue.
        const std::string filled = &store == library_.get() ? family_.filled(number).dump() : "{}";
        batch.definitions.emplace_back(
            store::PutDefinition{family_.at(number).name, filled, filled, std::nullopt, {}});
        for (sagas::MatchPath& path : sagas::match_paths(family_.at(number))) {
            batch.match_paths.push_back(std::move(path));
        }
    }
    SKALD_CHECK(store.writer().write(batch));
}

const Stage::Part& Stage::part(Spot spot) const {
    const std::string& name = cast_->role(spot.saga).definition().name;
    return parts_[family_.number_of(name)][to_size(spot.step)];
}

bool Stage::is_read(Spot spot) const { return part(spot).is_read; }

sagas::Reply Stage::make_refusal(FamilyStep which) const {
    const sagas::Definition& definition = family_.at(which.definition);
    const bool is_topmost = which.definition == 0;
    const sagas::Saga saga = sagas::make_saga(definition, "refusing", {},
                                              is_topmost ? input_ : sagas::make_value(Json()));
    for (const int status : kRefusals) {
        sagas::Reply reply = make_reply(status, Json::object());
        const auto means = sagas::classify(definition, saga, which.step, Phase::Action, reply);
        if (means.outcome == sagas::Outcome::Failure) return reply;
    }
    return make_reply(kRefusals[0], Json::object());
}

}  // namespace skald::rehearsal
