#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/store/store_contract.h"

namespace skald::store {
namespace {

using namespace sample;
using testing::ElementsAre;
using testing::IsEmpty;

TEST_P(StoreContract, NumbersTheVersionsOfADefinition) {
    const auto write_text = [&](const std::string& source) {
        return describe(write_definition(definition("order", source)));
    };
    EXPECT_EQ(write_text("1"), "new 1");
    EXPECT_EQ(write_text("1"), "equal 1");
    EXPECT_EQ(write_text("2"), "new 2");
    EXPECT_EQ(write_text("1"), "new 3");  // Compared with the latest only.
    reopen();
    EXPECT_EQ(write_text("1"), "equal 3");
    EXPECT_EQ(reader().definition("order", 2).value().source, "2");
    EXPECT_EQ(reader().definition("order", std::nullopt).value().version, 3u);
}

TEST_P(StoreContract, KeepsWhatADefinitionWasFilledInWith) {
    PutDefinition first = definition("order", "source");
    first.filled = "filled";
    const DefinitionKey key = std::get<DefinitionWritten>(write_definition(first)).key;
    PutDefinition later = first;
    later.filled = "filled otherwise";  // By a newer Skald: live sagas must fold the same.
    later.at = at(9);
    EXPECT_EQ(describe(write_definition(later)), "equal 1");

    const auto row = reader().definition(key).value();
    EXPECT_EQ(row.key, key);
    EXPECT_EQ(row.name, "order");
    EXPECT_EQ(row.version, 1u);
    EXPECT_EQ(row.source, "source");
    EXPECT_EQ(row.filled, "filled");
    EXPECT_EQ(row.created_at, at(0));
    EXPECT_EQ(row.state, DefinitionRow::State::Active);
}

TEST_P(StoreContract, BringsADeletedDefinitionBack) {
    order();
    const DeleteDefinition deletion{"order", std::nullopt, at(1)};
    EXPECT_EQ(describe(write_definition(deletion)), "deleted 1");
    EXPECT_EQ(describe(write_definition(deletion)), "not found");
    reopen();
    EXPECT_EQ(reader().definition("order", std::nullopt).value().state,
              DefinitionRow::State::Deleted);
    EXPECT_EQ(reader().definition("order", 1).value().state, DefinitionRow::State::Deleted);
    EXPECT_THAT(reader().definitions("", 10).value(), IsEmpty());

    EXPECT_EQ(describe(write_definition(definition("order"))), "back 1");
    EXPECT_EQ(describe(write_definition(deletion)), "deleted 1");
    EXPECT_EQ(describe(write_definition(definition("order", "other"))), "new 2");
    EXPECT_EQ(reader().definition("order", 1).value().state, DefinitionRow::State::Active);
}

TEST_P(StoreContract, GuardsDefinitionsByTheirVersion) {
    const auto put_if = [&](std::uint32_t version, const std::string& source) {
        PutDefinition change = definition("order", source);
        change.if_version = version;
        return describe(write_definition(change));
    };
    const auto delete_if = [&](std::uint32_t version) {
        return describe(write_definition(DeleteDefinition{"order", version, at(1)}));
    };
    EXPECT_EQ(put_if(1, "1"), "mismatch, latest 0");
    EXPECT_EQ(reader().definition("order", std::nullopt).error().code, ErrorCode::NotFound);
    EXPECT_EQ(delete_if(1), "not found");
    EXPECT_EQ(put_if(0, "1"), "new 1");
    EXPECT_EQ(put_if(0, "1"), "mismatch, latest 1");
    EXPECT_EQ(put_if(1, "1"), "equal 1");
    EXPECT_EQ(put_if(1, "2"), "new 2");
    EXPECT_EQ(put_if(1, "3"), "mismatch, latest 2");
    EXPECT_EQ(delete_if(1), "mismatch, latest 2");
    EXPECT_EQ(delete_if(2), "deleted 2");
    EXPECT_EQ(put_if(2, "2"), "mismatch, latest 0");
    EXPECT_EQ(put_if(0, "2"), "back 2");
}

TEST_P(StoreContract, ListsDefinitionsByName) {
    for (const char* name : {"b", "a", "c", "d"}) {
        put(store(), definition(name));
    }
    put(store(), definition("b", "again"));
    write_definition(DeleteDefinition{"c", std::nullopt, at(1)});
    const auto names = [&](const std::string& after, std::uint32_t limit) {
        std::vector<std::string> found;
        for (const auto& row : got(reader().definitions(after, limit))) {
            found.push_back(row.name + std::to_string(row.version));
        }
        return found;
    };
    EXPECT_THAT(names("", 10), ElementsAre("a1", "b2", "d1"));
    EXPECT_THAT(names("a", 1), ElementsAre("b2"));
    EXPECT_THAT(names("d", 1), IsEmpty());
}

}  // namespace
}  // namespace skald::store
