#include "tests/store/store_contract.h"

#include <array>

#include "store/memory_store.h"
#include "tests/store/sqlite_file.h"

namespace skald::store {
namespace {

using namespace sample;

class MemoryHarness : public Harness {
 public:
    void open(const Retention& retention, const EventRules& events) override {
        store_ = make_memory_store(retention, events);
    }
    void reopen() override {}
    Store& store() override { return *store_; }

 private:
    std::unique_ptr<Store> store_;
};

class SqliteHarness : public Harness {
 public:
    ~SqliteHarness() override {
        store_.reset();
        EXPECT_THAT(problems(options_.path), testing::IsEmpty());
    }
    void open(const Retention& retention, const EventRules& events) override {
        options_ = options_in(folder_);
        options_.retention = retention;
        options_.events = events;
        store_ = open_or_fail(options_);
    }
    void reopen() override {
        store_.reset();
        store_ = open_or_fail(options_);
    }
    Store& store() override { return *store_; }

 private:
    TemporaryFolder folder_;
    SqliteOptions options_;
    std::unique_ptr<Store> store_;
};

}  // namespace

std::string describe(const StartOutcome& outcome) {
    if (std::holds_alternative<StartIdUsed>(outcome)) {
        return "id used";
    }
    const auto* repeats = std::get_if<StartRepeats>(&outcome);
    if (repeats == nullptr) {
        return "started";
    }
    return std::string(repeats->by == StartRepeats::By::RequestKey ? "key of " : "id of ") +
           repeats->id + " #" + std::to_string(static_cast<std::int64_t>(repeats->saga)) +
           (repeats->is_same_body ? "" : ", other body");
}

std::vector<std::string> describe(const Committed& committed) {
    std::vector<std::string> texts;
    for (const StartOutcome& outcome : committed.starts) {
        texts.push_back(describe(outcome));
    }
    return texts;
}

std::string describe(const DefinitionOutcome& outcome) {
    if (const auto* mismatch = std::get_if<DefinitionVersionMismatch>(&outcome)) {
        return "mismatch, latest " + std::to_string(mismatch->latest);
    }
    const auto* written = std::get_if<DefinitionWritten>(&outcome);
    if (written == nullptr) {
        return "not found";
    }
    constexpr std::array kHow = {"new ", "equal ", "back ", "deleted "};
    return kHow.at(static_cast<std::size_t>(written->how)) + std::to_string(written->version);
}

void StoreContract::open(const Retention& retention, const EventRules& events) {
    harness_ = GetParam().make();
    harness_->open(retention, events);
}

Committed StoreContract::write(const Batch& batch) {
    auto committed = writer().write(batch);
    if (!committed) {
        ADD_FAILURE() << committed.error().message;
        return {};
    }
    return *committed;
}

Committed StoreContract::write_start(NewSaga start) {
    Batch batch;
    batch.starts.push_back(std::move(start));
    return write(batch);
}

DefinitionOutcome StoreContract::write_definition(
    std::variant<PutDefinition, DeleteDefinition> change) {
    Batch batch;
    batch.definitions.push_back(std::move(change));
    return write(batch).definitions.at(0);
}

void StoreContract::maintain(Timestamp now) {
    for (int i = 0; i < 1'000; ++i) {
        const auto more = writer().maintain(now);
        ASSERT_TRUE(more) << more.error().message;
        if (!*more) {
            return;
        }
    }
    FAIL() << "housekeeping has no end";
}

std::vector<std::int64_t> StoreContract::list(const SagaFilter& filter, const SagaRange& range) {
    std::vector<std::int64_t> keys;
    SagaRange page = range;
    for (int pages = 0; pages < 1'000; ++pages) {
        const auto found = reader().list(filter, page);
        if (!found) {
            ADD_FAILURE() << found.error().message;
            return keys;
        }
        EXPECT_LE(found->rows.size(), page.limit);
        for (const SagaRow& row : found->rows) {
            EXPECT_EQ(row.input, nullptr);
            EXPECT_TRUE(matches(filter, row));
            keys.push_back(static_cast<std::int64_t>(row.key));
        }
        if (!found->next) {
            return keys;
        }
        EXPECT_TRUE(!page.before || *found->next < *page.before) << "no progress";
        page.before = found->next;
    }
    ADD_FAILURE() << "the list has no end";
    return keys;
}

std::vector<std::uint64_t> StoreContract::counts() {
    const Counts all = got(reader().counts());
    std::vector<std::uint64_t> counts;
    for (const auto& [status, count] : all.by_status) {
        counts.push_back(count);
    }
    return counts;
}

std::vector<std::string> StoreContract::journal(std::int64_t saga) {
    std::vector<std::string> texts;
    for (const JournalRow& row : got(reader().journal(SagaKey{saga}, 0, 1'000))) {
        texts.push_back(std::to_string(row.seq) + " " + text(row.record));
    }
    return texts;
}

std::vector<Kind> all_kinds() {
    return {{"Memory", [] { return std::unique_ptr<Harness>(new MemoryHarness); }},
            {"Sqlite", [] { return std::unique_ptr<Harness>(new SqliteHarness); }}};
}

INSTANTIATE_TEST_SUITE_P(Stores, StoreContract, every_store(), store_name);

}  // namespace skald::store
