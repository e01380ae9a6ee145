#include "sagas/definition_diff.h"

#include <algorithm>
#include <initializer_list>
#include <set>
#include <string_view>

#include "sagas/diff_verdict.h"

namespace skald::sagas {
namespace {

const Json* find_member(const Json& object, const std::string& name) {
    const auto found = object.find(name);
    return found == object.end() ? nullptr : &*found;
}

const Json* find_named_step(const Json& steps, const Json& name) {
    const auto found = std::find_if(steps.begin(), steps.end(),
                                    [&name](const Json& step) { return step.at("name") == name; });
    return found == steps.end() ? nullptr : &*found;
}

const Json& triggers_of(const Json& filled) {
    static const Json kNone = Json::array();
    const Json* const found = find_member(filled, "triggers");
    return found == nullptr ? kNone : *found;
}

/// There is one at most of a topic and type.
const Json* find_same_trigger(const Json& triggers, const Json& trigger) {
    const auto found = std::find_if(triggers.begin(), triggers.end(), [&trigger](const Json& each) {
        return each.at("topic") == trigger.at("topic") && each.at("type") == trigger.at("type");
    });
    return found == triggers.end() ? nullptr : &*found;
}

/// `after` is a set.
bool is_same_set(const Json& a, const Json& b) {
    return std::multiset<Json>(a.begin(), a.end()) == std::multiset<Json>(b.begin(), b.end());
}

class Comparer {
 public:
    explicit Comparer(DefinitionDiff& diff) : diff_(diff) {}

    void compare(const Json& older, const Json& newer) {
        compare_members(older, newer, {"", "", ""}, {"steps", "triggers"});
        compare_triggers(triggers_of(older), triggers_of(newer));
        const Json& older_steps = older.at("steps");
        const Json& newer_steps = newer.at("steps");
        for (std::size_t i = 0; i < newer_steps.size(); ++i) {
            const Json& step = newer_steps[i];
            const Place place{step.at("name").get<std::string>(), "", pointer_of_step(i)};
            if (const Json* const was = find_named_step(older_steps, step.at("name"))) {
                compare_step(*was, step, place);
            } else {
                add(place, nullptr, &step);
            }
        }
        for (std::size_t i = 0; i < older_steps.size(); ++i) {
            const Json& step = older_steps[i];
            if (find_named_step(newer_steps, step.at("name")) != nullptr) continue;
            add({step.at("name").get<std::string>(), "", pointer_of_step(i)}, &step, nullptr);
        }
    }

 private:
    struct Place {
        std::string step;
        std::string field;
        std::string base;  ///< Of the step, in the document that the pointer is for.
    };

    static std::string pointer_of_step(std::size_t index) {
        return "/steps/" + std::to_string(index);
    }

    static Place inside(const Place& place, const std::string& token) {
        return {place.step, place.field + '/' + escape_pointer_token(token), place.base};
    }

    void add(const Place& place, const Json* before, const Json* after) {
        if (diff_.changes.size() == kChangesMax) {
            ++diff_.more_changes;
            return;
        }
        diff_.changes.push_back({place.step, place.field, place.base + place.field,
                                 before == nullptr ? std::nullopt : std::optional<Json>(*before),
                                 after == nullptr ? std::nullopt : std::optional<Json>(*after)});
    }

    void compare_triggers(const Json& older, const Json& newer) {
        const auto place = [](std::size_t index) {
            return Place{"", "/triggers/" + std::to_string(index), ""};
        };
        for (std::size_t i = 0; i < newer.size(); ++i) {
            if (const Json* const was = find_same_trigger(older, newer[i])) {
                compare_members(*was, newer[i], place(i), {});
            } else {
                add(place(i), nullptr, &newer[i]);
            }
        }
        for (std::size_t i = 0; i < older.size(); ++i) {
            if (find_same_trigger(newer, older[i]) != nullptr) continue;
            add(place(i), &older[i], nullptr);
        }
    }

    void compare_step(const Json& older, const Json& newer, const Place& place) {
        if (!is_same_set(older.at("after"), newer.at("after"))) {
            add(inside(place, "after"), &older.at("after"), &newer.at("after"));
        }
        compare_members(older, newer, place, {"after"});
    }

    /// Of two objects; all but those named in `but`.
    void compare_members(const Json& older, const Json& newer, const Place& place,
                         std::initializer_list<std::string_view> but) {
        std::set<std::string> names;
        for (const Json* const object : {&older, &newer}) {
            for (const auto& [name, value] : object->items()) names.insert(name);
        }
        for (const std::string& name : names) {
            if (std::find(but.begin(), but.end(), name) != but.end()) continue;
            compare_values(find_member(older, name), find_member(newer, name), inside(place, name));
        }
    }

    void compare_values(const Json* older, const Json* newer, const Place& place) {
        if (older == nullptr || newer == nullptr) {
            add(place, older, newer);
        } else if (*older == *newer) {
            return;
        } else if (older->is_object() && newer->is_object()) {
            compare_members(*older, *newer, place, {});
        } else if (older->is_array() && newer->is_array() && older->size() == newer->size()) {
            for (std::size_t i = 0; i < newer->size(); ++i) {
                compare_values(&(*older)[i], &(*newer)[i], inside(place, std::to_string(i)));
            }
        } else {
            add(place, older, newer);
        }
    }

    DefinitionDiff& diff_;
};

}  // namespace

Result<DefinitionDiff> diff_definitions(const DefinitionVersion& older,
                                        const DefinitionVersion& newer) {
    const auto older_definition = load_definition(older.filled);
    if (!older_definition) return tl::unexpected<Error>(older_definition.error());
    const auto newer_definition = load_definition(newer.filled);
    if (!newer_definition) return tl::unexpected<Error>(newer_definition.error());
    DefinitionDiff diff;
    Comparer(diff).compare(older.filled, newer.filled);
    diff.only_text_differs = diff.changes.empty() && older.source != newer.source;
    diff.obstacles =
        find_obstacles(**older_definition, older.filled, **newer_definition, newer.filled);
    return diff;
}

}  // namespace skald::sagas
