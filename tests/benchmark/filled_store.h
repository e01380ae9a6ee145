#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "sagas/time.h"
#include "store/store.h"

namespace skald::benchmark {

/// One saga of so many was refused and compensated; of others, one of so many has a label, its
/// customer, of whom there are so many.
inline constexpr std::uint64_t kOneRefusedOf = 1'000;
inline constexpr std::uint64_t kOneLabelledOf = 100;
inline constexpr std::uint64_t kCustomers = 100;

/// Writes `count` finished sagas of the definition `bench`, which is registered, with all their
/// rows, started one a millisecond from `first` on. Throws std::runtime_error.
void add_finished_sagas(store::Store& store, std::uint64_t count, sagas::Timestamp first);

/// A database with `count` finished sagas of `definition`, which ended by now; makes it where it
/// isn't there yet, or was left half made. Only the definition is registered by `skald`: the sagas
/// are written by the store of this tree. Throws std::runtime_error.
void make_filled_database(const std::filesystem::path& database, const std::filesystem::path& skald,
                          const std::string& definition, std::uint64_t count);

}  // namespace skald::benchmark
