#pragma once

#include <cstddef>
#include <memory>

namespace skald::benchmark {

/// Sagas of the definition `bench` through the whole of the loop's thread but for its sockets: the
/// coordinator, the bytes of each request and the reading of each reply. Commits and calls are
/// answered at once, by nobody.
class CoordinatedSagas {
 public:
    CoordinatedSagas();
    ~CoordinatedSagas();
    /// So many at the same time, from their starts until they have left memory. Throws
    /// std::runtime_error when they haven't.
    void run(std::size_t count);

 private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace skald::benchmark
