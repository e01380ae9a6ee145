#include "sagas/child_id.h"

#include <gtest/gtest.h>

#include <set>

#include "sagas/lint.h"
#include "tests/sagas/order_document.h"

namespace skald::sagas {
namespace {

constexpr StepIndex kInsure{2};
constexpr StepIndex kGuides{3};

std::string id_of(const std::string& saga, StepIndex step, Phase phase, std::uint32_t attempt) {
    static const auto kTour = check_definition(tour_document(), std::nullopt).definition;
    return child_id(*kTour, saga, step, phase, attempt);
}

TEST(ChildId, SaysWhoseChildItIs) {
    EXPECT_EQ(id_of("t1", kInsure, Phase::Action, 1), "t1.insure");
    EXPECT_EQ(id_of("t1", element_of(kGuides, 0), Phase::Action, 1), "t1.guides.0");
    EXPECT_EQ(id_of("t1", element_of(kGuides, 999), Phase::Compensation, 1), "t1.guides.999~undo");
    EXPECT_EQ(id_of("t1", kInsure, Phase::Action, 2), "t1.insure~2");
    EXPECT_EQ(id_of("t1", kInsure, Phase::Compensation, 3), "t1.insure~undo~3");
}

TEST(ChildId, KeepsItsLengthByCuttingTheParentsPart) {
    // FNV-1a by another program: python3 -c 'h=0xcbf29ce484222325
    // for b in b"p"*121 + b".insure~2": h=(h^b)*0x100000001b3%2**64
    // print("%016x" % h)'
    EXPECT_EQ(id_of(std::string(121, 'p'), kInsure, Phase::Action, 1),
              std::string(121, 'p') + ".insure");
    EXPECT_EQ(id_of(std::string(121, 'p'), kInsure, Phase::Action, 2),
              std::string(103, 'p') + "9f4c6828a7e7a439" + ".insure~2");
    const std::string longest =
        id_of(std::string(128, 'p'), element_of(kGuides, 999), Phase::Compensation, 4'294'967'295u);
    EXPECT_EQ(longest.size(), kSagaIdBytesMax);
    EXPECT_TRUE(longest.ends_with(".guides.999~undo~4294967295"));
}

TEST(ChildId, IsAnotherOneForEachCall) {
    std::set<std::string> ids;
    std::size_t count = 0;
    for (const std::string& saga : {std::string(127, 'p') + '1', std::string(127, 'p') + '2'}) {
        for (const StepIndex step : {kInsure, element_of(kGuides, 0), element_of(kGuides, 1)}) {
            for (const Phase phase : {Phase::Action, Phase::Compensation}) {
                for (const std::uint32_t attempt : {1u, 2u, 20u}) {
                    ids.insert(id_of(saga, step, phase, attempt));
                    ++count;
                }
            }
        }
    }
    EXPECT_EQ(ids.size(), count);
}

}  // namespace
}  // namespace skald::sagas
