#pragma once

#include <atomic>
#include <cstdint>

#include "store/sqlite/reader_pool.h"
#include "store/store.h"

namespace skald::store::sqlite {

/// Moves the write-ahead log into the database, and keeps the log short.
///
/// PASSIVE checkpoints never make the log start anew while some reader is always reading, so that
/// it would grow without end. Above `wal_bytes_max` the readers' gate is closed for it.
///
/// Threads: the writer's; `wal_bytes`: any.
class Checkpointer {
 public:
    /// Becomes the log hook of `writer`, which must live longer.
    Checkpointer(SQLite::Database& writer, ReaderPool& readers, std::uint64_t wal_bytes_max);
    ~Checkpointer();
    Checkpointer(const Checkpointer&) = delete;
    Checkpointer& operator=(const Checkpointer&) = delete;

    /// Does what is due, if anything. Errors: as Writer::maintain.
    Result<void> step();

    std::uint64_t wal_bytes() const { return wal_bytes_.load(std::memory_order_relaxed); }

 private:
    enum class Done : std::uint8_t { Whole, InPart };
    Result<Done> checkpoint(int mode);
    Result<void> recycle();

    SQLite::Database& writer_;
    ReaderPool& readers_;
    const std::uint64_t bytes_max_;
    const std::uint64_t step_bytes_;  ///< The log grows by this between two checkpoints.
    std::atomic<std::uint64_t> wal_bytes_{0};
    std::uint64_t last_bytes_ = 0;
    std::uint64_t passive_at_;
    std::uint64_t recycle_at_;
};

}  // namespace skald::store::sqlite
