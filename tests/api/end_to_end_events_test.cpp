#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <set>

#include "tests/api/event_client.h"
#include "tests/api/running_skald.h"

namespace skald::end_to_end {
namespace {

using api::Event;
using api::EventClient;
using testing::ElementsAre;

constexpr std::chrono::seconds kStreamStopMax{10};
constexpr std::size_t kStreamsMax = 64;

/// "SAGA SEQ", or the type of an event that is no row of a journal.
std::string row_of(const Event& event) {
    const Json data = Json::parse(event.data);
    if (!data.contains("seq")) return event.type;
    return data["saga"].get<std::string>() + " " + data["seq"].dump();
}

class EndToEndEvents : public testing::Test {
 protected:
    void put(const Json& document) {
        const auto put = skald->send(
            "PUT", "/v1/definitions/" + document["name"].get<std::string>(), document.dump());
        ASSERT_EQ(put.status, 201) << put.text;
    }
    void start(const std::string& definition, const std::string& id,
               const Json& labels = Json::object()) {
        const Json body = {
            {"definition", definition}, {"id", id}, {"input", 1}, {"labels", labels}};
        const auto started = skald->send("POST", "/v1/sagas", body.dump());
        ASSERT_EQ(started.status, 201) << started.text;
    }
    std::string await_end(const std::string& id) {
        return skald->get("/v1/sagas/" + id + "?wait=30s").body.value("status", "");
    }
    /// "SAGA SEQ" of all rows of these sagas' journals.
    std::multiset<std::string> journal_of(const std::vector<std::string>& ids) {
        std::multiset<std::string> rows;
        for (const std::string& id : ids) {
            const Json page = skald->get("/v1/sagas/" + id + "/history?limit=1000").body;
            for (const Json& item : page["items"]) rows.insert(id + " " + item["seq"].dump());
        }
        return rows;
    }
    EventClient open(const std::string& target, const std::string& last_event_id = "") {
        return EventClient(skald->port(), target, last_event_id);
    }
    /// So many events, each behind the one before; fewer when the stream ends.
    static std::vector<Event> read(EventClient& client, std::size_t count) {
        std::vector<Event> events;
        while (events.size() < count) {
            auto event = client.next();
            if (!event) break;
            if (!events.empty()) {
                EXPECT_GT(std::stoll(event->id), std::stoll(events.back().id));
            }
            events.push_back(std::move(*event));
        }
        return events;
    }

    Folder folder;
    const std::filesystem::path database = folder / "skald.db";
    Participants participants;
    std::optional<RunningSkald> skald{database};
};

TEST_F(EndToEndEvents, TellEveryRowOnceAndInOrder) {
    put(definition("order", {"reserve", "charge"}, participants.port()));
    put(definition("parcel", {"send"}, participants.port()));
    participants.answer("POST /charge", 402, {{"reason", "declined"}});
    EventClient all = open("/v1/events");
    ASSERT_EQ(all.status(), 200);
    EventClient parcels = open("/v1/events?definition=parcel&step=send&label=tenant:acme");
    const std::vector<std::string> ids = {"a", "b", "c", "d"};
    for (const char* id : {"a", "b"}) start("order", id);
    start("parcel", "c", {{"tenant", "acme"}});
    start("parcel", "d");
    for (const std::string& id : ids) await_end(id);

    const auto journal = journal_of(ids);
    std::multiset<std::string> seen;
    std::map<std::string, int> last_seq;
    for (const Event& event : read(all, journal.size())) {
        seen.insert(row_of(event));
        const Json data = Json::parse(event.data);
        EXPECT_EQ(data["seq"], ++last_seq[data["saga"]]);
        EXPECT_EQ(data["type"], event.type);
        EXPECT_FALSE(data.contains("output"));
    }
    EXPECT_EQ(seen, journal);
    const auto sent = read(parcels, 1);
    ASSERT_EQ(sent.size(), 1);
    EXPECT_EQ(row_of(sent[0]), "c 2");

    EventClient one = open("/v1/sagas/a/events");
    std::vector<std::string> rows;
    while (const auto event = one.next()) rows.push_back(row_of(*event));
    EXPECT_THAT(rows, ElementsAre("a 1", "a 2", "a 3", "a 4", "end"));
    EXPECT_TRUE(one.has_ended_well());
}

TEST_F(EndToEndEvents, LoseAndRepeatNothingOverAKill) {
    participants.be_silent("POST /charge");
    put(definition("order", {"reserve", "charge", "ship"}, participants.port()));
    EventClient before = open("/v1/events");
    const std::vector<std::string> ids = {"a", "b", "c"};
    for (const std::string& id : ids) start("order", id);
    ASSERT_TRUE(participants.await_calls("POST /charge", 3));
    const auto taken = read(before, 4);  // Of 6 that are durable.
    ASSERT_EQ(taken.size(), 4);
    skald->process().kill();
    while (before.next()) {
    }
    EXPECT_FALSE(before.has_ended_well());

    participants.answer("POST /charge", 200, Json::object());
    skald.reset();
    skald.emplace(database);
    for (const std::string& id : ids) EXPECT_EQ(await_end(id), "completed");
    const auto journal = journal_of(ids);
    EventClient after = open("/v1/events", taken.back().id);
    std::multiset<std::string> seen;
    for (const Event& event : taken) seen.insert(row_of(event));
    for (const Event& event : read(after, journal.size() - taken.size())) {
        EXPECT_GT(std::stoll(event.id), std::stoll(taken.back().id));
        seen.insert(row_of(event));
    }
    EXPECT_EQ(seen, journal);

    EventClient rest = open("/v1/sagas/b/events?after=" + taken.back().id);
    std::vector<std::string> rows;
    while (const auto event = rest.next()) rows.push_back(row_of(*event));
    EXPECT_EQ(rows.back(), "end");
    EXPECT_TRUE(rest.has_ended_well());
}

// It is stopped by its own socket, or dropped after a while; both ways it finds everything later.
TEST_F(EndToEndEvents, ASlowReaderHoldsUpNobody) {
    put(definition("order", {"reserve"}, participants.port()));
    EventClient slow(skald->port(), "/v1/events", "", 4'096);
    EventClient fast = open("/v1/events");
    ASSERT_EQ(slow.status(), 200);
    ASSERT_EQ(fast.status(), 200);
    constexpr std::size_t kSagas = 300;
    const std::string long_id(120, 'x');  // So that more is sent than the system keeps for it.
    for (std::size_t i = 0; i < kSagas; ++i) start("order", long_id + std::to_string(i));
    const auto all = read(fast, 2 * kSagas);
    ASSERT_EQ(all.size(), 2 * kSagas);

    std::vector<Event> late = read(slow, all.size());
    if (late.size() < all.size()) {
        EventClient again = open("/v1/events", late.empty() ? "0" : late.back().id);
        for (Event& event : read(again, all.size() - late.size())) {
            late.push_back(std::move(event));
        }
    }
    ASSERT_EQ(late.size(), all.size());
    for (std::size_t i = 0; i < all.size(); ++i) {
        EXPECT_EQ(late[i].id, all[i].id);
        EXPECT_EQ(row_of(late[i]), row_of(all[i]));
    }
}

TEST_F(EndToEndEvents, AreRefusedBeyondTheLimit) {
    put(definition("order", {"reserve"}, participants.port()));
    std::deque<EventClient> open_ones;
    for (std::size_t i = 0; i < kStreamsMax; ++i) {
        open_ones.emplace_back(skald->port(), "/v1/events");
        ASSERT_EQ(open_ones.back().status(), 200);
    }
    for (int i = 0; i < 100; ++i) {
        const auto refused = skald->get("/v1/events");
        ASSERT_EQ(refused.status, 503) << refused.text;
        EXPECT_EQ(refused.body["type"], "urn:skald:problem:busy");
    }
    start("order", "a");
    EXPECT_EQ(await_end("a"), "completed");
    for (EventClient& client : open_ones) EXPECT_EQ(read(client, 2).size(), 2);
}

TEST_F(EndToEndEvents, EndWhenTheServerStops) {
    EventClient client = open("/v1/events");
    ASSERT_EQ(client.status(), 200);
    EXPECT_EQ(skald->process().stop(kStreamStopMax + std::chrono::seconds(1)), 0);
    EXPECT_FALSE(client.next().has_value());
    EXPECT_TRUE(client.has_ended_well());
}

}  // namespace
}  // namespace skald::end_to_end
