#pragma once

#include <initializer_list>
#include <map>
#include <string>

/// What every sample program does, and no sample is about.
namespace program {

/// The command line of a sample: `--flag VALUE` pairs. What is wrong with it is said, with the
/// usage, and ends the process with 2.
class Arguments {
 public:
    /// `usage`: the flags as a reader sees them; `flags`: those that there are.
    Arguments(std::string name, std::string usage, std::initializer_list<const char*> flags,
              int argc, char** argv);

    /// The name of the program, as it speaks of itself.
    const std::string& name() const { return name_; }

    std::string text(const std::string& flag) const;  ///< It must be there.
    std::string text(const std::string& flag, const std::string& otherwise) const;
    /// From 0 (any free one, also where the flag isn't there) to 65535.
    int port(const std::string& flag) const;

    [[noreturn]] void explain_and_exit(const std::string& problem) const;

 private:
    const std::string name_;
    const std::string usage_;
    std::map<std::string, std::string> values_;
};

}  // namespace program
