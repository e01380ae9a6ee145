#include "store/sqlite/checkpointer.h"

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Exception.h>
#include <sqlite3.h>

#include <algorithm>

#include "store/sqlite/sqlite_error.h"

namespace skald::store::sqlite {
namespace {

constexpr std::uint64_t kFrameBytes = 24 + 4096;  // sqlite.org/fileformat2.html, 4.1.

}  // namespace

Checkpointer::Checkpointer(SQLite::Database& writer, ReaderPool& readers,
                           std::uint64_t wal_bytes_max)
    : writer_(writer),
      readers_(readers),
      bytes_max_(wal_bytes_max),
      step_bytes_(std::max(wal_bytes_max / 4, kFrameBytes)),
      passive_at_(step_bytes_),
      recycle_at_(bytes_max_) {
    const auto hook = [](void* self, sqlite3*, const char*, int frames) {
        static_cast<Checkpointer*>(self)->wal_bytes_.store(
            static_cast<std::uint64_t>(frames) * kFrameBytes, std::memory_order_relaxed);
        return SQLITE_OK;
    };
    sqlite3_wal_hook(handle(writer_), hook, this);
}

Checkpointer::~Checkpointer() { sqlite3_wal_hook(handle(writer_), nullptr, nullptr); }

Result<void> Checkpointer::step() {
    const std::uint64_t bytes = wal_bytes();
    if (bytes < last_bytes_) {  // It was started anew.
        passive_at_ = step_bytes_;
        recycle_at_ = bytes_max_;
    }
    last_bytes_ = bytes;
    if (bytes >= recycle_at_) {
        return recycle();
    }
    if (bytes >= passive_at_) {
        passive_at_ = bytes + step_bytes_;
        if (auto done = checkpoint(SQLITE_CHECKPOINT_PASSIVE); !done) {
            return tl::unexpected(done.error());
        }
    }
    return {};
}

/// The next commit will start the log anew.
Result<void> Checkpointer::recycle() {
    // Where it doesn't succeed (a foreign reader, a call of ours that can't be interrupted), it is
    // tried again when the log has grown by as much again.
    recycle_at_ = wal_bytes() + step_bytes_;
    passive_at_ = recycle_at_;
    // Most of the work is done while the readers go on.
    if (auto done = checkpoint(SQLITE_CHECKPOINT_PASSIVE); !done) {
        return tl::unexpected(done.error());
    }
    if (readers_.close_gate() == ReaderPool::Gate::StillBusy) {
        return {};
    }
    const auto done = checkpoint(SQLITE_CHECKPOINT_RESTART);
    readers_.open_gate();
    if (!done) {
        return tl::unexpected(done.error());
    }
    if (*done == Done::Whole) {
        wal_bytes_.store(0, std::memory_order_relaxed);
    }
    return {};
}

Result<Checkpointer::Done> Checkpointer::checkpoint(int mode) {
    int frames = 0;
    int moved = 0;
    const int code = sqlite3_wal_checkpoint_v2(handle(writer_), nullptr, mode, &frames, &moved);
    if ((code & 0xff) == SQLITE_BUSY) {
        return Done::InPart;
    }
    if (code != SQLITE_OK) {
        return tl::unexpected(
            to_error(SQLite::Exception(handle(writer_), code), writer_, "checkpoint the log"));
    }
    return frames == moved ? Done::Whole : Done::InPart;
}

}  // namespace skald::store::sqlite
