#include "engine/catalog.h"

#include <gmock/gmock.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "sagas/lint.h"
#include "store/memory_store.h"
#include "tests/engine/forwarding_reader.h"

namespace skald::engine {
namespace {

using sagas::ErrorCode;
using sagas::Result;

/// A store that counts how often definitions are read from it.
class CountingReader final : public ForwardingReader {
 public:
    using ForwardingReader::ForwardingReader;

    Result<store::DefinitionRow> definition(std::string_view name,
                                            std::optional<std::uint32_t> version) const override {
        ++reads;
        auto row = ForwardingReader::definition(name, version);
        if (during_read) during_read();
        return row;
    }
    Result<store::DefinitionRow> definition(store::DefinitionKey key) const override {
        ++reads;
        return ForwardingReader::definition(key);
    }

    mutable std::atomic<int> reads = 0;
    std::function<void()> during_read;
};

class CatalogTest : public ::testing::Test {
 protected:
    /// Registers a definition with one step that calls `path`; gives its key.
    store::DefinitionKey put(const std::string& name, const std::string& path) {
        const sagas::Json document = {
            {"name", name},
            {"steps",
             {{{"name", "only"},
               {"action", {{"http", {{"method", "POST"}, {"url", "http://127.0.0.1:1" + path}}}}},
               {"compensation", "none"}}}}};
        const sagas::Checked checked = sagas::check_definition(document, std::nullopt);
        for (const sagas::Problem& error : checked.errors) ADD_FAILURE() << error.detail;
        return put_filled(name, document.dump(), checked.filled.dump());
    }
    store::DefinitionKey put_filled(const std::string& name, const std::string& source,
                                    const std::string& filled) {
        store::Batch batch;
        batch.definitions = {store::PutDefinition{name, source, filled, std::nullopt, {}}};
        return change(batch);
    }
    void remove(const std::string& name) {
        store::Batch batch;
        batch.definitions = {store::DeleteDefinition{name, std::nullopt, {}}};
        change(batch);
    }
    store::DefinitionKey change(const store::Batch& batch) {
        const auto committed = store_->writer().write(batch);
        EXPECT_TRUE(committed.has_value());
        const auto* const written =
            std::get_if<store::DefinitionWritten>(&committed->definitions.front());
        EXPECT_NE(written, nullptr);
        return written ? written->key : store::DefinitionKey{};
    }

    const std::unique_ptr<store::Store> store_ = store::make_memory_store();
    CountingReader reader_{store_->reader()};
    Catalog catalog_{reader_};
};

std::string described(const Result<VersionPtr>& version) {
    if (!version) return version.error().message;
    return (*version)->definition.name + " " + std::to_string((*version)->number);
}

TEST_F(CatalogTest, GivesTheLatestVersionAndReadsItOnce) {
    put("order", "/1");
    const store::DefinitionKey second = put("order", "/2");
    const auto version = catalog_.to_start("order", std::nullopt);
    EXPECT_EQ(described(version), "order 2");
    EXPECT_EQ((*version)->key, second);
    EXPECT_EQ((*version)->definition.steps.size(), 1u);
    EXPECT_EQ(*catalog_.to_start("order", std::nullopt), *version);
    EXPECT_EQ(*catalog_.to_start("order", 2), *version);
    EXPECT_EQ(*catalog_.of(second), *version);
    EXPECT_EQ(reader_.reads, 1);
}

TEST_F(CatalogTest, GivesTheVersionThatIsAskedFor) {
    const store::DefinitionKey first = put("order", "/1");
    put("order", "/2");
    const auto version = catalog_.to_start("order", 1);
    EXPECT_EQ(described(version), "order 1");
    EXPECT_EQ((*version)->key, first);
    EXPECT_EQ(*catalog_.of(first), *version);
}

TEST_F(CatalogTest, FindsNothingWhereThereIsNothing) {
    put("order", "/1");
    for (const auto& missing :
         {catalog_.to_start("other", std::nullopt), catalog_.to_start("order", 2),
          catalog_.to_start("other", 1), catalog_.of(store::DefinitionKey{99})}) {
        ASSERT_FALSE(missing.has_value());
        EXPECT_EQ(missing.error().code, ErrorCode::NotFound);
    }
}

TEST_F(CatalogTest, GivesANewVersionOnceItWasToldOfTheChange) {
    put("order", "/1");
    EXPECT_EQ(described(catalog_.to_start("order", std::nullopt)), "order 1");
    put("order", "/2");
    EXPECT_EQ(described(catalog_.to_start("order", std::nullopt)), "order 1");
    catalog_.changed("order");
    EXPECT_EQ(described(catalog_.to_start("order", std::nullopt)), "order 2");
}

TEST_F(CatalogTest, StartsNothingThatWasDeletedButRunsWhatExists) {
    const store::DefinitionKey key = put("order", "/1");
    EXPECT_EQ(described(catalog_.to_start("order", std::nullopt)), "order 1");
    remove("order");
    catalog_.changed("order");
    for (const auto& version :
         {catalog_.to_start("order", std::nullopt), catalog_.to_start("order", 1)}) {
        ASSERT_FALSE(version.has_value());
        EXPECT_EQ(version.error().code, ErrorCode::NotFound);
        EXPECT_THAT(version.error().message,
                    ::testing::HasSubstr("definition order: it was deleted"));
    }
    EXPECT_EQ(described(catalog_.of(key)), "order 1");
}

TEST_F(CatalogTest, GivesAPinnedVersionThoughThereIsANewerOneOrNone) {
    put("order", "/1");
    EXPECT_EQ(described(catalog_.to_start("order", std::nullopt)), "order 1");
    EXPECT_EQ(described(catalog_.pinned("order", 1)), "order 1");
    EXPECT_EQ(reader_.reads, 1);  // It is known to be the latest.
    put("order", "/2");
    catalog_.changed("order");
    EXPECT_EQ(described(catalog_.pinned("order", 1)), "order 1");
    remove("order");
    catalog_.changed("order");
    EXPECT_EQ(described(catalog_.pinned("order", 2)), "order 2");
    for (const auto& missing : {catalog_.pinned("order", 3), catalog_.pinned("other", 1)}) {
        ASSERT_FALSE(missing.has_value());
        EXPECT_EQ(missing.error().code, ErrorCode::NotFound);
    }
}

TEST_F(CatalogTest, DoesNotRememberWhatWasReadBeforeAChange) {
    put("order", "/1");
    reader_.during_read = [&] {
        reader_.during_read = nullptr;
        put("order", "/2");
        catalog_.changed("order");
    };
    EXPECT_EQ(described(catalog_.to_start("order", std::nullopt)), "order 1");
    EXPECT_EQ(described(catalog_.to_start("order", std::nullopt)), "order 2");
}

TEST_F(CatalogTest, ForgetsWhatWasNotUsedForLongest) {
    std::vector<store::DefinitionKey> keys;
    for (int i = 0; i <= 1'000; ++i) keys.push_back(put("order", "/" + std::to_string(i)));
    for (const store::DefinitionKey key : keys) ASSERT_TRUE(catalog_.of(key).has_value());
    EXPECT_EQ(reader_.reads, 1'001);
    EXPECT_EQ(described(catalog_.of(keys.back())), "order 1001");
    EXPECT_EQ(reader_.reads, 1'001);
    EXPECT_EQ(described(catalog_.of(keys.front())), "order 1");
    EXPECT_EQ(reader_.reads, 1'002);
}

TEST_F(CatalogTest, SaysWhenWhatIsStoredIsBroken) {
    put_filled("order", "{}", "{\"steps\": 1}");
    put_filled("order", "[]", "{");
    for (const std::uint32_t number : {1u, 2u}) {
        const auto version = catalog_.to_start("order", number);
        ASSERT_FALSE(version.has_value());
        EXPECT_EQ(version.error().code, ErrorCode::Corruption);
    }
    EXPECT_THAT(catalog_.to_start("order", 2).error().message,
                ::testing::StartsWith("load definition order version 2: "));
}

/// For the thread sanitizer.
TEST_F(CatalogTest, ServesManyThreads) {
    put("order", "/1");
    put("order", "/2");
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < 4; ++thread) {
        threads.emplace_back([this] {
            for (std::uint32_t i = 0; i < 500; ++i) {
                EXPECT_TRUE(catalog_.to_start("order", 1 + i % 2).has_value());
                if (i % 50 == 0) catalog_.changed("order");
            }
        });
    }
}

}  // namespace
}  // namespace skald::engine
