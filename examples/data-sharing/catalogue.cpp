#include <SQLiteCpp/SQLiteCpp.h>
#include <httplib.h>

#include <chrono>
#include <condition_variable>
#include <iostream>
#include <mutex>
#include <thread>

#include "examples/data-sharing/catalogue_book.h"
#include "examples/events/event_client.h"
#include "examples/program/arguments.h"
#include "examples/program/database.h"
#include "examples/program/serving.h"

/// The catalogue owns the products, and is the only one that changes them:
///
///   GET /products, GET /products/SKU   as they are
///   PUT /products/SKU                  changes the version that the body names, {"version": 3,
///                                      "name", "price", …}; 0: a new one. 409 where the product
///                                      has another version, and says which
///   GET /outbox                        {"waiting", "trouble"}: what is still to be published
///
/// It tells every change on the topic "products", for whoever wants a copy.
namespace {

using nlohmann::json;
using program::send;

constexpr int kAtOnce = 100;
constexpr std::chrono::milliseconds kRest{200};

class Catalogue {
 public:
    Catalogue(SQLite::Database& database, const std::string& skald)
        : book_(database), client_(skald) {}

    void open(httplib::Server& http);
    /// Publishes what is in the outbox, for ever.
    [[noreturn]] void publish();

 private:
    void change(const httplib::Request& request, httplib::Response& response);
    sharing::CatalogueBook::Outbox wait_for_outbox();

    std::mutex mutex_;  ///< Guards the next two.
    std::condition_variable changed_;
    sharing::CatalogueBook book_;
    std::string trouble_;
    events::EventClient client_;  ///< Of the publisher only.
};

void Catalogue::change(const httplib::Request& request, httplib::Response& response) {
    json facts = json::parse(request.body, nullptr, /*allow_exceptions=*/false);
    // What would break the contract must not come into the outbox: nobody could publish it.
    if (!facts.is_object() || !facts.value("version", json()).is_number_unsigned() ||
        !facts.value("name", json()).is_string() ||
        !facts.value("price", json()).is_number_unsigned()) {
        return send(response, 400,
                    {{"reason", "send the version that it changes, a name, and a price in cents"}});
    }
    const auto known = facts["version"].get<std::int64_t>();
    facts.erase("version");
    const std::string sku = request.matches[1].str();
    const std::scoped_lock lock(mutex_);
    if (const auto changed = book_.change(sku, known, facts)) {
        changed_.notify_one();
        return send(response, 200, to_json(*changed));
    }
    const auto product = book_.find(sku);
    send(response, 409,
         {{"reason", "it was changed since: look again"},
          {"version", product ? product->version : 0}});
}

void Catalogue::open(httplib::Server& http) {
    const std::string product = "/products/([a-z0-9-]+)";
    http.Put(product, [this](const httplib::Request& request, httplib::Response& response) {
        change(request, response);
    });
    http.Get(product, [this](const httplib::Request& request, httplib::Response& response) {
        const std::scoped_lock lock(mutex_);
        const auto found = book_.find(request.matches[1].str());
        found ? send(response, 200, to_json(*found))
              : send(response, 404, {{"reason", "no such product"}});
    });
    http.Get("/products", [this](const httplib::Request&, httplib::Response& response) {
        const std::scoped_lock lock(mutex_);
        auto all = json::array();
        for (const sharing::Product& each : book_.all()) {
            all.push_back(to_json(each));
        }
        send(response, 200, all);
    });
    http.Get("/outbox", [this](const httplib::Request&, httplib::Response& response) {
        const std::scoped_lock lock(mutex_);
        send(response, 200, {{"waiting", book_.outbox_size()}, {"trouble", trouble_}});
    });
}

sharing::CatalogueBook::Outbox Catalogue::wait_for_outbox() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return book_.outbox_size() > 0; });
    return book_.outbox(kAtOnce);
}

void Catalogue::publish() {
    while (true) {
        const auto outbox = wait_for_outbox();
        std::string trouble;
        try {
            client_.publish("products", outbox.events);
        } catch (const events::Trouble& error) {
            trouble = error.what();
        }
        {
            const std::scoped_lock lock(mutex_);
            if (trouble.empty()) {
                book_.published(outbox.last);
            }
            trouble_ = trouble;
        }
        if (!trouble.empty()) {
            std::cout << trouble << std::endl;
            std::this_thread::sleep_for(kRest);
        }
    }
}

}  // namespace

int main(int argc, char** argv) {
    const program::Arguments arguments("catalogue",
                                       "--skald URL --db FILE [--port N] [--port-file FILE]",
                                       {"--skald", "--db", "--port", "--port-file"}, argc, argv);
    SQLite::Database database = program::open_database(arguments);
    Catalogue catalogue(database, arguments.text("--skald"));
    httplib::Server http;
    catalogue.open(http);
    return program::serve(http, arguments.name(),
                          {arguments.port("--port"), arguments.text("--port-file", "")},
                          [&] { catalogue.publish(); });
}
