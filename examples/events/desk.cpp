#include "examples/events/desk.h"

#include <SQLiteCpp/SQLiteCpp.h>

#include <utility>

#include "examples/barrier/barrier.h"
#include "examples/order/ledger.h"

namespace events {

namespace {

using nlohmann::json;

constexpr int kDone = 200;
constexpr int kRefused = 409;  // Kept by the barrier, as the work is not.

std::string order_of(const json& command) {
    return command.at("data").at("order_id").get<std::string>();
}

}  // namespace

Desk::Desk(SQLite::Database& database, std::string source, Knows knows)
    : database_(database), ledger_(database), source_(std::move(source)), knows_(knows) {
    barrier::make_table(database);
}

std::string Desk::key_of(const json& command) const {
    return knows_ == Knows::Sagas ? command.at("sagakey").get<std::string>()
                                  : command.at("type").get<std::string>() + " " + order_of(command);
}

void Desk::on_action(const Action& action, Work work) {
    const auto run = [this, work = std::move(work)](const json& command) {
        const std::string key = key_of(command);
        return barrier::act(database_, key, [&] {
            const Verdict verdict = [&] {
                try {
                    return work(ledger_, key, command.at("data"));
                } catch (const json::exception& error) {
                    return refused(error.what());
                }
            }();
            return barrier::Answer{verdict.is_done ? kDone : kRefused, verdict.data.dump()};
        });
    };
    handlers_[action.command] = Handler{action.done, action.refused, run};
}

void Desk::on_compensation(const Compensation& compensation) {
    const auto run = [this, compensation](const json& command) {
        const std::string key = key_of(command);
        const std::string undone = knows_ == Knows::Sagas
                                       ? command.at("data").at("of").get<std::string>()
                                       : compensation.undoes + " " + order_of(command);
        return barrier::compensate(database_, key, undone, [&] {
            // By what is in the books, not by what the command says: it may know less than we do.
            const std::optional<order::LedgerRow> row = ledger_.find(undone);
            if (row) {
                ledger_.write({key, compensation.kind, -row->amount, row->order_id});
            }
            return barrier::Answer{kDone, json({{"undone", row.has_value()}}).dump()};
        });
    };
    handlers_[compensation.command] = Handler{compensation.done, compensation.done, run};
}

std::optional<json> Desk::answer(const json& command) {
    const auto handler = handlers_.find(command.value("type", ""));
    if (handler == handlers_.end()) {
        return std::nullopt;
    }
    const barrier::Answer answer = handler->second.run(command);
    const bool is_done = answer.status == kDone;
    return reply(command, is_done ? handler->second.done : handler->second.refused,
                 json::parse(answer.body));
}

json Desk::reply(const json& command, const std::string& type, json data) const {
    data["order_id"] = order_of(command);
    // The id of the command, under our own source: the same command has the same reply for ever,
    // and another try of it (with an id of its own) has a reply of its own.
    json reply = {
        {"specversion", "1.0"}, {"id", command.at("id")},       {"source", source_},
        {"type", type},         {"subject", order_of(command)}, {"data", std::move(data)}};
    if (knows_ == Knows::Sagas) {
        for (const char* attribute : {"sagaid", "sagastep", "sagaphase"}) {
            reply[attribute] = command.at(attribute);
        }
    }
    return reply;
}

}  // namespace events
