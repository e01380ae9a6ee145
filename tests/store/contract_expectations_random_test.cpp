#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "store/event_rules.h"
#include "tests/store/sample_events.h"
#include "tests/store/store_contract.h"

/// Steps that wait, and events, in any order: held against a log that does it in the plainest way.
namespace skald::store {
namespace {

using namespace sample;

class RandomExpectations : public StoreContract {};
INSTANTIATE_TEST_SUITE_P(Stores, RandomExpectations, every_store(), store_name);

/// Who waits for what, and what is there.
class PlainLog {
 public:
    explicit PlainLog(std::string topic) : topic_(std::move(topic)) {}

    void expect(std::int64_t saga, const std::set<std::string>& keys,
                std::vector<std::string>& hits) {
        std::set<std::size_t> found;
        for (const std::string& key : keys) {
            if (!waiting_[saga].insert(key).second) continue;
            std::uint32_t count = 0;
            for (std::size_t i = 0; i < events_.size() && count < kEarlierEventsMax; ++i) {
                if (events_[i].contains(key)) {
                    found.insert(i);
                    ++count;
                }
            }
        }
        for (const std::size_t index : found) hit(saga, index, hits);
    }
    void publish(const std::set<std::string>& keys, std::vector<std::string>& hits) {
        events_.push_back(keys);
        for (const auto& [saga, wanted] : waiting_) {
            const auto has = [&](const std::string& key) { return keys.contains(key); };
            if (std::any_of(wanted.begin(), wanted.end(), has)) {
                hit(saga, events_.size() - 1, hits);
            }
        }
    }
    void end(std::int64_t saga) { waiting_.erase(saga); }
    std::set<std::string> awaited_by(std::int64_t saga) const {
        const auto found = waiting_.find(saga);
        return found == waiting_.end() ? std::set<std::string>() : found->second;
    }
    void tell_all() { untold_.clear(); }

    std::vector<std::string> untold() const {
        std::vector<std::string> all;
        for (const auto& [index, saga] : untold_) all.push_back(text_of(saga, index));
        return all;
    }

 private:
    void hit(std::int64_t saga, std::size_t index, std::vector<std::string>& hits) {
        if (untold_.emplace(index, saga).second) hits.push_back(text_of(saga, index));
    }
    std::string text_of(std::int64_t saga, std::size_t index) const {
        const std::string offset = std::to_string(index + 1);
        return "saga " + std::to_string(saga) + ", step 0: " + topic_ + " " + offset + " (" +
               offset + ")";
    }

    const std::string topic_;
    std::vector<std::set<std::string>> events_;
    std::map<std::int64_t, std::set<std::string>> waiting_;
    std::set<std::pair<std::size_t, std::int64_t>> untold_;
};

TEST_P(RandomExpectations, FindWhatBelongsTogether) {
    std::mt19937 random(20261122);
    const auto pick = [&](int below) {
        return static_cast<int>(random() % static_cast<std::uint32_t>(below));
    };
    const auto any_keys = [&] {
        std::set<std::string> keys;
        for (int i = pick(3); i >= 0; --i) keys.insert(std::to_string(pick(40)));
        return keys;
    };
    const auto list = [](const std::set<std::string>& keys) {
        return std::vector<std::string>(keys.begin(), keys.end());
    };
    const DefinitionKey key = order();
    PlainLog plain("stock");
    std::set<std::int64_t> live;
    std::int64_t last = 0;
    int published = 0;
    for (int round = 0; round < 200; ++round) {
        Batch batch;
        std::vector<std::string> expected;
        batch.starts = {start(++last, key)};
        live.insert(last);
        for (int i = pick(3); i > 0; --i) {
            const auto keys = any_keys();
            batch.events.push_back(event("stock", std::to_string(++published), list(keys)));
            plain.publish(keys, expected);
        }
        std::vector<std::int64_t> ended;
        for (const std::int64_t saga : live) {
            if (pick(3) == 0) {
                const auto keys = any_keys();
                batch.expectations.push_back(expectation(saga, list(keys)));
                plain.expect(saga, keys, expected);
            }
            if (saga != last && pick(9) == 0) {
                batch.rows.push_back(abandoned_row(saga, 2));
                batch.summaries.push_back(summary(saga, sagas::Status::Abandoned, at(9)));
                ended.push_back(saga);
            }
        }
        for (const std::int64_t saga : ended) {
            plain.end(saga);
            live.erase(saga);
        }
        ASSERT_EQ(texts(write(batch).event_hits), expected) << "round " << round;
        ASSERT_EQ(texts(got(recovery().event_hits())), plain.untold()) << "round " << round;
        if (pick(4) == 0 && !plain.untold().empty()) {
            Batch told_all;
            for (const EventHit& hit : got(recovery().event_hits())) {
                told_all.told_hits.push_back(told(hit));
            }
            write(told_all);
            plain.tell_all();
        }
        if (pick(10) != 0) continue;
        Batch parks, taken_up;
        for (const std::int64_t saga : live) {
            if (pick(2) == 0) {
                parks.parks.push_back({SagaKey{saga}, std::nullopt});
            } else {
                NewExpectation again = expectation(saga, list(plain.awaited_by(saga)));
                again.is_new = false;
                taken_up.expectations.push_back(again);
            }
        }
        write(parks);
        reopen();
        ASSERT_TRUE(write(taken_up).event_hits.empty());
    }
    EXPECT_GT(published, 150);
}

}  // namespace
}  // namespace skald::store
