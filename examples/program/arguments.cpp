#include "examples/program/arguments.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <iostream>
#include <utility>

namespace program {

Arguments::Arguments(std::string name, std::string usage, std::initializer_list<const char*> flags,
                     int argc, char** argv)
    : name_(std::move(name)), usage_(std::move(usage)) {
    for (int i = 1; i < argc; i += 2) {
        const std::string flag = argv[i];
        if (std::find(flags.begin(), flags.end(), flag) == flags.end()) {
            explain_and_exit("unknown flag " + flag);
        }
        if (i + 1 == argc) {
            explain_and_exit(flag + " needs a value");
        }
        values_[flag] = argv[i + 1];
    }
}

std::string Arguments::text(const std::string& flag) const {
    const auto found = values_.find(flag);
    if (found == values_.end() || found->second.empty()) {
        explain_and_exit(flag + " is missing");
    }
    return found->second;
}

std::string Arguments::text(const std::string& flag, const std::string& otherwise) const {
    const auto found = values_.find(flag);
    return found == values_.end() ? otherwise : found->second;
}

int Arguments::port(const std::string& flag) const {
    const std::string text_of_it = text(flag, "0");
    const char* const end = text_of_it.data() + text_of_it.size();
    int port = -1;
    const auto [stop, error] = std::from_chars(text_of_it.data(), end, port);
    if (error != std::errc{} || stop != end || port < 0 || port > 65'535) {
        explain_and_exit(flag + " takes a number from 0 to 65535");
    }
    return port;
}

void Arguments::explain_and_exit(const std::string& problem) const {
    std::cerr << name_ << ": " << problem << "\nusage: " << name_ << " " << usage_ << "\n";
    std::exit(2);  // NOLINT(concurrency-mt-unsafe): there is one thread so far.
}

}  // namespace program
