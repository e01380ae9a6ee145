#include "engine/loader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "sagas/lint.h"
#include "sagas/machine.h"
#include "store/memory_store.h"
#include "tests/engine/forwarding_reader.h"

namespace skald::engine {
namespace {

using sagas::ErrorCode;
using sagas::Result;
using ::testing::HasSubstr;

/// A store that is busy for a while.
class BusyReader final : public ForwardingReader {
 public:
    using ForwardingReader::ForwardingReader;

    Result<store::SagaRow> saga(std::string_view id) const override {
        if (failures-- > 0) return sagas::fail(ErrorCode::Unavailable, "busy");
        return ForwardingReader::saga(id);
    }
    Result<std::vector<store::Park>> parked(sagas::Timestamp until,
                                            std::uint32_t limit) const override {
        if (failures-- > 0) return sagas::fail(ErrorCode::Unavailable, "busy");
        return ForwardingReader::parked(until, limit);
    }

    mutable int failures = 0;
};

constexpr char kPaying[] = R"({"name": "paying", "labels": {"of": "{$input.of}"},
  "input_schema": {"properties": {"amount": {"type": "integer"}}},
  "steps": [
  {"name": "pay", "action": {"http": {"method": "POST", "url": "http://127.0.0.1:9/pay"}},
   "compensation": {"http": {"method": "POST", "url": "http://127.0.0.1:9/unpay"}}}]})";

class LoaderTest : public ::testing::Test {
 protected:
    LoaderTest() {
        const sagas::Json json = sagas::parse_json(kPaying).value();
        const sagas::Checked checked = sagas::check_definition(json, std::nullopt);
        store::Batch batch;
        batch.definitions.emplace_back(
            store::PutDefinition{"paying", json.dump(), checked.filled.dump(), std::nullopt, {}});
        EXPECT_TRUE(store_->writer().write(batch));
        version_ = catalog_.to_start("paying", std::nullopt).value();
    }

    /// A saga with the id "a" whose journal has the events, one row each.
    void write_saga(const std::vector<sagas::Event>& events,
                    const std::optional<sagas::Parent>& parent = std::nullopt) {
        const sagas::Timestamp now{};
        const sagas::Value input = sagas::make_value(sagas::Json::object());
        sagas::Saga saga = sagas::make_saga(version_->definition, "a", now, input);
        auto begun = sagas::apply(version_->definition, std::move(saga),
                                  sagas::Begin{.parent = parent}, now);
        store::Batch batch;
        batch.starts.push_back({kSaga,
                                "a",
                                store::IdOrigin::Ours,
                                version_->key,
                                now,
                                std::nullopt,
                                input,
                                {},
                                "",
                                std::nullopt,
                                *begun.record});
        std::uint32_t seq = 1;
        for (const sagas::Event& event : events) {
            begun = sagas::apply(version_->definition, std::move(begun.saga), event, now);
            batch.rows.push_back({kSaga, ++seq, begun.record.value()});
        }
        EXPECT_TRUE(store_->writer().write(batch));
    }
    static sagas::Event answer(int status, sagas::Phase phase = sagas::Phase::Action) {
        return sagas::Answered{sagas::StepIndex{0}, phase, 1,
                               sagas::Reply{status, {}, sagas::make_value(nullptr), {}}};
    }
    Result<Loader::ChildReady> prepare(sagas::Json input, std::uint32_t version = 1) const {
        return reads_.prepare({"paying", version, sagas::make_value(std::move(input))});
    }

    static constexpr store::SagaKey kSaga{1};
    const std::unique_ptr<store::Store> store_ = store::make_memory_store();
    BusyReader reader_{store_->reader()};
    Catalog catalog_{reader_};
    const StoredEvents events_{reader_};
    const NoTriggers triggers_{};
    LoaderReads reads_{reader_, catalog_, events_, triggers_};
    VersionPtr version_;
};

TEST_F(LoaderTest, FoldsTheWholeJournal) {
    write_saga({answer(200)});
    for (const Loader::Name& name : {Loader::Name("a"), Loader::Name(kSaga)}) {
        const auto loaded = reads_.load(name);
        ASSERT_TRUE(loaded);
        EXPECT_EQ(loaded->saga.id, "a");
        EXPECT_EQ(loaded->rows, 2u);
        EXPECT_EQ(loaded->version, version_);
        EXPECT_TRUE(loaded->saga.end);
        EXPECT_FALSE(loaded->is_turned_by_parent);
    }
}

TEST_F(LoaderTest, TellsWhetherTheParentTurnedIt) {
    const sagas::Parent parent{"p", sagas::StepIndex{0}, sagas::Phase::Action, 1};
    write_saga({answer(200), sagas::ParentTurned{}}, parent);
    const auto loaded = reads_.load("a");
    ASSERT_TRUE(loaded);
    EXPECT_TRUE(loaded->is_turned_by_parent);
    EXPECT_FALSE(loaded->saga.end);
}

TEST_F(LoaderTest, FindsNothingWhereThereIsNothing) {
    EXPECT_EQ(reads_.load("b").error().code, ErrorCode::NotFound);
    EXPECT_EQ(reads_.load(store::SagaKey{7}).error().code, ErrorCode::NotFound);
}

TEST_F(LoaderTest, ReadsAgainWhatIsBusyAFewTimes) {
    write_saga({});
    reader_.failures = 2;
    EXPECT_TRUE(reads_.load("a"));
    reader_.failures = 2;
    EXPECT_TRUE(reads_.load_parked({}, 1));
    reader_.failures = 3;
    EXPECT_EQ(reads_.load("a").error().code, ErrorCode::Unavailable);
}

TEST_F(LoaderTest, ASagaWithoutItsDefinitionIsCorruption) {
    const auto empty = store::make_memory_store();
    Catalog other(empty->reader());
    write_saga({});
    auto row = store_->reader().saga("a").value();
    const auto loaded = fold_loaded(other, row, store_->reader().journal(kSaga, 0, 9).value());
    ASSERT_FALSE(loaded);
    EXPECT_EQ(loaded.error().code, ErrorCode::Corruption);
}

TEST_F(LoaderTest, PreparesAChild) {
    const auto ready = prepare({{"amount", 3}, {"of", "shoes"}});
    ASSERT_TRUE(ready);
    EXPECT_EQ(ready->version, version_);
    EXPECT_EQ(ready->labels, (store::Labels{{"of", "shoes"}}));
}

TEST_F(LoaderTest, SaysWhyAChildCantBeStarted) {
    const auto bad = prepare({{"amount", "3"}, {"of", "shoes"}});
    ASSERT_FALSE(bad);
    EXPECT_EQ(bad.error().code, ErrorCode::InvalidArgument);
    EXPECT_THAT(bad.error().message, HasSubstr("breaks the input_schema of definition paying"));
    EXPECT_THAT(bad.error().message, HasSubstr("/amount"));
    const auto unlabelled = prepare({{"amount", 3}});
    ASSERT_FALSE(unlabelled);
    EXPECT_THAT(unlabelled.error().message, HasSubstr("labels"));
    const auto large = prepare({{"of", std::string(sagas::kBodyBytesMax, 'x')}});
    ASSERT_FALSE(large);
    EXPECT_THAT(large.error().message, HasSubstr("input is over"));
    EXPECT_EQ(prepare({{"of", "shoes"}}, 2).error().code, ErrorCode::NotFound);
}

/// Busy for a while; then it has events up to its end.
class BusyEvents final : public EventLog {
 public:
    Result<store::EventPage> events(const std::string& topic, store::Offset after,
                                    std::uint32_t limit) const override {
        if (failures-- > 0) return sagas::fail(ErrorCode::Unavailable, "busy");
        EXPECT_EQ(topic, "orders");
        EXPECT_EQ(limit, 3u);
        return store::EventPage{{}, after, false};
    }
    mutable int failures = 0;
};

class BusyTriggers final : public TriggerStarts {
 public:
    Result<Start> make_start(const TriggerOrder& order) const override {
        if (failures-- > 0) return sagas::fail(ErrorCode::Unavailable, "busy");
        Start start{};
        start.id = order.definition;
        return start;
    }
    mutable int failures = 0;
};

TEST_F(LoaderTest, ReadsEventsAndMakesStartsThoughTheStoreIsBusyForAWhile) {
    BusyEvents events;
    BusyTriggers triggers;
    const LoaderReads reads(reader_, catalog_, events, triggers);
    for (const int failures : {0, 2}) {
        events.failures = triggers.failures = failures;
        EXPECT_EQ(reads.load_events("orders", store::Offset{7}, 3)->last, store::Offset{7});
        EXPECT_EQ(reads.prepare_trigger({"paying", "orders", "{}"})->id, "paying");
    }
    events.failures = triggers.failures = 3;
    EXPECT_EQ(reads.load_events("orders", {}, 3).error().code, ErrorCode::Unavailable);
    EXPECT_EQ(reads.prepare_trigger({}).error().code, ErrorCode::Unavailable);
}

TEST_F(LoaderTest, AnInlineOneReadsAtOnceAndAnswersLater) {
    write_saga({});
    std::vector<std::function<void()>> posted;
    const auto loader = make_inline_loader(
        reader_, catalog_, events_, triggers_,
        [&posted](std::function<void()> answer) { posted.push_back(std::move(answer)); });
    std::vector<std::string> answers;
    loader->load("a", [&](const Result<Loader::Loaded>& loaded) {
        answers.push_back(loaded ? loaded->saga.id : loaded.error().message);
    });
    loader->load_parked({}, 5, [&](const Result<std::vector<store::Park>>& parks) {
        answers.push_back(std::to_string(parks.value().size()));
    });
    EXPECT_TRUE(answers.empty());
    for (const auto& answer : posted) answer();
    EXPECT_EQ(answers, (std::vector<std::string>{"a", "0"}));
}

}  // namespace
}  // namespace skald::engine
