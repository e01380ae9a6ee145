#include <gmock/gmock.h>

#include "tests/api/cli/command_line_fixture.h"

namespace skald::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class BridgeCommands : public CommandLineTest {};

constexpr const char* kShop = R"({
    "name": "shop", "version": 2, "created_at": "2026-11-21T22:32:28.000Z",
    "changed_at": "2026-11-21T22:32:28.000Z", "connected": true, "server": "nats://a:4222",
    "out": [{"topic": "orders", "subject": "shop.orders", "subscription": "s", "lag": 7}],
    "in": [{"stream": "PARCELS", "subject": "parcels.>", "topic": "parcels", "consumer": "c",
            "received": 12, "repeated": 1, "refused": 1, "pending": 0,
            "refusals": [{"sequence": 8, "subject": "parcels.odd", "why": "it is none",
                          "at": "2026-11-21T22:40:00.000Z"}]},
           {"stream": "BILLS", "subject": "bills", "topic": "bills", "consumer": "c",
            "received": 0, "repeated": 0, "refused": 0, "pending": 0,
            "error": "there is no stream BILLS", "refusals": []}],
    "document": {"nats": {"url": "nats://a"}}})";

TEST_F(BridgeCommands, ListAllBridges) {
    answer(200, R"({"items": [)" + std::string(kShop) + R"(,
        {"name": "plant", "version": 1, "connected": false, "out": [], "in": [],
         "last_error": "nobody answers", "document": {"nats": {"url": "nats://plant"}}}]})");
    EXPECT_EQ(run({"bridges"}), Exit::Done) << take_error();
    EXPECT_THAT(targets(), ElementsAre("GET /v1/bridges?limit=200"));
    EXPECT_EQ(take_out(),
              "BRIDGE  CONNECTED  OUT  IN  BROKER         TROUBLE\n"
              "shop    yes        1    2   nats://a:4222  there is no stream BILLS\n"
              "plant   no         0    0   nats://plant   nobody answers\n");
    answer(200, R"({"items": []})");
    EXPECT_EQ(run({"bridges"}), Exit::Done);
    EXPECT_EQ(take_out(), "no bridges\n");
}

TEST_F(BridgeCommands, ShowOneWithWhatItRefused) {
    answer(200, kShop);
    EXPECT_EQ(run({"bridges", "shop"}), Exit::Done) << take_error();
    EXPECT_THAT(targets(), ElementsAre("GET /v1/bridges/shop"));
    EXPECT_EQ(take_out(),
              "shop v2, connected to nats://a:4222\n"
              "created 2026-11-21 22:32:28.000Z\n"
              "\n"
              "  TOPIC   TO SUBJECT   LAG\n"
              "  orders  shop.orders  7\n"
              "\n"
              "  STREAM   SUBJECT    TO TOPIC  RECEIVED  REPEATED  REFUSED  PENDING\n"
              "  PARCELS  parcels.>  parcels   12        1         1        0\n"
              "  BILLS    bills      bills     0         0         0        0\n"
              "\n"
              "nothing comes from BILLS: there is no stream BILLS\n"
              "\n"
              "  REFUSED    AT                        SUBJECT      WHY\n"
              "  PARCELS/8  2026-11-21 22:40:00.000Z  parcels.odd  it is none\n");
}

TEST_F(BridgeCommands, ShowOneThatIsNotConnected) {
    answer(200, R"({"name": "plant", "version": 1, "created_at": "2026-11-21T22:32:28.000Z",
        "connected": false, "last_error": "nobody answers", "out": [], "in": [],
        "document": {"nats": {"url": ["nats://a", "nats://b"]}}})");
    EXPECT_EQ(run({"bridges", "plant"}), Exit::Done);
    EXPECT_EQ(take_out(),
              "plant v1, not connected to [\"nats://a\",\"nats://b\"]\n"
              "created 2026-11-21 22:32:28.000Z\n"
              "nobody answers\n");
    answer(200, kShop);
    EXPECT_EQ(run({"bridges", "shop", "-o", "json"}), Exit::Done);
    EXPECT_EQ(api::Document::parse(take_out())["version"], 2);
}

TEST_F(BridgeCommands, MakeAndDeleteThem) {
    input = R"({"nats": {"url": "nats://a"}})";
    answer(201, R"({"name": "shop", "version": 1})");
    EXPECT_EQ(run({"bridges", "put", "shop", "-"}), Exit::Done) << take_error();
    EXPECT_EQ(targets().back(), "PUT /v1/bridges/shop");
    EXPECT_EQ(sent(0)["nats"]["url"], "nats://a");
    EXPECT_EQ(take_out(), "shop version 1 is there; whether it is connected: skald bridges shop\n");
    answer(204, "");
    EXPECT_EQ(run({"bridges", "delete", "shop"}), Exit::Done) << take_error();
    EXPECT_EQ(targets().back(), "DELETE /v1/bridges/shop");
    EXPECT_EQ(take_out(), "shop is deleted\n");
}

TEST_F(BridgeCommands, TellWhatIsWrong) {
    answer(404, R"({"detail": "There is no bridge shpo."})");
    EXPECT_EQ(run({"bridges", "shpo"}), Exit::Failed);
    EXPECT_EQ(take_error(), "skald: There is no bridge shpo.\n");
    answer(404, R"({"detail": "There is no bridge shpo."})");
    EXPECT_EQ(run({"bridges", "delete", "shpo"}), Exit::Failed);
    take_error();
    EXPECT_EQ(run({"bridges", "put", "shop", "/nonexistent.json"}), Exit::Failed);
    EXPECT_THAT(take_error(), HasSubstr("/nonexistent.json"));
    for (const char* body : {"[]", "{}", R"({"name": 1, "out": [1], "in": [null, {}]})",
                             R"({"items": [1, null], "in": [{"refusals": [7]}]})"}) {
        answer(200, body);
        run({"bridges", "shop"});
        answer(200, body);
        run({"bridges"});
    }
}

}  // namespace
}  // namespace skald::cli
