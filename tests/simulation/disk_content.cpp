#include "tests/simulation/disk_content.h"

#include <algorithm>
#include <cstring>
#include <set>
#include <utility>

namespace skald::simulation {
namespace {

/// What became of the unsynced changes of one file. Both extremes are more likely than sectors that
/// are chosen one by one would have it: a disk that wrote nothing yet, or all, is nothing rare.
enum class Loss : std::uint8_t { Nothing, Something, Everything };

Loss choose_loss(Random& random) {
    switch (random.below(8)) {
        case 0:
            return Loss::Nothing;
        case 1:
            return Loss::Everything;
        default:
            return Loss::Something;
    }
}

/// How many of the first `count` changes of some kind happened.
std::size_t choose_kept(std::size_t count, Loss loss, Random& random) {
    switch (loss) {
        case Loss::Nothing:
            return count;
        case Loss::Something:
            return random.below(count + 1);
        case Loss::Everything:
            return 0;
    }
    return 0;
}

}  // namespace

struct DiskContent::PowerCut {
    Random& random;
    Loss loss;
    std::size_t sizes_kept;  ///< Of so many changes the sizes are durable.
    std::uint64_t size = 0;
    std::vector<Outcome> outcomes;  ///< Of each change.
};

std::size_t DiskContent::read(std::uint64_t at, std::uint8_t* to, std::size_t size) const {
    if (at >= present_.size()) {
        return 0;
    }
    const std::size_t there = std::min<std::uint64_t>(size, present_.size() - at);
    std::memcpy(to, present_.data() + at, there);
    return there;
}

void DiskContent::write(std::uint64_t at, const std::uint8_t* from, std::size_t size) {
    const std::uint64_t before = present_.size();
    const std::uint64_t end = at + size;
    if (end > before) {
        present_.resize(end);
    }
    std::memcpy(present_.data() + at, from, size);
    if (is_lasting_) {
        changes_.push_back(
            {Change::Kind::Write, false, at, end, before, std::max(before, end), data_.size()});
        data_.insert(data_.end(), from, from + size);
    }
}

void DiskContent::truncate(std::uint64_t size) {
    const std::uint64_t before = present_.size();
    if (size == before) {
        return;
    }
    present_.resize(size);
    if (is_lasting_) {
        changes_.push_back({Change::Kind::Truncation, false, std::min(size, before), before, before,
                            size, data_.size()});
    }
}

void DiskContent::keep(std::uint64_t from, std::uint64_t to) {
    const std::uint64_t end = std::min<std::uint64_t>(to, present_.size());
    if (from < end) {
        std::memcpy(durable_.data() + from, present_.data() + from, end - from);
    }
}

void DiskContent::sync() {
    if (!changes_.empty() && changes_.front().is_dropped) {
        sync_all_but_dropped();
        return;
    }
    durable_.resize(present_.size());
    for (const Change& change : changes_) {
        keep(change.from, change.to);
    }
    changes_.clear();
    data_.clear();
}

/// Sizes are durable then, and whole sectors that were written again since they were dropped.
void DiskContent::sync_all_but_dropped() {
    std::vector<Change> dropped;
    std::set<std::uint64_t> synced;
    for (const Change& change : changes_) {
        if (change.kind == Change::Kind::Truncation) {
            const std::uint64_t end = std::min<std::uint64_t>(change.to, durable_.size());
            if (change.from < end) {
                std::memset(durable_.data() + change.from, 0, end - change.from);
            }
            for (Change& cut : dropped) {
                cut.to = std::clamp(change.from, cut.from, cut.to);
            }
        }
        if (!change.is_dropped) {
            for (auto sector = first_sector(change); sector < end_sector(change); ++sector) {
                synced.insert(sector);
            }
        } else if (change.kind == Change::Kind::Write) {
            dropped.push_back(change);
        }
    }
    durable_.resize(present_.size());
    for (const std::uint64_t sector : synced) {
        keep(sector * kSectorBytes, (sector + 1) * kSectorBytes);
    }
    std::erase_if(dropped, [&synced](const Change& change) {
        return change.from == change.to || synced.contains(first_sector(change));
    });
    for (Change& change : dropped) {
        change.size_before = change.size_after = present_.size();
    }
    changes_ = std::move(dropped);
}

void DiskContent::drop_changes() {
    std::vector<Change> dropped;
    for (const Change& change : changes_) {
        if (change.kind == Change::Kind::Truncation) {
            dropped.push_back(change);
            dropped.back().is_dropped = true;
            continue;
        }
        // A change for each sector, for each may be written again by itself.
        std::uint64_t size = change.size_before;
        for (std::uint64_t from = change.from; from < change.to;) {
            const std::uint64_t to = std::min(change.to, (from / kSectorBytes + 1) * kSectorBytes);
            const std::uint64_t after = std::max(size, to);
            dropped.push_back({Change::Kind::Write, true, from, to, size, after,
                               change.data + (from - change.from)});
            size = after;
            from = to;
        }
    }
    changes_ = std::move(dropped);
}

DiskContent::Touches DiskContent::touches() const {
    Touches touches;
    for (std::size_t i = 0; i < changes_.size(); ++i) {
        const std::uint64_t end = end_sector(changes_[i]);
        for (std::uint64_t sector = first_sector(changes_[i]); sector < end; ++sector) {
            touches.push_back({sector, i});
        }
    }
    std::stable_sort(touches.begin(), touches.end(),
                     [](const Touch& a, const Touch& b) { return a.sector < b.sector; });
    return touches;
}

/// The last change whose size is durable may have grown the file in part.
std::uint64_t DiskContent::choose_size(const PowerCut& cut) const {
    if (cut.sizes_kept == 0) {
        return changes_.front().size_before;
    }
    const Change& last = changes_[cut.sizes_kept - 1];
    if (cut.loss == Loss::Nothing || last.size_after <= last.size_before || cut.random.one_in(2)) {
        return last.size_after;
    }
    const std::uint64_t sectors = (last.size_after - last.size_before) / kSectorBytes + 2;
    const std::uint64_t first = last.size_before / kSectorBytes;
    return std::clamp((first + cut.random.below(sectors)) * kSectorBytes, last.size_before,
                      last.size_after);
}

void DiskContent::apply(const Change& change, std::uint64_t sector) {
    const std::uint64_t begin = std::max(change.from, sector * kSectorBytes);
    const std::uint64_t end = std::min(change.to, (sector + 1) * kSectorBytes);
    if (change.kind == Change::Kind::Write) {
        std::memcpy(durable_.data() + begin, data_.data() + change.data + (begin - change.from),
                    end - begin);
    } else {
        std::memset(durable_.data() + begin, 0, end - begin);
    }
}

/// One sector, and what touched it.
void DiskContent::settle(Touches::const_iterator begin, Touches::const_iterator end,
                         PowerCut& cut) {
    const auto is_write = [this](const Touch& touch) {
        return changes_[touch.change].kind == Change::Kind::Write;
    };
    // Behind a truncation that didn't happen, its writes went to other sectors.
    const auto stop = std::find_if(begin, end, [&](const Touch& touch) {
        return touch.change >= cut.sizes_kept && !is_write(touch);
    });
    const auto writes = static_cast<std::size_t>(std::count_if(begin, stop, is_write));
    std::size_t kept = choose_kept(writes, cut.loss, cut.random);
    for (auto touch = begin; touch != end; ++touch) {
        const bool is_kept = touch < stop && (!is_write(*touch) || kept > 0);
        if (is_kept) {
            apply(changes_[touch->change], touch->sector);
        }
        if (is_write(*touch)) {
            kept -= is_kept ? 1 : 0;
            const bool is_there = is_kept && touch->sector * kSectorBytes < cut.size;
            Outcome& outcome = cut.outcomes[touch->change];
            ++(is_there ? outcome.kept : outcome.lost);
        }
    }
}

void DiskContent::cut_power(Random& random, Disk::Counts& counts) {
    if (changes_.empty()) {
        return;
    }
    const Loss loss = choose_loss(random);
    PowerCut cut{random, loss, choose_kept(changes_.size(), loss, random), 0,
                 std::vector<Outcome>(changes_.size())};
    cut.size = choose_size(cut);
    std::uint64_t extent = std::max<std::uint64_t>(durable_.size(), cut.size);
    for (const Change& change : changes_) {
        extent = std::max(extent, change.to);
    }
    durable_.resize(extent);
    const Touches all = touches();
    for (auto begin = all.begin(); begin != all.end();) {
        const auto end = std::find_if(
            begin, all.end(), [&](const Touch& touch) { return touch.sector != begin->sector; });
        settle(begin, end, cut);
        begin = end;
    }
    durable_.resize(cut.size);
    present_ = durable_;
    changes_.clear();
    data_.clear();
    for (const Outcome& outcome : cut.outcomes) {
        counts.lost_sectors += outcome.lost;
        counts.torn_writes += outcome.kept > 0 && outcome.lost > 0 ? 1 : 0;
    }
}

}  // namespace skald::simulation
