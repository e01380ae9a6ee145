#include "tests/simulation/follower.h"

#include "tests/simulation/harvest.h"

namespace skald::simulation {

void Follower::read(const store::Reader& reader) {
    constexpr std::uint32_t kPage = 1'000;
    for (bool is_cut = true; is_cut;) {
        const auto page = reader.feed(last_, kPage);
        if (!page) return;
        for (const store::FeedRow& row : page->rows) {
            see_(Journaled{row.saga.id, row_of(row.row)});
            last_ = row.row.position;
        }
        is_cut = page->is_cut;
    }
}

}  // namespace skald::simulation
