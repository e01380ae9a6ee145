#pragma once

#include <memory>
#include <semaphore>
#include <utility>

namespace skald::api {

/// Lets one simulation run at a time: each takes a processor for seconds.
///
/// Threads: any.
class SimulationTurn {
 public:
    /// Holds the turn while it lives.
    class Held {
     public:
        explicit Held(std::shared_ptr<SimulationTurn> turn) : turn_(std::move(turn)) {}
        ~Held() { turn_->free_.release(); }
        Held(const Held&) = delete;
        Held& operator=(const Held&) = delete;

     private:
        const std::shared_ptr<SimulationTurn> turn_;  // Shared: an answer may outlive its route.
    };

    /// Null: somebody else has it. Shared, for who answers later is copied about.
    static std::shared_ptr<const Held> take(const std::shared_ptr<SimulationTurn>& turn) {
        return turn->free_.try_acquire() ? std::make_shared<const Held>(turn) : nullptr;
    }

 private:
    std::binary_semaphore free_{1};
};

}  // namespace skald::api
