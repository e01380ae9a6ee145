#include "tests/simulation/disk_volume.h"

#include <sqlite3.h>

#include <algorithm>

#include "sagas/check.h"

namespace skald::simulation {

DiskVolume::~DiskVolume() { SKALD_CHECK(openings_ == 0); }

void DiskVolume::go_down() {
    is_down_ = true;
    operations_left_.reset();
}

void DiskVolume::come_up(Disk::Crash crash) {
    SKALD_CHECK(is_down_ && openings_ == 0);
    if (crash == Disk::Crash::Power) {
        cut_power();
    }
    is_down_ = false;
}

void DiskVolume::cut_power() {
    used_ = 0;
    for (auto& [ignored, name] : names_) {
        const bool is_present = name.present == name.durable || random_.one_in(2);
        name.present = name.durable = is_present ? name.present : name.durable;
        if (name.present) {
            DiskFile& file = *name.present;
            file.is_linked = file.is_name_kept = true;
            file.content.cut_power(random_, counts_);
            used_ += file.content.size();
        }
    }
    std::erase_if(names_, [](const auto& name) { return !name.second.present; });
    has_deleted_ = false;
}

DiskVolume::Fate DiskVolume::next_operation() {
    if (is_down_) {
        return Fate::NotDone;
    }
    if (operations_left_) {
        if (*operations_left_ == 0) {
            go_down();
            return Fate::DoneInPart;
        }
        --*operations_left_;
    }
    ++operations_;
    return Fate::Done;
}

int DiskVolume::open(const char* name, DiskOpening& file, int flags) {
    if (is_down_) {
        return SQLITE_IOERR;
    }
    if (name == nullptr) {
        file.file = std::make_shared<DiskFile>("");
    } else if (const auto found = names_.find(name);
               found != names_.end() && found->second.present) {
        if ((flags & SQLITE_OPEN_EXCLUSIVE) != 0 && (flags & SQLITE_OPEN_CREATE) != 0) {
            return SQLITE_CANTOPEN;
        }
        file.file = found->second.present;
    } else if ((flags & SQLITE_OPEN_CREATE) != 0) {
        file.file = std::make_shared<DiskFile>(name);
        names_[name].present = file.file;
    } else {
        return SQLITE_CANTOPEN;
    }
    file.is_deleted_on_close = name != nullptr && (flags & SQLITE_OPEN_DELETEONCLOSE) != 0;
    file.file->openings.push_back(&file);
    ++openings_;
    return SQLITE_OK;
}

void DiskVolume::close(DiskOpening& opening) {
    DiskFile& file = *opening.file;
    std::erase(file.openings, &opening);
    --openings_;
    if (opening.is_deleted_on_close && file.is_linked && !is_down_) {
        unlink(names_.at(file.name));
    } else if ((!file.is_linked || file.name.empty()) && file.openings.empty()) {
        used_ -= file.content.size();
    }
}

bool DiskVolume::fits(const DiskFile& file, std::uint64_t size) {
    const std::uint64_t now = file.content.size();
    if (size <= now || size - now <= free_bytes()) {
        return true;
    }
    ++counts_.full;
    return false;
}

int DiskVolume::write(DiskFile& file, std::uint64_t at, const std::uint8_t* from,
                      std::size_t size) {
    const Fate fate = next_operation();
    if (fate == Fate::NotDone) {
        return SQLITE_IOERR_WRITE;
    }
    if (!fits(file, at + size)) {
        return SQLITE_FULL;
    }
    const std::uint64_t before = file.content.size();
    if (fate == Fate::Done) {
        file.content.write(at, from, size);
    } else {
        write_in_part(file, at, from, size);
    }
    used_ += file.content.size() - before;
    return fate == Fate::Done ? SQLITE_OK : SQLITE_IOERR_WRITE;
}

void DiskVolume::write_in_part(DiskFile& file, std::uint64_t at, const std::uint8_t* from,
                               std::size_t size) {
    std::uint64_t done = 0, left_out = 0;
    for (std::uint64_t begin = at; begin < at + size;) {
        const std::uint64_t end = std::min(at + size, (begin / kSectorBytes + 1) * kSectorBytes);
        if (random_.one_in(2)) {
            file.content.write(begin, from + (begin - at), end - begin);
            ++done;
        } else {
            ++left_out;
        }
        begin = end;
    }
    counts_.torn_writes += done > 0 && left_out > 0 ? 1 : 0;
}

int DiskVolume::truncate(DiskFile& file, std::uint64_t size) {
    const Fate fate = next_operation();
    if (fate == Fate::NotDone) {
        return SQLITE_IOERR_TRUNCATE;
    }
    if (!fits(file, size)) {
        return SQLITE_FULL;
    }
    if (fate == Fate::Done || random_.one_in(2)) {
        used_ -= file.content.size();
        file.content.truncate(size);
        used_ += size;
    }
    return fate == Fate::Done ? SQLITE_OK : SQLITE_IOERR_TRUNCATE;
}

int DiskVolume::sync(DiskFile& file) {
    if (next_operation() != Fate::Done) {
        return SQLITE_IOERR_FSYNC;
    }
    if (fails_next_sync_) {
        fails_next_sync_ = false;
        ++counts_.failed_syncs;
        file.content.drop_changes();
        return SQLITE_IOERR_FSYNC;
    }
    file.content.sync();
    if (has_deleted_) {
        forget_deleted();
    }
    if (file.is_linked && !file.is_name_kept && !file.name.empty()) {
        names_.at(file.name).durable = names_.at(file.name).present;
        file.is_name_kept = true;
    }
    return SQLITE_OK;
}

/// Deletions become durable.
void DiskVolume::forget_deleted() {
    for (auto& [ignored, name] : names_) {
        if (name.durable != name.present) {
            name.durable = nullptr;
        }
    }
    std::erase_if(names_, [](const auto& name) { return !name.second.present; });
    has_deleted_ = false;
}

int DiskVolume::remove(const std::string& name, FolderSync sync) {
    const auto found = names_.find(name);
    const bool is_there = found != names_.end() && found->second.present;
    if (!is_there && !is_down_) {
        return SQLITE_IOERR_DELETE_NOENT;
    }
    const Fate fate = next_operation();
    if (fate == Fate::NotDone) {
        return SQLITE_IOERR_DELETE;
    }
    if (fate == Fate::Done || random_.one_in(2)) {
        unlink(found->second);
    }
    if (fate == Fate::Done && sync == FolderSync::Yes) {
        forget_deleted();
    }
    return fate == Fate::Done ? SQLITE_OK : SQLITE_IOERR_DELETE;
}

void DiskVolume::unlink(Name& name) {
    DiskFile& file = *name.present;
    file.is_linked = false;
    if (file.openings.empty()) {
        used_ -= file.content.size();
    }
    name.present = nullptr;
    has_deleted_ = true;
}

const DiskFile* DiskVolume::find(const std::string& name) const {
    const auto found = names_.find(name);
    return found != names_.end() ? found->second.present.get() : nullptr;
}

}  // namespace skald::simulation
