#include "tests/events/ledger.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <sstream>

/// A line is "KIND SUBJECT NUMBER PLACE NOTE ." with "-" for what is empty. The full stop says that
/// it is whole; what begins a life begins a new line first.
namespace skald::events {
namespace {

constexpr std::string_view kSaws = "BGASW";

std::string or_dash(const std::string& text) { return text.empty() ? "-" : text; }
std::string without_dash(const std::string& text) { return text == "-" ? std::string() : text; }

}  // namespace

LedgerWriter::LedgerWriter(const std::filesystem::path& file)
    : file_(outside::require(::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644),
                             "open a ledger")) {
    unwritten_ = "\n";
    add({Saw::Began, {}, 0, {}});
    write();
}

void LedgerWriter::add(const Entry& entry) {
    unwritten_ += static_cast<char>(entry.saw);
    unwritten_ += ' ' + or_dash(entry.event.subject) + ' ' + std::to_string(entry.event.number) +
                  ' ' + std::to_string(entry.place) + ' ' + or_dash(entry.note) + " .\n";
}

void LedgerWriter::write() {
    std::string_view bytes = unwritten_;
    while (!bytes.empty()) {
        const ssize_t count = ::write(file_.value(), bytes.data(), bytes.size());
        if (count < 0 && errno == EINTR) continue;
        bytes.remove_prefix(static_cast<std::size_t>(
            outside::require(static_cast<int>(count), "write to a ledger")));
    }
    unwritten_.clear();
}

std::vector<Entry> LedgerReader::read_on() {
    std::vector<Entry> entries;
    if (!stream_.is_open()) stream_.open(file_);
    if (!stream_.is_open()) return entries;
    stream_.clear();
    std::array<char, 65536> chunk;
    while (true) {
        stream_.read(chunk.data(), chunk.size());
        if (stream_.gcount() == 0) break;
        unread_.append(chunk.data(), static_cast<std::size_t>(stream_.gcount()));
    }
    std::size_t begin = 0;
    for (std::size_t end; (end = unread_.find('\n', begin)) != std::string::npos; begin = end + 1) {
        take(std::string_view(unread_).substr(begin, end - begin), entries);
    }
    unread_.erase(0, begin);
    return entries;
}

void LedgerReader::take(std::string_view line, std::vector<Entry>& entries) {
    if (line.empty()) return;
    std::istringstream words{std::string(line)};
    std::string saw, end;
    Entry entry;
    words >> saw >> entry.event.subject >> entry.event.number >> entry.place >> entry.note >> end;
    if (end != "." || saw.size() != 1 || kSaws.find(saw[0]) == std::string_view::npos) {
        ++cut_;
        return;
    }
    entry.saw = static_cast<Saw>(saw[0]);
    entry.event.subject = without_dash(entry.event.subject);
    entry.note = without_dash(entry.note);
    entries.push_back(std::move(entry));
}

}  // namespace skald::events
