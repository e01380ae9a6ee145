#include "api/definition_check.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <variant>
#include <vector>

#include "sagas/problems.h"
#include "sagas/request.h"

namespace skald::api {
namespace {

using sagas::Json;

const Json* find_member(const Json* object, const char* name) {
    if (object == nullptr || !object->is_object()) return nullptr;
    const auto found = object->find(name);
    return found == object->end() ? nullptr : &*found;
}

bool is_callback(const Json* http) {
    const Json* reply = find_member(http, "reply");
    return reply != nullptr && *reply == "callback";
}

/// JSON Pointers of what asks for callbacks, wherever else the document is wrong.
std::vector<std::string> find_callbacks(const Json& document) {
    std::vector<std::string> pointers;
    const Json* steps = find_member(&document, "steps");
    if (steps == nullptr || !steps->is_array()) return pointers;
    for (std::size_t at = 0; at < steps->size(); ++at) {
        for (const char* part : {"action", "compensation"}) {
            if (!is_callback(find_member(find_member(&(*steps)[at], part), "http"))) continue;
            pointers.push_back("/steps/" + std::to_string(at) + "/" + part + "/http/reply");
        }
    }
    return pointers;
}

bool is_called_back(const sagas::HttpCall* call) {
    return call != nullptr && call->reply == sagas::ReplyMode::Callback;
}

bool has_callbacks(const sagas::Definition& definition) {
    return std::any_of(
        definition.steps.begin(), definition.steps.end(), [](const sagas::Step& step) {
            const auto* undo = std::get_if<sagas::Compensation>(&step.undo);
            return is_called_back(std::get_if<sagas::HttpCall>(&step.action)) ||
                   (undo != nullptr && is_called_back(std::get_if<sagas::HttpCall>(&undo->call)));
        });
}

bool has_children(const sagas::Definition& definition) {
    return std::any_of(definition.steps.begin(), definition.steps.end(),
                       [](const sagas::Step& step) {
                           return sagas::child_called(step, sagas::Phase::Action) != nullptr ||
                                  sagas::child_called(step, sagas::Phase::Compensation) != nullptr;
                       });
}

constexpr const char* kStartWithPublicUrl =
    "start it with --public-url https://..., by which participants reach it";

Problem children_changed(const sagas::Definition& definition, std::vector<sagas::Problem> errors) {
    return {ProblemType::InvalidDefinition,
            "Definition " + definition.name +
                " can't be started as the definitions below it are now: " + errors.front().pointer +
                ": " + errors.front().detail + "; nothing was started.",
            std::move(errors), nullptr};
}

}  // namespace

sagas::FindLatest LatestDefinitions::finder() {
    return [this](std::string_view name) { return find(name); };
}

sagas::Result<sagas::KnownDefinition> LatestDefinitions::find(std::string_view name) {
    auto version = read_again([&] { return catalog_.to_start(name, std::nullopt); });
    if (!version) {
        if (version.error().code != sagas::ErrorCode::NotFound) failure_ = version.error();
        return tl::unexpected(version.error());
    }
    // It lives as long as the version that it is part of.
    std::shared_ptr<const sagas::Definition> definition(*version, &(*version)->definition);
    return sagas::KnownDefinition{std::move(definition), (*version)->number};
}

Parsed<sagas::Checked> check_definition_here(const Services& services, const sagas::Json& document,
                                             const std::optional<std::string>& name) {
    sagas::Checked checked = sagas::check_definition(document, name);
    std::vector<sagas::Problem> more;
    if (checked.definition) {
        LatestDefinitions latest(services.catalog);
        more = sagas::check_children(*checked.definition, latest.finder());
        if (latest.failure()) return tl::unexpected(to_problem(*latest.failure()));
    }
    if (!services.has_public_url) {
        for (std::string& pointer : find_callbacks(document)) {
            more.push_back({"no-public-url", std::move(pointer),
                            "participants could not call back: this server does not know its URL",
                            kStartWithPublicUrl});
        }
    }
    if (more.empty()) return checked;
    sagas::Problems all;
    for (std::vector<sagas::Problem>* some : {&checked.errors, &more}) {
        for (sagas::Problem& each : *some) {
            all.add(std::move(each.code), std::move(each.pointer), std::move(each.detail),
                    std::move(each.hint));
        }
    }
    checked.errors = all.take();
    checked.definition = nullptr;
    checked.filled = nullptr;
    return checked;
}

Parsed<sagas::Pins> pin_here(const StartGround& ground, const sagas::Definition& definition) {
    if (!ground.has_public_url && has_callbacks(definition)) {
        return refuse(ProblemType::InvalidDefinition,
                      "Definition " + definition.name +
                          " has participants that call back, and this server does not know its "
                          "URL: " +
                          kStartWithPublicUrl + ". Nothing was started.");
    }
    if (!has_children(definition)) return sagas::Pins{};
    LatestDefinitions latest(ground.catalog);
    auto errors = sagas::check_children(definition, latest.finder());
    if (latest.failure()) return tl::unexpected(to_problem(*latest.failure()));
    if (!errors.empty()) return tl::unexpected(children_changed(definition, std::move(errors)));
    auto pins = sagas::pin_children(definition, latest.finder());
    if (pins) return std::move(*pins);
    return tl::unexpected(to_problem(pins.error()));
}

}  // namespace skald::api
