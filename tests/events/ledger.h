#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "tests/outside/socket.h"

namespace skald::events {

/// An event by what its publisher called it: the n-th, from 1 on, of its subject.
struct EventName {
    std::string subject;
    std::uint64_t number = 0;
    bool operator==(const EventName&) const = default;
};

/// What a subscriber has seen or done.
enum class Saw : char {
    Began = 'B',          ///< The subscriber was started.
    Given = 'G',          ///< An event came.
    Acknowledging = 'A',  ///< It is about to be acknowledged.
    Settled = 'S',        ///< Its acknowledgement was answered.
    Wrong = 'W',          ///< What must not be; `note` says what.
};

/// A line of a ledger.
struct Entry {
    Saw saw{};
    EventName event;
    std::uint64_t place = 0;  ///< Its offset, or its place in the broker's stream.
    std::string note;         ///< Without blanks; empty: nothing to say.
};

/// A subscriber's ledger: a file that only grows, and outlives SIGKILL: what was written is the
/// kernel's. Threads: one.
class LedgerWriter {
 public:
    /// Opens it, and enters that a subscriber began. Throws std::system_error.
    explicit LedgerWriter(const std::filesystem::path& file);

    void add(const Entry& entry);
    /// Writes what was added, in one piece. Throws std::system_error.
    void write();

 private:
    const outside::Descriptor file_;
    std::string unwritten_;
};

/// Reads a ledger while it is written. Threads: one.
class LedgerReader {
 public:
    explicit LedgerReader(std::filesystem::path file) : file_(std::move(file)) {}

    /// The whole lines that came since. Those that a SIGKILL cut are left out, and counted.
    std::vector<Entry> read_on();
    std::size_t cut() const { return cut_; }

 private:
    void take(std::string_view line, std::vector<Entry>& entries);

    const std::filesystem::path file_;
    std::ifstream stream_;
    std::string unread_;
    std::size_t cut_ = 0;
};

}  // namespace skald::events
