#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/coordinator.h"
#include "store/store.h"
#include "tests/engine/rig.h"

namespace skald::engine {

/// A CloudEvent of type "placed"; without `subject`, of none.
sagas::Json placed(const std::string& id, const std::string& subject = "");

/// The topic "orders" and who subscribes to it.
class SubscriptionsTest : public ::testing::Test {
 protected:
    /// By then what nobody waits for is written.
    static constexpr sagas::Milliseconds kWritten{20};

    SubscriptionsTest();

    /// The process is killed and started again; what was only in memory is gone.
    void crash();

    void publish(std::vector<sagas::Json> events);
    /// Those of no subject.
    void place(const std::vector<std::string>& ids);

    /// {"topic": "orders", "pull": {}}, or the like, with `more` in it.
    static sagas::Json pull(const sagas::Json& more = sagas::Json::object());
    static sagas::Json push(const sagas::Json& more = sagas::Json::object());
    void subscribe(const std::string& name, const sagas::Json& document, std::int64_t begin = 0);

    /// What there is now.
    std::vector<Fetch::Delivery> fetch(const std::string& name, std::size_t limit = 100);
    std::vector<std::string> fetched(const std::string& name, std::size_t limit = 100) {
        return ids(fetch(name, limit));
    }
    /// Answers all of them, and returns how many of the leases were stale.
    std::size_t answer(const std::string& name, const std::vector<Fetch::Delivery>& deliveries,
                       AnswerLeases::As as = AnswerLeases::As::Acknowledged,
                       sagas::Milliseconds by = {});
    void rewind(const std::string& name, std::int64_t behind);
    std::size_t settle_letters(const std::string& name, SettleDeadLetters::How how);

    static std::vector<std::string> ids(const std::vector<Fetch::Delivery>& deliveries);
    static std::string id_of(const std::string& event);
    /// The events of the open calls, in order.
    std::vector<std::string> pushed() const;
    /// Answers the oldest open call, and settles.
    void answer_push(int status);

    std::int64_t cursor(const std::string& name) const;
    int told(Telemetry::Delivery outcome) const;

    std::unique_ptr<store::Store> store_;
    CoordinatorOptions options_;
    std::unique_ptr<Rig> rig_;

 private:
    sagas::Milliseconds ahead_{0};
};

}  // namespace skald::engine
