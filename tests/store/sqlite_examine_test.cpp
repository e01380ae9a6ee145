#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/store/sample_sagas.h"
#include "tests/store/sqlite_file.h"

/// What a whole look at a database finds.
namespace skald::store {
namespace {

using namespace sample;
using testing::ElementsAre;
using testing::IsEmpty;

class SqliteExamine : public testing::Test {
 protected:
    /// A running saga with a lock and a child that is over, parked; one that is over.
    void SetUp() override {
        const auto store = open_or_fail(options_);
        const DefinitionKey order = put(*store, definition("order"));
        Batch batch;
        batch.starts.push_back(with_lock(start(1, order), "a"));
        add_finished(batch, with_parent(start(2, order), 1));
        add_finished(batch, start(3, order));
        batch.parks.push_back({SagaKey{1}, at(100)});
        ASSERT_TRUE(store->writer().write(batch));
    }
    Examination after(const std::string& sql) {
        run_sql(options_.path, sql);
        return open_or_fail(options_)->examine(Depth::Whole).value();
    }

    TemporaryFolder folder_;
    SqliteOptions options_ = options_in(folder_);
};

TEST_F(SqliteExamine, FindsNothingInASoundFile) {
    const Examination found = after("");
    EXPECT_EQ(found.schema, 2u);
    EXPECT_EQ(found.sagas, 3u);
    EXPECT_EQ(found.orphans, 0u);
    EXPECT_THAT(found.faults, IsEmpty());
}

TEST_F(SqliteExamine, CountsRowsWithoutTheirSaga) {
    const Examination found = after(
        "INSERT INTO parked VALUES (99, 5);"
        "INSERT INTO lock VALUES (7, 98, 0), (7, 99, 1);");
    EXPECT_EQ(found.orphans, 3u);
    EXPECT_THAT(found.faults, IsEmpty());
}

TEST_F(SqliteExamine, FindsSagasThatQueueAfterTheirEnd) {
    const Examination found = after("INSERT INTO lock VALUES (7, 3, 1)");
    EXPECT_EQ(found.orphans, 0u);
    EXPECT_THAT(found.faults, ElementsAre("sagas that are over, and queue for a lock: 1"));
}

TEST_F(SqliteExamine, FindsChildrenThatAreNotKeptAsTheirParentsSay) {
    static constexpr const char* kFault =
        "children that are kept, or not kept, otherwise than their parents say: 1";
    EXPECT_THAT(after("UPDATE saga SET held = NULL WHERE key = 2").faults, ElementsAre(kFault));
    EXPECT_THAT(after("UPDATE saga SET held = 1 WHERE key = 2").faults, IsEmpty());
    EXPECT_THAT(after("UPDATE saga SET parent = 3 WHERE key = 2").faults, ElementsAre(kFault));
}

}  // namespace
}  // namespace skald::store
