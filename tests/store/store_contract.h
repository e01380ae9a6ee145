#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "store/store.h"
#include "tests/store/sample_sagas.h"

/// What every store must do: each test of StoreContract runs against each of them.
namespace skald::store {

/// One kind of store, as a test opens it.
class Harness {
 public:
    virtual ~Harness() = default;
    /// A new, empty store.
    virtual void open(const Retention& retention, const EventRules& events) = 0;
    /// Closes and opens what can be, so that what is read afterwards was durable.
    virtual void reopen() = 0;
    virtual Store& store() = 0;
};

struct Kind {
    const char* name;
    std::unique_ptr<Harness> (*make)();
};

std::vector<Kind> all_kinds();
/// For INSTANTIATE_TEST_SUITE_P of StoreContract and what is derived from it.
inline auto every_store() { return testing::ValuesIn(all_kinds()); }
inline std::string store_name(const testing::TestParamInfo<Kind>& kind) { return kind.param.name; }

/// By value: a Result's own value ends with it, in a loop over it too.
template <typename T>
T got(Result<T> result) {
    return std::move(result.value());
}

/// "started", "id used", "key of ID #KEY", "id of ID #KEY, other body".
std::string describe(const StartOutcome& outcome);
/// Of all its starts.
std::vector<std::string> describe(const Committed& committed);
/// "new 2", "equal 2", "back 2", "deleted 2", "mismatch, latest 2", "not found".
std::string describe(const DefinitionOutcome& outcome);

class StoreContract : public testing::TestWithParam<Kind> {
 protected:
    void SetUp() override { open({}); }

    void open(const Retention& retention, const EventRules& events = {});
    void reopen() { harness_->reopen(); }
    Store& store() { return harness_->store(); }
    Writer& writer() { return store().writer(); }
    const Reader& reader() { return store().reader(); }
    const Recovery& recovery() { return store().recovery(); }

    /// Registers "order".
    DefinitionKey order() { return sample::put(store(), sample::definition("order")); }

    Committed write(const Batch& batch);
    Committed write_start(NewSaga start);
    DefinitionOutcome write_definition(std::variant<PutDefinition, DeleteDefinition> change);
    /// Until there is nothing more to do.
    void maintain(Timestamp now);

    /// The keys of the whole list, page by page.
    std::vector<std::int64_t> list(const SagaFilter& filter, const SagaRange& range = {});
    /// In the order of Status.
    std::vector<std::uint64_t> counts();
    /// "SEQ TEXT" of each row.
    std::vector<std::string> journal(std::int64_t saga);

 private:
    std::unique_ptr<Harness> harness_;
};

}  // namespace skald::store
