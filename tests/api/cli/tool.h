#pragma once

#include <string>

namespace skald::cli {

/// A file with `text` in the tests' folder, which is removed with the object.
class TextFile {
 public:
    explicit TextFile(const std::string& text);
    ~TextFile();
    TextFile(const TextFile&) = delete;
    TextFile& operator=(const TextFile&) = delete;
    const std::string& name() const { return name_; }

 private:
    std::string name_;
};

struct ToolRun {
    int status;          ///< 0: it succeeded.
    std::string output;  ///< Standard output, and what it complained of.
};
/// Runs a command of the shell to its end.
ToolRun run_tool(const std::string& command);

}  // namespace skald::cli
