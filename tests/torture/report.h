#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tests/torture/books.h"
#include "tests/torture/findings.h"
#include "tests/torture/keeper.h"

namespace skald::torture {

/// Everything that a torture came to.
struct Result {
    std::uint64_t seed = 0;
    std::size_t clients = 0;
    std::size_t kills_wanted = 0;
    double seconds = 0;  ///< From the first start until the last saga was settled.
    KeeperFigures blows;
    std::uint64_t acknowledged = 0;
    std::uint64_t listed = 0;    ///< By skald, at the end,
    std::uint64_t children = 0;  ///< and these children of them.
    bool is_retained = false;    ///< Skald deleted ended sagas by age.
    Totals totals;
    std::array<std::uint64_t, kSights> sights{};
    std::uint64_t lost = 0;
    std::uint64_t wrong = 0;
    std::string failure;  ///< Why it broke off; empty: it did not.
    std::uint64_t database_bytes = 0;
    std::uint64_t own_memory_kb = 0;  ///< The most that this program had.
    std::string integrity;
    int doctor_code = -1;
    std::optional<int> exit_code;  ///< Of skald, when it was told to stop.
};

/// What was too rare, or did not happen at all: the torture has proved little about it.
std::vector<std::string> missing(const Result& result);
/// Nothing was lost or wrong, all was looked at, and what is left is what should be left.
bool holds(const Result& result);
/// It holds, nothing is missing, and skald and its database are sound.
bool passed(const Result& result);

std::string table_of(const Result& result);
std::string json_of(const Result& result);

}  // namespace skald::torture
