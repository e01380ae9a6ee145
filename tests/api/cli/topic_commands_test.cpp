#include <gmock/gmock.h>

#include "tests/api/cli/command_line_fixture.h"

namespace skald::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class TopicCommands : public CommandLineTest {};

TEST_F(TopicCommands, ListAllTopics) {
    answer(200, R"({"items": [
        {"name": "orders", "version": 2, "created_at": "2026-11-21T22:32:28.000Z", "first": 3,
         "last": 17, "bytes": 4711},
        {"name": "skald.sagas", "last": 99, "read_only": true}]})");
    EXPECT_EQ(run({"topics"}), Exit::Done) << take_error();
    EXPECT_THAT(targets(), ElementsAre("GET /v1/topics?limit=200"));
    EXPECT_EQ(take_out(),
              "TOPIC        VERSION  FIRST  LAST  BYTES  CREATED\n"
              "orders       2        3      17    4711   2026-11-21 22:32:28.000Z\n"
              "skald.sagas                  99\n");
    answer(200, R"({"items": []})");
    EXPECT_EQ(run({"topics"}), Exit::Done);
    EXPECT_EQ(take_out(), "no topics\n");
}

TEST_F(TopicCommands, ShowOneWithItsContract) {
    answer(200, R"({"name": "orders", "version": 2, "created_at": "2026-11-21T22:32:28.000Z",
        "first": 3, "last": 17, "bytes": 4711, "document": {
            "types": {"placed": {"schema": {"type": "object"}, "compatible": false},
                      "any": {"schema": true}},
            "closed": true, "retention": {"age": "30d", "bytes": 1048576}}})");
    EXPECT_EQ(run({"topics", "orders"}), Exit::Done) << take_error();
    EXPECT_THAT(targets(), ElementsAre("GET /v1/topics/orders"));
    EXPECT_EQ(take_out(),
              "orders v2, events 3 to 17, 4711 bytes\n"
              "created 2026-11-21 22:32:28.000Z\n"
              "\n"
              "  retention  30d 1048576 bytes\n"
              "  closed: no other types\n"
              "\n"
              "  TYPE    COMPATIBLE  SCHEMA\n"
              "  placed  no          {\"type\":\"object\"}\n"
              "  any                 true\n");
}

TEST_F(TopicCommands, ShowOneWithoutMuch) {
    answer(200, R"({"name": "orders", "first": 1, "last": 0, "bytes": 0})");
    EXPECT_EQ(run({"topics", "orders"}), Exit::Done);
    EXPECT_EQ(take_out(), "orders, no events\n");
    answer(200, R"({"name": "skald.sagas", "last": 7, "read_only": true})");
    EXPECT_EQ(run({"topics", "skald.sagas"}), Exit::Done);
    EXPECT_EQ(take_out(), "skald.sagas, read-only, up to position 7\n");
    answer(200, R"({"name": "orders", "version": 1})");
    EXPECT_EQ(run({"topics", "orders", "--version", "1", "-o", "json"}), Exit::Done);
    EXPECT_EQ(targets().back(), "GET /v1/topics/orders?version=1");
    EXPECT_EQ(api::Document::parse(take_out())["version"], 1);
}

TEST_F(TopicCommands, TellWhatIsWrong) {
    answer(404, R"({"detail": "There is no topic ordres."})");
    EXPECT_EQ(run({"topics", "ordres"}), Exit::Failed);
    EXPECT_EQ(take_error(), "skald: There is no topic ordres.\n");
    EXPECT_EQ(run({"topics", "--version", "2"}), Exit::BadUsage);
    EXPECT_THAT(take_error(), HasSubstr("say of which topic"));
    for (const char* body : {"[]", "{}", R"({"name": 1, "first": "x", "document": 7})",
                             R"({"items": [1, null], "document": {"types": {"a": 1}}})"}) {
        answer(200, body);
        run({"topics", "orders"});
        answer(200, body);
        run({"topics"});
    }
}

}  // namespace
}  // namespace skald::cli
