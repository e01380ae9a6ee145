#include "tests/sagas/golden.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

namespace skald {

std::string read_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    EXPECT_TRUE(file) << "can't read " << path;
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

void expect_golden(const std::string& path, const std::string& actual) {
    const std::string full = std::string(SKALD_SOURCE_DIR) + "/" + path;
    if (std::getenv("SKALD_REWRITE") != nullptr) {
        std::ofstream(full, std::ios::binary) << actual;
        return;
    }
    EXPECT_EQ(read_file(full), actual) << path << " differs: SKALD_REWRITE=1 writes it anew";
}

}  // namespace skald
