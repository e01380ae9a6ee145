#include "examples/barrier/barrier.h"

#include <gmock/gmock.h>
#include <sqlite3.h>

#include <fstream>
#include <iterator>
#include <stdexcept>

namespace barrier {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const std::string kAction = "saga/charge/action";
const std::string kCompensation = "saga/charge/compensation";

/// A participant whose only business is to count its effects.
class Participant {
 public:
    Participant() {
        make_table(database_);
        database_.exec("CREATE TABLE effect (what TEXT NOT NULL)");
    }

    Answer charge(Answer answer = {201, "charged"}) {
        return act(database_, kAction, [&] {
            has_effect("charged");
            return answer;
        });
    }

    Answer refund(Answer answer = {200, "refunded"}) {
        return compensate(database_, kCompensation, kAction, [&] {
            has_effect("refunded");
            return answer;
        });
    }

    void has_effect(const std::string& what) {
        SQLite::Statement insert(database_, "INSERT INTO effect VALUES (?)");
        insert.bind(1, what);
        insert.exec();
    }

    std::vector<std::string> effects() { return texts("SELECT what FROM effect ORDER BY rowid"); }
    std::vector<std::string> keys() { return texts("SELECT key FROM barrier ORDER BY key"); }
    SQLite::Database& database() { return database_; }

 private:
    std::vector<std::string> texts(const std::string& query) {
        SQLite::Statement select(database_, query);
        std::vector<std::string> texts;
        while (select.executeStep()) {
            texts.push_back(select.getColumn(0).getString());
        }
        return texts;
    }

    SQLite::Database database_{":memory:", SQLite::OPEN_READWRITE};
};

TEST(Barrier, GivesTheSameAnswerAndNoSecondEffectForARepeatedAction) {
    Participant participant;
    const Answer first = participant.charge({201, "first"});
    EXPECT_EQ(participant.charge({201, "second"}), first);
    EXPECT_THAT(participant.effects(), ElementsAre("charged"));
}

TEST(Barrier, UndoesOnceWhenACompensationIsRepeated) {
    Participant participant;
    participant.charge();
    const Answer first = participant.refund({200, "first"});
    EXPECT_EQ(participant.refund({200, "second"}), first);
    EXPECT_THAT(participant.effects(), ElementsAre("charged", "refunded"));
}

TEST(Barrier, DoesNothingForACompensationWhoseActionNeverCame) {
    Participant participant;
    const Answer answer = participant.refund();
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(participant.refund(), answer);
    EXPECT_THAT(participant.effects(), IsEmpty());
}

TEST(Barrier, RefusesAnActionThatComesAfterItsCompensation) {
    Participant participant;
    participant.refund();
    EXPECT_EQ(participant.charge().status, 409);
    EXPECT_EQ(participant.charge().status, 409);
    EXPECT_THAT(participant.effects(), IsEmpty());
}

TEST(Barrier, StillKnowsTheActionsAnswerAfterItsCompensation) {
    Participant participant;
    const Answer charged = participant.charge();
    participant.refund();
    EXPECT_EQ(participant.charge(), charged);
    EXPECT_THAT(participant.effects(), ElementsAre("charged", "refunded"));
}

TEST(Barrier, UndoesTheWorkOfARefusalButRemembersTheRefusal) {
    Participant participant;
    const Answer refusal = participant.charge({402, "declined"});
    EXPECT_EQ(participant.charge({201, "a late twin"}), refusal);
    EXPECT_THAT(participant.effects(), IsEmpty());
}

TEST(Barrier, HasNothingToUndoWhenTheActionWasRefused) {
    Participant participant;
    participant.charge({402, "declined"});
    EXPECT_EQ(participant.refund().status, 200);
    EXPECT_THAT(participant.effects(), IsEmpty());
}

TEST(Barrier, KeepsNothingOfAnActionThatSaysNotNow) {
    for (const int status : {408, 425, 429, 500, 503}) {
        Participant participant;
        EXPECT_EQ(participant.charge({status, "later"}).status, status);
        EXPECT_THAT(participant.keys(), IsEmpty()) << status;
        EXPECT_THAT(participant.effects(), IsEmpty()) << status;
        EXPECT_EQ(participant.charge().status, 201);
        EXPECT_THAT(participant.effects(), ElementsAre("charged"));
    }
}

TEST(Barrier, KeepsNothingOfACompensationThatFails) {
    Participant participant;
    participant.charge();
    EXPECT_EQ(participant.refund({409, "the bank is closed"}).status, 409);
    EXPECT_THAT(participant.effects(), ElementsAre("charged"));
    EXPECT_EQ(participant.refund().status, 200);
    EXPECT_THAT(participant.effects(), ElementsAre("charged", "refunded"));
}

TEST(Barrier, KeepsNothingWhenTheWorkThrows) {
    Participant participant;
    EXPECT_THROW(act(participant.database(), kAction,
                     [&]() -> Answer {
                         participant.has_effect("charged");
                         throw std::runtime_error("the card reader is on fire");
                     }),
                 std::runtime_error);
    EXPECT_THAT(participant.keys(), IsEmpty());
    EXPECT_THAT(participant.effects(), IsEmpty());
    EXPECT_EQ(participant.charge().status, 201);
}

// The recipe in SQL and the one in C++ are told to be the same.
TEST(BarrierSql, MakesTheSameTableAndHoldsOnlyStatementsThatSqliteTakes) {
    std::ifstream file(BARRIER_SQL);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    ASSERT_FALSE(text.empty());
    SQLite::Database by_sql(":memory:", SQLite::OPEN_READWRITE);
    int statements = 0;
    for (const char* rest = text.c_str(); *rest != '\0';) {
        sqlite3_stmt* statement = nullptr;
        ASSERT_EQ(sqlite3_prepare_v2(by_sql.getHandle(), rest, -1, &statement, &rest), SQLITE_OK)
            << sqlite3_errmsg(by_sql.getHandle());
        if (statement != nullptr) {
            ++statements;
            sqlite3_step(statement);
            sqlite3_finalize(statement);
        }
    }
    EXPECT_EQ(statements, 13);
    Participant by_code;
    const char* table = "SELECT sql FROM sqlite_schema WHERE name = 'barrier'";
    EXPECT_EQ(by_sql.execAndGet(table).getString(),
              by_code.database().execAndGet(table).getString());
}

}  // namespace
}  // namespace barrier
