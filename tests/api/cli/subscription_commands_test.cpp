#include <gmock/gmock.h>

#include "tests/api/cli/command_line_fixture.h"
#include "tests/api/cli/tool.h"

namespace skald::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* kMail = R"({"name": "mail", "topic": "orders", "version": 2,
    "created_at": "2026-11-21T22:32:28.000Z", "changed_at": "2026-11-21T22:32:28.000Z",
    "cursor": 12, "lag": 5, "failing": 1, "dead_letters": 2,
    "document": {"topic": "orders", "filter": {"type": "placed"}, "pull": {}}})";

class SubscriptionCommands : public CommandLineTest {
 protected:
    Exit command(std::vector<std::string> arguments) {
        arguments.insert(arguments.begin(), "subscriptions");
        return run(std::move(arguments));
    }
};

TEST_F(SubscriptionCommands, ListAll) {
    answer(200, std::string(R"({"items": [)") + kMail + R"(,
        {"name": "trigger:parcel:orders:placed", "owner": "definition/parcel", "topic": "orders",
         "lag": 0, "failing": 0, "dead_letters": 0, "document": {"start": {"definition": "parcel"}}},
        {"name": "hook", "topic": "skald.sagas", "lag": 1, "failing": 0, "dead_letters": 0,
         "document": {"push": {"url": "https://shop.example/events"}}},
        {"name": "bridge:eu:orders:shop", "topic": "orders", "lag": 0, "failing": 0,
         "dead_letters": 0, "document": {"relay": {"bridge": "eu", "subject": "shop"}}}]})");
    EXPECT_EQ(command({}), Exit::Done) << take_error();
    EXPECT_THAT(targets(), ElementsAre("GET /v1/subscriptions?limit=200"));
    EXPECT_EQ(take_out(),
              "SUBSCRIPTION                  TOPIC        LAG  FAILING  DEAD  DELIVERY\n"
              "mail                          orders       5    1        2     pull\n"
              "trigger:parcel:orders:placed  orders       0    0        0     starts parcel\n"
              "hook                          skald.sagas  1    0        0     push "
              "https://shop.example/events\n"
              "bridge:eu:orders:shop         orders       0    0        0     bridge eu to shop\n");
    answer(200, R"({"items": []})");
    EXPECT_EQ(command({}), Exit::Done);
    EXPECT_EQ(take_out(), "no subscriptions\n");
}

TEST_F(SubscriptionCommands, ShowOne) {
    answer(200, kMail);
    EXPECT_EQ(command({"mail"}), Exit::Done) << take_error();
    EXPECT_THAT(targets(), ElementsAre("GET /v1/subscriptions/mail"));
    EXPECT_EQ(take_out(),
              "mail v2, pull, of topic orders\n"
              "created 2026-11-21 22:32:28.000Z\n"
              "\n"
              "  cursor        12\n"
              "  lag           5\n"
              "  failing       1\n"
              "  dead letters  2\n"
              "  filter        {\"type\":\"placed\"}\n"
              "\n"
              "  the whole document: -o json\n");
    answer(200, kMail);
    EXPECT_EQ(command({"trigger:a:b:c/d", "-o", "json"}), Exit::Done);
    EXPECT_EQ(targets().back(), "GET /v1/subscriptions/trigger%3Aa%3Ab%3Ac%2Fd");
    EXPECT_EQ(api::Document::parse(take_out())["version"], 2);
}

TEST_F(SubscriptionCommands, PutAndDelete) {
    const TextFile file(R"({"topic": "orders", "pull": {}})");
    answer(201, kMail);
    EXPECT_EQ(command({"put", "mail", file.name()}), Exit::Done) << take_error();
    EXPECT_EQ(targets().back(), "PUT /v1/subscriptions/mail");
    EXPECT_EQ(sent(0)["topic"], "orders");
    EXPECT_EQ(take_out(), "mail version 2 is there, behind offset 12 of orders\n");
    input = R"({"topic": "bills", "pull": {}})";
    answer(200, kMail);
    EXPECT_EQ(command({"put", "mail", "-"}), Exit::Done) << take_error();
    EXPECT_EQ(sent(1)["topic"], "bills");
    EXPECT_EQ(take_out(), "mail version 2 was there already, behind offset 12 of orders\n");
    answer(422, R"({"detail": "It has 1 fault."})");
    EXPECT_EQ(command({"put", "mail", file.name()}), Exit::Failed);
    EXPECT_EQ(take_error(), "skald: It has 1 fault.\n");
    answer(204, "");
    EXPECT_EQ(command({"delete", "mail"}), Exit::Done);
    EXPECT_EQ(targets().back(), "DELETE /v1/subscriptions/mail");
    EXPECT_EQ(take_out(), "mail is deleted\n");
    EXPECT_EQ(command({"put", "mail"}), Exit::BadUsage);
}

TEST_F(SubscriptionCommands, FetchAndAcknowledge) {
    const char* const events = R"({"events": [
        {"offset": 3, "lease": "3-a", "attempt": 1, "until": "2026-11-21T22:32:58.000Z",
         "event": {"type": "placed", "subject": "o-1", "time": "2026-11-21T22:32:28.000Z",
                   "data": {"id": 1}}},
        {"offset": 5, "lease": "5-b", "attempt": 1, "until": "2026-11-21T22:32:58.000Z",
         "event": {"type": "paid", "time": "2026-11-21T22:32:28.000Z"}}]})";
    answer(200, events);
    EXPECT_EQ(command({"fetch", "mail", "--limit", "7", "--wait", "20s"}), Exit::Done);
    EXPECT_THAT(targets(), ElementsAre("POST /v1/subscriptions/mail/fetch"));
    EXPECT_EQ(sent(0), (api::Document{{"limit", 7}, {"wait", "20s"}}));
    EXPECT_EQ(take_out(),
              "3  2026-11-21 22:32:28.000Z  placed  o-1  {\"id\":1}\n"
              "5  2026-11-21 22:32:28.000Z  paid\n");
    answer(200, events);
    answer(200, R"({"done": 2, "stale": []})");
    EXPECT_EQ(command({"fetch", "mail", "--ack"}), Exit::Done) << take_error();
    EXPECT_EQ(targets().back(), "POST /v1/subscriptions/mail/ack");
    EXPECT_EQ(sent(1), api::Document::object());
    EXPECT_EQ(sent(2), (api::Document{{"leases", {"3-a", "5-b"}}}));
    EXPECT_THAT(take_out(), HasSubstr("acknowledged 2\n"));
    answer(200, events);
    answer(200, R"({"done": 1, "stale": ["5-b"]})");
    EXPECT_EQ(command({"fetch", "mail", "--ack", "-o", "json"}), Exit::Failed);
    EXPECT_EQ(api::Document::parse(take_out())["events"].size(), 2u);
    EXPECT_THAT(take_error(), HasSubstr("1 of them were over already"));
    answer(200, R"({"events": []})");
    EXPECT_EQ(command({"fetch", "mail", "--ack"}), Exit::Done);
    EXPECT_EQ(take_out(), "no events\n");
    EXPECT_EQ(command({"fetch", "mail", "--limit", "1001"}), Exit::BadUsage);
    EXPECT_EQ(command({"fetch", "mail", "--wait", "soon"}), Exit::BadUsage);
}

TEST_F(SubscriptionCommands, Replay) {
    const std::vector<std::pair<std::string, api::Document>> places = {
        {"start", "start"},
        {"end", "end"},
        {"17", 16},  // It comes, too.
        {"2h", "2026-11-21T21:00:00.000Z"},
        {"2026-11-21T22:30:00Z", "2026-11-21T22:30:00.000Z"}};
    for (const auto& [from, sent_as] : places) {
        answer(200, R"({"behind": 16})");
        EXPECT_EQ(command({"replay", "mail", "--from", from}), Exit::Done) << take_error();
        EXPECT_EQ(targets().back(), "POST /v1/subscriptions/mail/replay");
        EXPECT_EQ(sent(talk.requests.size() - 1), (api::Document{{"from", sent_as}})) << from;
        EXPECT_EQ(take_out(), "mail goes on behind offset 16\n");
    }
    EXPECT_EQ(command({"replay", "mail", "--from", "0"}), Exit::BadUsage);
    EXPECT_EQ(command({"replay", "mail"}), Exit::BadUsage);
}

TEST_F(SubscriptionCommands, ShowDeadLetters) {
    answer(200, R"({"dead_letters": [
        {"offset": 3, "attempts": 16, "at": "2026-11-21T22:32:28.000Z", "error": "HTTP 500",
         "revived": false, "event": {"type": "placed", "subject": "o-1"}}], "next": 3})");
    answer(200, R"({"dead_letters": [
        {"offset": 5, "attempts": 16, "at": "2026-11-21T22:32:28.000Z", "error": "refused",
         "revived": true, "event": {"type": "paid"}}], "next": 5})");
    answer(200, R"({"dead_letters": [], "next": 5})");
    EXPECT_EQ(command({"dead-letters", "mail"}), Exit::Done) << take_error();
    EXPECT_THAT(targets(),
                ElementsAre("GET /v1/subscriptions/mail/dead-letters?limit=200&after=0",
                            "GET /v1/subscriptions/mail/dead-letters?limit=200&after=3",
                            "GET /v1/subscriptions/mail/dead-letters?limit=200&after=5"));
    EXPECT_EQ(take_out(),
              "OFFSET  ATTEMPTS  AT                        TYPE    SUBJECT  ERROR\n"
              "3       16        2026-11-21 22:32:28.000Z  placed  o-1      HTTP 500\n"
              "5       16        2026-11-21 22:32:28.000Z  paid             (delivered again) "
              "refused\n");
    answer(200, R"({"dead_letters": [], "next": 0})");
    EXPECT_EQ(command({"dead-letters", "mail"}), Exit::Done);
    EXPECT_EQ(take_out(), "no dead letters\n");
}

TEST_F(SubscriptionCommands, SettleDeadLetters) {
    answer(200, R"({"done": 2})");
    EXPECT_EQ(command({"dead-letters", "mail", "--replay", "17", "19"}), Exit::Done)
        << take_error();
    EXPECT_EQ(targets().back(), "POST /v1/subscriptions/mail/dead-letters/replay");
    EXPECT_EQ(sent(0), (api::Document{{"offsets", {17, 19}}}));
    EXPECT_EQ(take_out(), "delivered again: 2\n");
    answer(200, R"({"done": 5})");
    EXPECT_EQ(command({"dead-letters", "mail", "--discard", "--all"}), Exit::Done);
    EXPECT_EQ(targets().back(), "POST /v1/subscriptions/mail/dead-letters/discard");
    EXPECT_EQ(sent(1), (api::Document{{"all", true}}));
    EXPECT_EQ(take_out(), "discarded: 5\n");
    for (const std::vector<std::string>& arguments : {std::vector<std::string>{"--replay"},
                                                      {"--all"},
                                                      {"17"},
                                                      {"--replay", "--discard", "--all"},
                                                      {"--discard", "--all", "17"},
                                                      {"--replay", "x"}}) {
        std::vector<std::string> all = {"dead-letters", "mail"};
        all.insert(all.end(), arguments.begin(), arguments.end());
        EXPECT_EQ(command(all), Exit::BadUsage) << testing::PrintToString(arguments);
    }
}

TEST_F(SubscriptionCommands, TellWhatIsWrong) {
    answer(404, R"({"detail": "There is no subscription male."})");
    EXPECT_EQ(command({"male"}), Exit::Failed);
    EXPECT_EQ(take_error(), "skald: There is no subscription male.\n");
    for (const char* body : {"[]", "{}", R"({"name": 1, "document": 7, "lag": "x"})",
                             R"({"items": [1, null], "events": [1, {"event": 2}], "next": "x",
                                 "dead_letters": [1, {"event": []}], "stale": 7})"}) {
        for (const std::vector<std::string>& arguments :
             {std::vector<std::string>{},
              {"mail"},
              {"fetch", "mail"},
              {"replay", "mail", "--from", "end"},
              {"dead-letters", "mail"},
              {"dead-letters", "mail", "--discard", "--all"}}) {
            for (int i = 0; i < 3; ++i) answer(200, body);
            command(arguments);
            talk.answers.clear();
        }
    }
}

}  // namespace
}  // namespace skald::cli
