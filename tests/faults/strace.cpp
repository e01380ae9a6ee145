#include "tests/faults/strace.h"

#include <algorithm>
#include <fstream>

namespace skald::faults {
namespace {

Prefix strace(const std::filesystem::path& output) {
    // -D: skald is our child, and strace nobody's.
    return {SKALD_STRACE, "-D", "-f", "-qqq", "-o", output.string()};
}

}  // namespace

Prefix inject(const Target& target, const std::string& what, const std::string& when) {
    Prefix words = strace("/dev/null");
    if (!target.file.empty()) words.insert(words.end(), {"-P", target.file.string()});
    words.insert(words.end(), {"-e", "trace=" + target.call, "-e",
                               "inject=" + target.call + ":" + what + ":when=" + when});
    return words;
}

Prefix watch_calls(const std::filesystem::path& trace) {
    Prefix words = strace(trace);
    words.insert(words.end(), {"-y", "-s", "0", "-e",
                               "trace=write,pwrite64,fsync,fdatasync,ftruncate,unlink,rename,"
                               "sendto,sendmsg"});
    return words;
}

std::uint64_t count_calls(const std::filesystem::path& trace, const Target& target, Thread which) {
    std::ifstream stream(trace);
    std::map<std::string, std::uint64_t> by_thread;
    const std::string on_file = "<" + target.file.string() + ">";
    std::string first;
    std::string line;
    while (std::getline(stream, line)) {
        const std::size_t thread_end = line.find(' ');
        if (first.empty()) first = line.substr(0, thread_end);
        const std::size_t call = line.find_first_not_of(' ', thread_end);
        const bool is_it = call != std::string::npos &&
                           line.compare(call, target.call.size() + 1, target.call + "(") == 0 &&
                           (target.file.empty() || line.find(on_file) != std::string::npos);
        by_thread[line.substr(0, thread_end)] += is_it;
    }
    if (which == Thread::First) return by_thread[first];
    std::uint64_t most = 0;
    for (const auto& [thread, calls] : by_thread) most = std::max(most, calls);
    return most;
}

}  // namespace skald::faults
