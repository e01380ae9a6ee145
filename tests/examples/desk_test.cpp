#include "examples/events/desk.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <gmock/gmock.h>

#include <string>

namespace events {
namespace {

using nlohmann::json;

SQLite::Database memory() { return {":memory:", SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE}; }

/// A command as the step `charge` of a saga publishes it.
json command(const std::string& type, const std::string& phase, int attempt, json data) {
    const std::string key = "s/charge/" + phase;
    data["order_id"] = "o-1";
    return {{"specversion", "1.0"},    {"id", key + "/" + std::to_string(attempt)},
            {"source", "/v1/sagas/s"}, {"type", type},
            {"sagaid", "s"},           {"sagastep", "charge"},
            {"sagaphase", phase},      {"sagakey", key},
            {"data", std::move(data)}};
}
json charge(int attempt, int amount = 5) {
    return command("bank.charge", "action", attempt, {{"amount", amount}});
}
json refund(int attempt) {
    return command("bank.refund", "compensation", attempt, {{"of", "s/charge/action"}});
}

/// A bank that charges less than 100.
struct Bank {
    explicit Bank(Knows knows) : desk(database, "/bank", knows) {
        desk.on_action({"bank.charge", "bank.charged", "bank.declined"},
                       [](order::Ledger& ledger, const std::string& key, const json& data) {
                           const auto amount = data.at("amount").get<std::int64_t>();
                           if (amount >= 100) return refused("too much");
                           ledger.write({key, "charged", amount, data.at("order_id")});
                           return done({{"charge_id", "c-1"}});
                       });
        desk.on_compensation({"bank.refund", "bank.refunded", "bank.charge", "refunded"});
    }

    json summary() const { return desk.books().summary(""); }

    SQLite::Database database = memory();
    Desk desk;
};

json effects(const json& kinds, int balance) { return {{"effects", kinds}, {"balance", balance}}; }

TEST(Desk, DoesACommandOnceAndGivesItsReplyAgain) {
    Bank bank(Knows::Sagas);
    const auto reply = bank.desk.answer(charge(1));
    EXPECT_EQ(reply, json({{"specversion", "1.0"},
                           {"id", "s/charge/action/1"},
                           {"source", "/bank"},
                           {"type", "bank.charged"},
                           {"subject", "o-1"},
                           {"sagaid", "s"},
                           {"sagastep", "charge"},
                           {"sagaphase", "action"},
                           {"data", {{"order_id", "o-1"}, {"charge_id", "c-1"}}}}));
    EXPECT_EQ(bank.desk.answer(charge(1)), reply);
    EXPECT_EQ(bank.summary(), effects({{"charged", 1}}, 5));
}

// A reply of its own, for that of the first try may have come when nobody waited.
TEST(Desk, AnswersAnotherTryUnderAnotherIdWithTheSame) {
    Bank bank(Knows::Sagas);
    json first = *bank.desk.answer(charge(1));
    const json second = *bank.desk.answer(charge(2));
    EXPECT_EQ(second["id"], "s/charge/action/2");
    first["id"] = second["id"];
    EXPECT_EQ(second, first);
    EXPECT_EQ(bank.summary(), effects({{"charged", 1}}, 5));
}

TEST(Desk, RefusesWithAReasonAndDoesNothing) {
    Bank bank(Knows::Sagas);
    const json reply = *bank.desk.answer(charge(1, 100));
    EXPECT_EQ(reply["type"], "bank.declined");
    EXPECT_EQ(reply["data"], json({{"order_id", "o-1"}, {"reason", "too much"}}));
    EXPECT_EQ(bank.summary(), effects(json::object(), 0));
}

TEST(Desk, RefusesACommandThatLacksWhatTheWorkNeeds) {
    Bank bank(Knows::Sagas);
    const json reply = *bank.desk.answer(command("bank.charge", "action", 1, json::object()));
    EXPECT_EQ(reply["type"], "bank.declined");
    EXPECT_THAT(reply["data"]["reason"].get<std::string>(), testing::HasSubstr("amount"));
}

TEST(Desk, UndoesOnceByItsOwnBooks) {
    Bank bank(Knows::Sagas);
    bank.desk.answer(charge(1));
    const json reply = *bank.desk.answer(refund(1));
    EXPECT_EQ(reply["type"], "bank.refunded");
    EXPECT_EQ(reply["sagaphase"], "compensation");
    EXPECT_EQ(reply["data"], json({{"order_id", "o-1"}, {"undone", true}}));
    EXPECT_EQ(bank.desk.answer(refund(2))->at("data"), reply["data"]);
    EXPECT_EQ(bank.summary(), effects({{"charged", 1}, {"refunded", 1}}, 0));
}

TEST(Desk, RefusesACommandThatWasUndoneBeforeItCame) {
    Bank bank(Knows::Sagas);
    EXPECT_EQ(bank.desk.answer(refund(1))->at("data")["undone"], false);
    EXPECT_EQ(bank.desk.answer(charge(1))->at("type"), "bank.declined");
    EXPECT_EQ(bank.summary(), effects(json::object(), 0));
}

TEST(Desk, ThatKnowsOrdersTellsThemByTheirIdAndSaysNothingOfSagas) {
    Bank bank(Knows::Orders);
    const auto plain = [](json event) {
        for (const char* attribute : {"sagaid", "sagastep", "sagaphase", "sagakey"}) {
            event.erase(attribute);
        }
        event["data"].erase("of");
        return event;
    };
    const json reply = *bank.desk.answer(plain(charge(1)));
    EXPECT_FALSE(reply.contains("sagaid"));
    EXPECT_EQ(reply["data"], json({{"order_id", "o-1"}, {"charge_id", "c-1"}}));
    bank.desk.answer(plain(charge(2)));
    bank.desk.answer(plain(refund(1)));
    bank.desk.answer(plain(refund(2)));
    EXPECT_EQ(bank.summary(), effects({{"charged", 1}, {"refunded", 1}}, 0));
}

TEST(Desk, PassesOverATypeThatItDoesNotKnow) {
    Bank bank(Knows::Sagas);
    EXPECT_EQ(bank.desk.answer({{"id", "1"}, {"type", "bank.opened"}}), std::nullopt);
}

TEST(Desk, ThrowsWhereNobodyCouldTellWhatACommandIsFor) {
    Bank bank(Knows::Sagas);
    json no_key = charge(1);
    no_key.erase("sagakey");
    EXPECT_THROW(bank.desk.answer(no_key), json::exception);
    EXPECT_EQ(bank.summary(), effects(json::object(), 0));
}

}  // namespace
}  // namespace events
