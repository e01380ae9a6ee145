#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "api/document.h"
#include "sagas/definition.h"

/// Steps, and elements of `for_each` steps, as people and clients name them.
namespace skald::api {

/// "charge"; "charge/3" of an element.
std::string place_text(const sagas::Definition& definition, sagas::StepIndex index);

/// Sets `step`, and of an element `item`.
void set_place(Document& document, const sagas::Definition& definition, sagas::StepIndex index);

/// "charge/3" in its two parts; the second none where there is no "/" with digits behind it.
struct PlaceText {
    std::string step;
    std::optional<std::size_t> item;
};
PlaceText read_place(std::string_view text);

}  // namespace skald::api
