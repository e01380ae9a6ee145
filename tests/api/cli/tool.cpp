#include "tests/api/cli/tool.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>

namespace skald::cli {

TextFile::TextFile(const std::string& text) {
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    name_ = testing::TempDir() + "skald." + test->test_suite_name() + "." + test->name();
    std::ofstream(name_, std::ios::binary) << text;
}

TextFile::~TextFile() { std::filesystem::remove(name_); }

ToolRun run_tool(const std::string& command) {
    ToolRun run{-1, ""};
    std::FILE* output = ::popen(("(" + command + ") 2>&1").c_str(), "r");
    if (output == nullptr) return run;
    std::array<char, 4096> piece{};
    while (const std::size_t size = std::fread(piece.data(), 1, piece.size(), output)) {
        run.output.append(piece.data(), size);
    }
    run.status = ::pclose(output);
    return run;
}

}  // namespace skald::cli
