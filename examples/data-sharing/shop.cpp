#include <SQLiteCpp/SQLiteCpp.h>
#include <httplib.h>

#include <chrono>
#include <iostream>
#include <mutex>
#include <thread>
#include <vector>

#include "examples/data-sharing/product_copy.h"
#include "examples/events/event_client.h"
#include "examples/program/arguments.h"
#include "examples/program/database.h"
#include "examples/program/serving.h"

/// The shop sells by its own copy of the products, also while nobody else is up:
///
///   GET /products               the copy
///   GET /offers/SKU?pieces=3    {"sku", "version", "name", "pieces", "total"}
///   GET /reading                {"next", "news", "again", "stale", "not_for_us"}: how far it read
///
/// It reads the log itself, and keeps how far it is beside what it made of it. So a shop that opens
/// later needs nothing but the address: it reads from the start.
namespace {

using nlohmann::json;
using program::send;

constexpr std::chrono::seconds kWait{20};
constexpr std::chrono::milliseconds kRest{200};

class Shop {
 public:
    Shop(SQLite::Database& database, const std::string& skald) : copy_(database), client_(skald) {}

    void open(httplib::Server& http);
    /// Follows the log, for ever.
    [[noreturn]] void follow();

 private:
    void read_on();

    std::mutex mutex_;  ///< Guards the copy.
    sharing::ProductCopy copy_;
    events::EventClient client_;  ///< Of the follower only.
};

int pieces_in(const httplib::Request& request) {
    const int pieces = std::atoi(request.get_param_value("pieces").c_str());
    return pieces > 0 ? pieces : 1;
}

void Shop::open(httplib::Server& http) {
    http.Get("/products", [this](const httplib::Request&, httplib::Response& response) {
        const std::scoped_lock lock(mutex_);
        send(response, 200, copy_.all());
    });
    http.Get("/offers/([a-z0-9-]+)",
             [this](const httplib::Request& request, httplib::Response& response) {
                 const std::scoped_lock lock(mutex_);
                 auto offer = copy_.find(request.matches[1].str());
                 if (!offer) {
                     return send(response, 404, {{"reason", "we have no such product"}});
                 }
                 const int pieces = pieces_in(request);
                 (*offer)["pieces"] = pieces;
                 (*offer)["total"] = pieces * offer->at("price").get<std::int64_t>();
                 offer->erase("price");
                 send(response, 200, *offer);
             });
    http.Get("/reading", [this](const httplib::Request&, httplib::Response& response) {
        const std::scoped_lock lock(mutex_);
        json reading = copy_.counts();
        reading["next"] = copy_.next();
        send(response, 200, reading);
    });
}

void Shop::read_on() {
    const std::uint64_t after = [this] {
        const std::scoped_lock lock(mutex_);
        return copy_.next();
    }();
    const events::Page page = client_.read("products", after, kWait);
    if (page.next == after) {
        return;  // Nothing new for a while.
    }
    std::vector<json> events;
    events.reserve(page.events.size());
    for (const events::LoggedEvent& each : page.events) {
        events.push_back(each.event);
    }
    const std::scoped_lock lock(mutex_);
    copy_.take(events, page.next);
}

void Shop::follow() {
    while (true) {
        try {
            read_on();
        } catch (const events::Trouble& trouble) {
            std::cout << trouble.what() << std::endl;
            std::this_thread::sleep_for(kRest);
        }
    }
}

}  // namespace

int main(int argc, char** argv) {
    const program::Arguments arguments("shop",
                                       "--skald URL --db FILE [--port N] [--port-file FILE]",
                                       {"--skald", "--db", "--port", "--port-file"}, argc, argv);
    SQLite::Database database = program::open_database(arguments);
    Shop shop(database, arguments.text("--skald"));
    httplib::Server http;
    shop.open(http);
    return program::serve(http, arguments.name(),
                          {arguments.port("--port"), arguments.text("--port-file", "")},
                          [&] { shop.follow(); });
}
