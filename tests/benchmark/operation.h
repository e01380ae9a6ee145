#pragma once

#include <cstddef>

namespace skald::benchmark {

/// One operation of micro.cpp. `prepare` is not measured: it makes what the next `count` times of
/// `run` use up.
class Operation {
 public:
    virtual ~Operation() = default;
    virtual bool must_prepare() const { return false; }
    virtual void prepare(std::size_t /*count*/) {}
    virtual void run() = 0;
};

}  // namespace skald::benchmark
