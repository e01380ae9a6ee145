#include "tests/simulation/chaos.h"

#include <limits>

namespace skald::simulation {
namespace {

using Owner = Timeline::Owner;

constexpr std::uint64_t kPlenty = 1u << 30;
constexpr Time kHour{3'600'000};

}  // namespace

Chaos::Chaos(Timeline& timeline, Disk& disk, SystemClock& system, Random random, Counters& counters,
             std::int64_t pace)
    : timeline_(timeline),
      disk_(disk),
      system_(system),
      random_(random),
      counters_(counters),
      spares_process_(random_.one_in(8)),
      gap_(pace * random_.between(300, 8'000)) {
    disk_.set_capacity(kPlenty);
}

void Chaos::begin() { strike_later(); }

void Chaos::heal() {
    is_over_ = true;
    disk_.never_go_down();
    disk_.set_capacity(kPlenty);
    system_.set_right();
}

void Chaos::before_start() {
    if (is_over_ || spares_process_ || !random_.one_in(4)) return;
    disk_.go_down_after(random_.below(120));
}

void Chaos::strike_later() {
    timeline_.after(Time{random_.between(1, 2 * gap_.count())}, Owner::World, [this] {
        if (is_over_) return;
        strike();
        strike_later();
    });
}

void Chaos::strike() {
    const std::uint64_t kind = random_.below(10);
    if (kind < 5 && spares_process_) return;
    switch (kind) {
        case 0:
        case 1:
            disk_.go_down();
            break;
        case 2:
        case 3:
            disk_.go_down_after(random_.below(40));
            break;
        case 4:
            disk_.fail_next_sync();
            break;
        case 5:
            fill_disk(random_.below(24u << 10));
            break;
        case 6:
            fill_disk(random_.below(200u << 10));
            break;
        case 7:
        case 8:
            jump();
            break;
        default:
            break;
    }
}

void Chaos::fill_disk(std::uint64_t free) {
    const std::uint64_t used = kPlenty - disk_.free_bytes();
    disk_.set_capacity(used + free);
    timeline_.after(Time{random_.between(50, 6'000)}, Owner::World,
                    [this] { disk_.set_capacity(kPlenty); });
}

void Chaos::jump() {
    counters_.count("the clock jumped");
    const Time most = random_.one_in(2) ? Time{900} : Time{2 * kHour};
    system_.jump(Time{random_.between(-most.count(), most.count())});
    timeline_.after(Time{random_.between(100, 150'000)}, Owner::World,
                    [this] { system_.set_right(); });
}

}  // namespace skald::simulation
