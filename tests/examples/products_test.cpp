#include <SQLiteCpp/SQLiteCpp.h>
#include <gmock/gmock.h>

#include <optional>
#include <string>

#include "examples/data-sharing/catalogue_book.h"
#include "examples/data-sharing/product_copy.h"

namespace sharing {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using Came = ProductCopy::Came;

SQLite::Database memory() { return {":memory:", SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE}; }

json facts(int price) { return {{"name", "Tea"}, {"price", price}}; }
json product(int version, int price) {
    return {{"sku", "tea"}, {"version", version}, {"name", "Tea"}, {"price", price}};
}
json fact(int version, int price) {
    return {{"type", "product.changed"}, {"data", product(version, price)}};
}

struct CatalogueBookTest : testing::Test {
    SQLite::Database database = memory();
    CatalogueBook book{database};
};

TEST_F(CatalogueBookTest, GivesEachChangeTheNextVersionAndTellsIt) {
    EXPECT_EQ(book.change("tea", 0, facts(4)), (Product{"tea", 1, facts(4)}));
    EXPECT_EQ(book.change("tea", 1, facts(5)), (Product{"tea", 2, facts(5)}));
    EXPECT_EQ(book.find("tea"), (Product{"tea", 2, facts(5)}));
    const auto outbox = book.outbox(10);
    ASSERT_EQ(outbox.events.size(), 2u);
    EXPECT_EQ(outbox.events[1], json({{"specversion", "1.0"},
                                      {"id", "tea/2"},
                                      {"source", "/catalogue"},
                                      {"type", "product.changed"},
                                      {"subject", "tea"},
                                      {"data", product(2, 5)}}));
}

TEST_F(CatalogueBookTest, RefusesAChangeOfAVersionThatIsNotTheLatest) {
    book.change("tea", 0, facts(4));
    book.change("tea", 1, facts(5));
    EXPECT_EQ(book.change("tea", 1, facts(6)), std::nullopt);
    EXPECT_EQ(book.change("tea", 3, facts(6)), std::nullopt);
    EXPECT_EQ(book.change("tea", 0, facts(6)), std::nullopt);
    EXPECT_EQ(book.change("cup", 1, facts(6)), std::nullopt);
    EXPECT_EQ(book.find("tea"), (Product{"tea", 2, facts(5)}));
    EXPECT_EQ(book.all().size(), 1u);
    EXPECT_EQ(book.outbox_size(), 2);
}

TEST_F(CatalogueBookTest, KeepsInTheOutboxWhatIsNotPublished) {
    book.change("tea", 0, facts(4));
    book.change("tea", 1, facts(5));
    const auto first = book.outbox(1);
    EXPECT_EQ(first.events.size(), 1u);
    book.published(first.last);
    EXPECT_EQ(book.outbox(10).events[0]["id"], "tea/2");
    book.published(book.outbox(10).last);
    EXPECT_EQ(book.outbox_size(), 0);
    EXPECT_EQ(book.find("tea")->version, 2);
}

struct ProductCopyTest : testing::Test {
    SQLite::Database database = memory();
    ProductCopy copy{database};
};

TEST_F(ProductCopyTest, TakesOnlyWhatIsNewer) {
    EXPECT_EQ(copy.take(fact(2, 5)), Came::News);
    EXPECT_EQ(copy.take(fact(2, 5)), Came::Again);
    EXPECT_EQ(copy.take(fact(1, 4)), Came::Stale);
    EXPECT_EQ(copy.find("tea"), product(2, 5));
    EXPECT_EQ(copy.take(fact(4, 7)), Came::News);
    EXPECT_EQ(copy.all(), json::array({product(4, 7)}));
    EXPECT_EQ(copy.counts(), json({{"news", 2}, {"again", 1}, {"stale", 1}, {"not_for_us", 0}}));
}

TEST_F(ProductCopyTest, PassesOverWhatItDoesNotUnderstand) {
    json without_price = fact(1, 4);
    without_price["data"].erase("price");
    EXPECT_EQ(copy.take(without_price), Came::NotForUs);
    EXPECT_EQ(copy.take({{"type", "product.praised"}, {"data", product(1, 4)}}), Came::NotForUs);
    EXPECT_EQ(copy.take(json("nonsense")), Came::NotForUs);
    EXPECT_EQ(copy.all(), json::array());
}

TEST_F(ProductCopyTest, LeavesOutWhatALaterContractAdded) {
    json with_unit = fact(1, 4);
    with_unit["data"]["unit"] = "100 g";
    EXPECT_EQ(copy.take(with_unit), Came::News);
    EXPECT_EQ(copy.find("tea"), product(1, 4));
}

TEST_F(ProductCopyTest, NotesHowFarItReadTogetherWithWhatItRead) {
    EXPECT_EQ(copy.next(), 0u);
    EXPECT_THAT(copy.take({fact(1, 4), fact(1, 4)}, 7), ElementsAre(Came::News, Came::Again));
    EXPECT_EQ(copy.next(), 7u);

    database.exec(
        "CREATE TEMP TRIGGER no BEFORE INSERT ON number WHEN NEW.name = 'next'"
        " BEGIN SELECT raise(ABORT, 'the disk is full'); END");
    EXPECT_THROW(copy.take({fact(2, 5)}, 8), SQLite::Exception);
    EXPECT_EQ(copy.next(), 7u);
    EXPECT_EQ(copy.find("tea"), product(1, 4));
}

}  // namespace
}  // namespace sharing
