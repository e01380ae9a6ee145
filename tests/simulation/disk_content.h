#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "tests/simulation/disk.h"
#include "tests/simulation/random.h"

namespace skald::simulation {

constexpr std::uint64_t kSectorBytes = 512;

/// One file's bytes: as a process reads them, as they are durable, and the changes between.
///
/// Size is metadata: a journaled file system makes its changes durable in order, and what a
/// truncation cut off never comes back once it is durable. Data is not: each sector is for itself.
class DiskContent {
 public:
    enum class Kind : std::uint8_t { Lasting, Temporary };
    explicit DiskContent(Kind kind) : is_lasting_(kind == Kind::Lasting) {}

    std::uint64_t size() const { return present_.size(); }
    /// How many bytes there were.
    std::size_t read(std::uint64_t at, std::uint8_t* to, std::size_t size) const;
    void write(std::uint64_t at, const std::uint8_t* from, std::size_t size);
    void truncate(std::uint64_t size);
    void sync();
    /// A failed sync: the sectors that it should have written are taken for written from here on.
    void drop_changes();
    void cut_power(Random& random, Disk::Counts& counts);

 private:
    using Bytes = std::vector<std::uint8_t>;
    struct Change {
        enum class Kind : std::uint8_t { Write, Truncation } kind;
        bool is_dropped;
        std::uint64_t from, to;  ///< What it wrote or cut off.
        std::uint64_t size_before, size_after;
        std::size_t data;  ///< Of a write: where it begins in data_.
    };
    struct Touch {
        std::uint64_t sector;
        std::size_t change;
    };
    using Touches = std::vector<Touch>;
    /// How many sectors of a change.
    struct Outcome {
        std::uint64_t kept = 0, lost = 0;
    };
    /// A power failure, in the course of being worked out.
    struct PowerCut;

    static std::uint64_t first_sector(const Change& change) { return change.from / kSectorBytes; }
    static std::uint64_t end_sector(const Change& change) {
        return change.from == change.to ? first_sector(change) : (change.to - 1) / kSectorBytes + 1;
    }
    /// Present bytes become durable ones.
    void keep(std::uint64_t from, std::uint64_t to);
    void sync_all_but_dropped();
    Touches touches() const;
    std::uint64_t choose_size(const PowerCut& cut) const;
    void settle(Touches::const_iterator begin, Touches::const_iterator end, PowerCut& cut);
    void apply(const Change& change, std::uint64_t sector);

    const bool is_lasting_;
    Bytes present_, durable_;
    std::vector<Change> changes_;  ///< Since the last sync, oldest first; the dropped ones lead.
    Bytes data_;                   ///< Of the changes.
};

}  // namespace skald::simulation
