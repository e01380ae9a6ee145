#include "api/step_place.h"

#include "api/query_parameters.h"

namespace skald::api {

std::string place_text(const sagas::Definition& definition, sagas::StepIndex index) {
    const std::string& name = definition.step(index).name;
    const auto item = sagas::item_of(index);
    return item ? name + "/" + std::to_string(*item) : name;
}

void set_place(Document& document, const sagas::Definition& definition, sagas::StepIndex index) {
    document["step"] = definition.step(index).name;
    if (const auto item = sagas::item_of(index)) document["item"] = *item;
}

PlaceText read_place(std::string_view text) {
    const std::size_t slash = text.find('/');
    if (slash == std::string_view::npos) return {std::string(text), std::nullopt};
    const auto item = to_number(text.substr(slash + 1), 0, sagas::kItemsMax - 1);
    if (!item) return {std::string(text), std::nullopt};
    return {std::string(text.substr(0, slash)), static_cast<std::size_t>(*item)};
}

}  // namespace skald::api
