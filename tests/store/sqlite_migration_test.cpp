#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <vector>

#include "tests/store/fault_vfs.h"
#include "tests/store/sample_sagas.h"
#include "tests/store/sqlite_file.h"

/// A file of an older schema becomes one of today's when it is opened; what is in it is
/// format_test.cpp's.
namespace skald::store {
namespace {

using namespace sample;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

SqliteOptions old_file_in(const TemporaryFolder& folder, int schema) {
    std::ifstream sql(std::string(SKALD_TESTDATA) + "/schema_" + std::to_string(schema) + ".sql",
                      std::ios::binary);
    SqliteOptions options = options_in(folder);
    run_sql(options.path, {std::istreambuf_iterator<char>(sql), {}});
    return options;
}

std::vector<std::string> schema_of(const std::string& path) {
    return query_sql(path,
                     "SELECT coalesce(sql, name) FROM sqlite_schema UNION ALL"
                     " SELECT user_version FROM pragma_user_version ORDER BY 1");
}

class SqliteMigration : public testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(Schemas, SqliteMigration, testing::Values(1, 2, 3, 4));

TEST_P(SqliteMigration, MakesTheSchemaOfANewFile) {
    const TemporaryFolder old_folder, new_folder;
    const SqliteOptions migrated = old_file_in(old_folder, GetParam());
    EXPECT_THAT(query_sql(migrated.path, "PRAGMA user_version"),
                ElementsAre(std::to_string(GetParam())));
    open_or_fail(migrated);
    const SqliteOptions made = options_in(new_folder);
    open_or_fail(made);
    EXPECT_EQ(schema_of(migrated.path), schema_of(made.path));
    EXPECT_THAT(query_sql(migrated.path, "PRAGMA user_version"), ElementsAre("5"));
    EXPECT_THAT(problems(migrated.path), IsEmpty());
}

// Each step of a migration is whole or not there.
TEST_P(SqliteMigration, LeavesTheFileAsItIsOnAFullDisk) {
    const TemporaryFolder folder;
    SqliteOptions options = old_file_in(folder, GetParam());
    std::set<std::vector<std::string>> whole = {schema_of(options.path)};
    for (int schema = GetParam() + 1; schema <= 5; ++schema) {
        const TemporaryFolder other;
        whole.insert(schema_of(old_file_in(other, schema).path));
    }
    faults::FaultVfs vfs("migration");
    options.vfs = vfs.name();
    for (std::uint64_t writes = 0;; ++writes) {
        ASSERT_LT(writes, 200u);
        vfs.fail({{faults::Operation::Write},
                  faults::File::Log,
                  writes,
                  faults::Failure::DiskFull,
                  faults::Lasting::Forever});
        const auto opened = open_sqlite_store(options);
        const bool has_struck = vfs.struck() > 0;
        vfs.clear();
        if (!has_struck) {
            ASSERT_TRUE(opened) << opened.error().message;
            EXPECT_GE(writes, 5u);  // Of the smallest of them, from 4 to 5.
            break;
        }
        if (!opened) {
            EXPECT_EQ(opened.error().code, ErrorCode::Unavailable) << opened.error().message;
            EXPECT_THAT(opened.error().message, HasSubstr("the disk is full"));
            ASSERT_TRUE(whole.contains(schema_of(options.path))) << "after " << writes;
        }
    }
    EXPECT_THAT(problems(options.path), IsEmpty());
}

}  // namespace
}  // namespace skald::store
