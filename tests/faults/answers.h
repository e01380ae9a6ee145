#pragma once

#include <algorithm>
#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>

/// How a scene reads what skald answers.
namespace skald::faults {

/// An empty object, where it is no JSON.
inline nlohmann::json parse(const std::string& text) {
    const auto parsed = nlohmann::json::parse(text, nullptr, false);
    return parsed.is_object() ? parsed : nlohmann::json::object();
}

/// How many rows of that type a journal has.
inline std::size_t rows_of(const nlohmann::json& rows, const std::string& type) {
    return static_cast<std::size_t>(
        std::count_if(rows.begin(), rows.end(),
                      [&type](const nlohmann::json& row) { return row["type"] == type; }));
}

inline std::string key_header(const std::string& key) {
    return "Idempotency-Key: \"" + key + "\"\r\n";
}

}  // namespace skald::faults
