#include "tests/crash/surroundings.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <cstdlib>
#include <iostream>

namespace skald::crash {

std::uint64_t setting(const char* name, std::uint64_t otherwise) {
    const char* value = std::getenv(name);
    return value == nullptr ? otherwise : std::stoull(value);
}

std::filesystem::path binary() {
    const char* chosen = std::getenv("SKALD_BINARY");
    return chosen == nullptr ? SKALD_BINARY : chosen;
}

Folder::Folder() {
    std::string pattern = std::filesystem::temp_directory_path() / "skald-crash-XXXXXX";
    path_ = ::mkdtemp(pattern.data());
}

Folder::~Folder() {
    if (::testing::Test::HasFailure()) {
        std::cout << "The database and log are in " << path_ << '\n';
    } else {
        std::filesystem::remove_all(path_);
    }
}

}  // namespace skald::crash
