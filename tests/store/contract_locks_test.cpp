#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "tests/store/store_contract.h"

namespace skald::store {
namespace {

using namespace sample;
using namespace std::chrono_literals;
using sagas::Status;
using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::int64_t> numbers(const std::vector<SagaKey>& keys) {
    std::vector<std::int64_t> numbers(keys.size());
    std::transform(keys.begin(), keys.end(), numbers.begin(),
                   [](SagaKey key) { return static_cast<std::int64_t>(key); });
    return numbers;
}

class LockContract : public StoreContract {
 protected:
    std::vector<std::int64_t> heads_of(const Batch& batch) {
        return numbers(write(batch).lock_heads);
    }
    std::vector<std::int64_t> heads_of_rows(std::vector<Append> rows) {
        Batch batch;
        batch.rows = std::move(rows);
        return heads_of(batch);
    }
    std::vector<std::int64_t> waiting_heads() { return numbers(got(recovery().lock_heads())); }
    /// "HEAD BEFORE", or "none".
    std::string place(std::int64_t saga) {
        const auto place = reader().lock_place(SagaKey{saga});
        if (!place) {
            EXPECT_EQ(place.error().code, ErrorCode::NotFound);
            return "none";
        }
        return place->head + " " + std::to_string(place->before);
    }
};
INSTANTIATE_TEST_SUITE_P(Stores, LockContract, every_store(), store_name);

TEST_P(LockContract, TellsWhoComesToTheHead) {
    const DefinitionKey key = order();
    Batch batch;
    batch.starts = {with_lock(start(1, key), "a"), with_lock(start(2, key), "a"),
                    with_lock(start(3, key), "b"), start(4, key)};
    EXPECT_THAT(heads_of(batch), ElementsAre(1, 3));
    reopen();
    EXPECT_THAT(waiting_heads(), ElementsAre(1, 3));
    EXPECT_THAT(numbers(write_start(with_lock(start(5, key), "a")).lock_heads), IsEmpty());
    EXPECT_THAT(heads_of_rows({granted_row(1, 2)}), IsEmpty());
    EXPECT_THAT(heads_of_rows({step_row(4, 2)}), IsEmpty());
    reopen();
    EXPECT_THAT(waiting_heads(), ElementsAre(3));
    // One that ends behind the head makes no other the head.
    EXPECT_THAT(heads_of_rows({abandoned_row(2, 2)}), IsEmpty());
    EXPECT_THAT(heads_of_rows({abandoned_row(1, 3)}), ElementsAre(5));
    reopen();
    EXPECT_THAT(waiting_heads(), ElementsAre(3, 5));
    EXPECT_THAT(heads_of_rows({abandoned_row(5, 2)}), IsEmpty());
    EXPECT_THAT(numbers(write_start(with_lock(start(6, key), "a")).lock_heads), ElementsAre(6));
}

TEST_P(LockContract, LetsTheNextOneGoWhateverTheEnd) {
    const DefinitionKey key = order();
    Batch batch;
    for (std::int64_t i = 1; i <= 4; ++i) {
        batch.starts.push_back(with_lock(start(i, key), "a"));
    }
    EXPECT_THAT(heads_of(batch), ElementsAre(1));
    std::int64_t head = 1;
    for (const Status status : {Status::Completed, Status::Compensated, Status::Abandoned}) {
        Append last = abandoned_row(head, 3);
        last.record.decision.end->status = status;
        EXPECT_THAT(heads_of_rows({granted_row(head, 2), last}), ElementsAre(head + 1));
        reopen();
        ++head;
    }
    EXPECT_EQ(place(3), "none");
    EXPECT_EQ(place(4), "saga-4 0");
}

TEST_P(LockContract, NamesTheLastHeadOfABatch) {
    const DefinitionKey key = order();
    Batch batch;
    add_finished(batch, with_lock(start(1, key), "a"));
    batch.starts.push_back(with_lock(start(2, key), "a"));
    add_finished(batch, with_lock(start(3, key), "b"));
    EXPECT_THAT(heads_of(batch), ElementsAre(2));
    batch = {};
    batch.starts = {with_lock(start(4, key), "a"), with_lock(start(5, key), "a")};
    batch.rows = {abandoned_row(2, 2), abandoned_row(4, 2)};
    EXPECT_THAT(heads_of(batch), ElementsAre(5));
    // Over before it began.
    NewSaga over = with_lock(start(6, key), "c");
    over.begun.decision.end = sagas::End{Status::Completed, over.started_at, nullptr, ""};
    EXPECT_THAT(numbers(write_start(over).lock_heads), IsEmpty());
    EXPECT_EQ(place(6), "none");
}

TEST_P(LockContract, KeepsTheQueuesOfNamesAndValuesApart) {
    const DefinitionKey first = order();
    const DefinitionKey second = put(store(), definition("order", R"({"steps":[2]})"));
    const DefinitionKey other = put(store(), definition("orde"));
    const std::string zero("a\0", 2);
    Batch batch;
    batch.starts = {with_lock(start(1, first), "a"),  with_lock(start(2, second), "a"),
                    with_lock(start(3, other), "a"),  with_lock(start(4, other), "ra"),
                    with_lock(start(5, first), zero), with_lock(start(6, first), "A"),
                    with_lock(start(7, first), "")};
    EXPECT_THAT(heads_of(batch), ElementsAre(1, 3, 4, 5, 6, 7));
    reopen();
    EXPECT_EQ(place(2), "saga-1 1");  // Another version of the same name.
    EXPECT_EQ(place(5), "saga-5 0");
}

TEST_P(LockContract, QueuesNothingForAStartThatLost) {
    open(Retention{1h, 1h, 1h});
    const DefinitionKey key = order();
    Batch batch;
    add_finished(batch, with_client_id(start(1, key), "buried"));
    batch.starts.push_back(with_request_key(start(2, key), "k"));
    batch.starts.push_back(with_client_id(start(3, key), "mine"));
    write(batch);
    maintain(at(0) + 2h);
    batch = {};
    batch.starts = {with_lock(with_request_key(start(4, key), "k"), "a"),
                    with_lock(with_client_id(start(5, key), "mine"), "a"),
                    with_lock(with_client_id(start(6, key), "buried"), "a")};
    batch.rows = {granted_row(4, 2)};
    EXPECT_THAT(heads_of(batch), IsEmpty());
    EXPECT_THAT(waiting_heads(), IsEmpty());
    EXPECT_EQ(place(4), "none");
    EXPECT_THAT(numbers(write_start(with_lock(start(7, key), "a")).lock_heads), ElementsAre(7));
}

TEST_P(LockContract, TellsWhereASagaStands) {
    const DefinitionKey key = order();
    EXPECT_EQ(place(1), "none");
    Batch batch;
    for (std::int64_t i = 1; i <= 1'003; ++i) {
        batch.starts.push_back(with_lock(start(i, key), "a"));
    }
    batch.starts.push_back(start(1'004, key));
    write(batch);
    reopen();
    EXPECT_EQ(place(1), "saga-1 0");
    EXPECT_EQ(place(2), "saga-1 1");
    EXPECT_EQ(place(1'000), "saga-1 999");
    EXPECT_EQ(place(1'001), "saga-1 1000");
    EXPECT_EQ(place(1'003), "saga-1 1000");
    EXPECT_EQ(place(1'004), "none");
    EXPECT_THAT(heads_of_rows({abandoned_row(1, 2)}), ElementsAre(2));
    EXPECT_EQ(place(1), "none");
    EXPECT_EQ(place(1'003), "saga-2 1000");
    EXPECT_EQ(place(7), "saga-2 5");
}

TEST_P(LockContract, ForgetsWhatIsDeleted) {
    open(Retention{1h, 1h, 1h});
    const DefinitionKey key = order();
    Batch batch;
    // Its row says that it ended, its journal does not.
    batch.starts.push_back(with_lock(start(1, key), "a"));
    batch.summaries.push_back(summary(1, Status::Completed, at(5)));
    write(batch);
    maintain(at(0) + 2h);
    EXPECT_THAT(waiting_heads(), IsEmpty());
    EXPECT_EQ(place(1), "none");
    EXPECT_THAT(numbers(write_start(with_lock(start(2, key), "a")).lock_heads), ElementsAre(2));
}

/// What the queues must be, told in the plainest way.
class Queues {
 public:
    using Lock = std::pair<std::int64_t, std::string>;  ///< Definition, value.
    struct Place {
        std::int64_t saga;
        bool is_granted = false;
    };

    std::map<Lock, std::int64_t> heads() const {
        std::map<Lock, std::int64_t> heads;
        for (const auto& [lock, places] : queues_) {
            if (!places.empty()) heads[lock] = places.front().saga;
        }
        return heads;
    }
    std::vector<Place>& operator[](const Lock& lock) { return queues_[lock]; }

    std::vector<std::int64_t> waiting_heads() const {
        std::vector<std::int64_t> found;
        for (const auto& [lock, places] : queues_) {
            if (!places.empty() && !places.front().is_granted) found.push_back(places[0].saga);
        }
        std::sort(found.begin(), found.end());
        return found;
    }

 private:
    std::map<Lock, std::vector<Place>> queues_;
};

TEST_P(LockContract, QueuesAsTheSagasCame) {
    const std::vector<DefinitionKey> definitions = {order(), put(store(), definition("other"))};
    std::mt19937 random(20261122);
    const auto pick = [&](std::size_t below) {
        return static_cast<std::size_t>(random() % static_cast<std::uint32_t>(below));
    };
    const auto any_lock = [&] {
        return Queues::Lock{pick(2), std::string(1, static_cast<char>('a' + pick(3)))};
    };
    Queues queues;
    std::map<std::int64_t, std::uint32_t> next_seq;
    std::int64_t last = 0;
    for (int round = 0; round < 120; ++round) {
        const auto before = queues.heads();
        Batch batch;
        for (std::size_t i = pick(4); i > 0; --i) {
            const auto lock = any_lock();
            const DefinitionKey key = definitions[static_cast<std::size_t>(lock.first)];
            batch.starts.push_back(with_lock(start(++last, key), lock.second));
            queues[lock].push_back({last});
            next_seq[last] = 2;
        }
        for (std::size_t i = pick(6); i > 0; --i) {
            auto& places = queues[any_lock()];
            if (places.empty()) continue;
            const std::size_t at = pick(2) == 0 ? 0 : pick(places.size());
            const std::int64_t saga = places[at].saga;
            if (at == 0 && !places[at].is_granted && pick(2) == 0) {
                batch.rows.push_back(granted_row(saga, next_seq[saga]++));
                places[at].is_granted = true;
            } else {
                batch.rows.push_back(abandoned_row(saga, next_seq[saga]++));
                places.erase(places.begin() + static_cast<std::ptrdiff_t>(at));
            }
        }
        std::vector<std::int64_t> expected;
        for (const auto& [lock, head] : queues.heads()) {
            const auto was = before.find(lock);
            if (was == before.end() || was->second != head) expected.push_back(head);
        }
        std::sort(expected.begin(), expected.end());
        ASSERT_EQ(heads_of(batch), expected) << "round " << round;
        if (pick(10) == 0) reopen();
        ASSERT_EQ(waiting_heads(), queues.waiting_heads()) << "round " << round;
    }
    EXPECT_GT(last, 100);
}

}  // namespace
}  // namespace skald::store
