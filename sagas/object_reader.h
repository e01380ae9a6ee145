#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sagas/json.h"
#include "sagas/problems.h"
#include "sagas/time.h"

namespace skald::sagas {

/// Reads the fields of one object of a document, and reports those of a wrong type, those out of
/// range, and (`refuse_others`) those that nobody asked for. Borrows all that it is made from.
class ObjectReader {
 public:
    /// Where `json` is no object, that is the problem, and every field is absent.
    ObjectReader(const Json& json, std::string pointer, Problems& problems);

    bool is_object() const { return object_ != nullptr; }
    const std::string& pointer() const { return pointer_; }
    std::string pointer(std::string_view field) const;

    /// Null pointer or none: absent, or a problem that was reported.
    const Json* any(const std::string& field);
    const std::string* text(const std::string& field);
    const Json* array(const std::string& field);
    std::optional<bool> flag(const std::string& field);
    std::optional<Milliseconds> duration(const std::string& field, Milliseconds min,
                                         Milliseconds max);
    std::optional<double> number(const std::string& field, double min, double max);
    std::optional<std::uint32_t> count(const std::string& field, std::uint32_t max);

    /// Reports "missing-field" where `field` is absent.
    void require(const std::string& field, const std::string& hint);

    /// Every field that none of the above asked for is an "unknown-field".
    void refuse_others();

 private:
    std::string allowed_text() const;

    const Json::object_t* object_ = nullptr;
    std::string pointer_;
    Problems& problems_;
    std::vector<std::string> asked_;
};

/// "expected a string, found the number 5".
std::string expected(std::string_view what, const Json& found);

}  // namespace skald::sagas
