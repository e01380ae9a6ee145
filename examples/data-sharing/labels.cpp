#include <SQLiteCpp/SQLiteCpp.h>
#include <httplib.h>

#include <chrono>
#include <iostream>
#include <mutex>
#include <thread>

#include "examples/data-sharing/product_copy.h"
#include "examples/events/event_client.h"
#include "examples/program/arguments.h"
#include "examples/program/database.h"
#include "examples/program/serving.h"

/// Prints a label for the shelf whenever a product has changed:
///
///   GET /products   the copy
///   GET /labels     those that were printed, in order: ["tea v2: 4.20", …]
///   GET /reading    {"news", "again", "stale", "not_for_us"}
///
/// It has a subscription, and Skald keeps how far it is. That gives every fact at least once; the
/// version makes it one label each.
namespace {

using nlohmann::json;
using program::send;

constexpr int kAtOnce = 100;
constexpr std::chrono::seconds kWait{20};
constexpr std::chrono::milliseconds kRest{200};

class Labels {
 public:
    Labels(SQLite::Database& database, const std::string& skald)
        : database_(database), copy_(database), client_(skald) {
        database.exec(
            "CREATE TABLE IF NOT EXISTS label (number INTEGER PRIMARY KEY, text TEXT NOT NULL)"
            " STRICT");
    }

    void open(httplib::Server& http);
    /// Takes what the subscription has, for ever.
    [[noreturn]] void follow();

 private:
    void take(const json& event);
    void print(const json& product);

    std::mutex mutex_;  ///< Guards the next two.
    SQLite::Database& database_;
    sharing::ProductCopy copy_;
    events::EventClient client_;  ///< Of the follower only.
};

/// 420 as "4.20".
std::string money(std::int64_t cents) {
    const std::string rest = std::to_string(cents % 100);
    return std::to_string(cents / 100) + (rest.size() == 1 ? ".0" : ".") + rest;
}

void Labels::open(httplib::Server& http) {
    http.Get("/products", [this](const httplib::Request&, httplib::Response& response) {
        const std::scoped_lock lock(mutex_);
        send(response, 200, copy_.all());
    });
    http.Get("/reading", [this](const httplib::Request&, httplib::Response& response) {
        const std::scoped_lock lock(mutex_);
        send(response, 200, copy_.counts());
    });
    http.Get("/labels", [this](const httplib::Request&, httplib::Response& response) {
        const std::scoped_lock lock(mutex_);
        auto labels = json::array();
        SQLite::Statement select(database_, "SELECT text FROM label ORDER BY number");
        while (select.executeStep()) {
            labels.push_back(select.getColumn(0).getString());
        }
        send(response, 200, labels);
    });
}

void Labels::print(const json& product) {
    SQLite::Statement insert(database_, "INSERT INTO label (text) VALUES (?)");
    insert.bind(1, product.at("sku").get<std::string>() + " v" + product.at("version").dump() +
                       ": " + money(product.at("price").get<std::int64_t>()));
    insert.exec();
}

/// The copy and its label are one transaction: no label twice, and none forgotten.
void Labels::take(const json& event) {
    const std::scoped_lock lock(mutex_);
    SQLite::Transaction transaction(database_, SQLite::TransactionBehavior::IMMEDIATE);
    if (copy_.take(event) == sharing::ProductCopy::Came::News) {
        print(event.at("data"));
    }
    transaction.commit();
}

void Labels::follow() {
    while (true) {
        try {
            for (const events::Delivery& delivery : client_.fetch("labels", kAtOnce, kWait)) {
                take(delivery.event);
                // Not before: who dies in between gets it again.
                client_.acknowledge("labels", delivery);
            }
        } catch (const events::Trouble& trouble) {
            std::cout << trouble.what() << std::endl;
            std::this_thread::sleep_for(kRest);
        }
    }
}

}  // namespace

int main(int argc, char** argv) {
    const program::Arguments arguments("labels",
                                       "--skald URL --db FILE [--port N] [--port-file FILE]",
                                       {"--skald", "--db", "--port", "--port-file"}, argc, argv);
    SQLite::Database database = program::open_database(arguments);
    Labels labels(database, arguments.text("--skald"));
    httplib::Server http;
    labels.open(http);
    return program::serve(http, arguments.name(),
                          {arguments.port("--port"), arguments.text("--port-file", "")},
                          [&] { labels.follow(); });
}
