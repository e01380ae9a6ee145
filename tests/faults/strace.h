#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

#include "tests/faults/kept_skald.h"

/// How strace is asked to break a system call of a skald that it runs.
///
/// It counts the calls of each thread apart. Which thread is meant follows from the call and the
/// file: the writer alone writes and syncs the -wal (once the database is made); the coordinator
/// alone sends to participants, by sendto; one connection's answers are sent by one thread, by
/// sendmsg; all that comes before the port is known is done by the first thread.
namespace skald::faults {

struct Target {
    std::string call;            ///< "pwrite64"
    std::filesystem::path file;  ///< Only on this one; empty: on any.
};

/// Does `what` ("signal=SIGKILL", "error=EIO") in call number `when` ("7", "7+") of a thread. A
/// kill comes before the call is made.
Prefix inject(const Target& target, const std::string& what, const std::string& when);

/// Writes down what skald calls, for `count_calls`.
Prefix watch_calls(const std::filesystem::path& trace);
/// How often the first thread does so, or the one that does it most.
enum class Thread : std::uint8_t { First, Busiest };
std::uint64_t count_calls(const std::filesystem::path& trace, const Target& target, Thread thread);

}  // namespace skald::faults
