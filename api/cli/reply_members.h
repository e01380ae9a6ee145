#pragma once

#include <string>

#include "api/document.h"

/// Members of what a server answered. It may be another program than it should be: what is missing
/// or of another type reads as nothing.
namespace skald::cli {

using api::Document;

/// A member that is a string, or "".
std::string text_of(const Document& object, const char* name);
/// A member that is a number, as text, or "".
std::string number_of(const Document& object, const char* name);
/// "charge", or "charge/3" of an element: its members `step` and `item`.
std::string place_of(const Document& object);
bool is_true(const Document& object, const char* name);
/// A member that is an array or an object, or an empty one.
const Document& list_of(const Document& object, const char* name);
const Document& object_of(const Document& object, const char* name);
/// Any member, on one line; "" where it isn't there or null.
std::string json_of(const Document& object, const char* name);

}  // namespace skald::cli
