#include <cstdint>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "examples/barrier/barrier.h"
#include "examples/order/participant.h"

/// One pretended service for all recipes of the cookbook. Each effect is a row of its ledger, under
/// the trip, account, order or thing that it is about.
namespace {

using nlohmann::json;
using order::answer;
using order::Call;
using order::Ledger;

/// `POST path` has an effect called `kind`, about what `about` in the body names, unless `refuses`
/// gives a reason against it; `DELETE path/by-key/KEY` takes it back as `undone`.
struct Desk {
    std::string path;
    std::string kind;
    std::string undone;
    std::string about;
    std::string (*refuses)(const json& body) = [](const json&) { return std::string(); };
};

void open(order::Participant& service, const Desk& desk) {
    service.on_action(desk.path, [desk](Ledger& ledger, const Call& call) {
        const std::string reason = desk.refuses(call.body);
        if (!reason.empty()) return answer(409, {{"reason", reason}});
        const auto about = call.body.at(desk.about).get<std::string>();
        ledger.write({call.key, desk.kind, 1, about});
        return answer(201, {{"id", desk.kind + " for " + about}});
    });
    service.on_compensation_by_path(desk.path + "/by-key/", desk.undone);
}

template <const char* Thing>
std::string refuse_sold_out(const json& body) {
    return body.value("sold_out", json()) == Thing ? std::string(Thing) + ": sold out" : "";
}
constexpr char kFlight[] = "flight";
constexpr char kHotel[] = "hotel";
constexpr char kCar[] = "car";

std::string refuse_heavy(const json& body) {
    constexpr int kGramsMax = 30'000;
    return body.at("grams").get<int>() > kGramsMax ? "heavier than 30 kg" : "";
}

void open_travel(order::Participant& service) {
    open(service, {"/flights", "flight", "flight-returned", "trip", refuse_sold_out<kFlight>});
    open(service, {"/hotels", "hotel", "hotel-returned", "trip", refuse_sold_out<kHotel>});
    open(service, {"/cars", "car", "car-returned", "trip", refuse_sold_out<kCar>});
    open(service, {"/tickets", "ticket", "ticket-returned", "trip"});
}

/// Accounts are what the ledger says of them: each begins with 100.
void open_bank(order::Participant& service) {
    constexpr std::int64_t kAtFirst = 100;
    service.on_action("/withdrawals", [](Ledger& ledger, const Call& call) {
        const auto account = call.body.at("account").get<std::string>();
        const auto amount = call.body.at("amount").get<std::int64_t>();
        const auto balance = ledger.summary(account).at("balance").get<std::int64_t>();
        if (kAtFirst + balance < amount) return answer(409, {{"reason", "not enough money"}});
        ledger.write({call.key, "withdrawn", -amount, account});
        return answer(201, {{"left", kAtFirst + balance - amount}});
    });
    service.on_compensation("/withdrawals/undo", "withdrawal_key", "given-back");
    service.on_action("/deposits", [](Ledger& ledger, const Call& call) {
        const auto account = call.body.at("account").get<std::string>();
        if (account == "closed") return answer(409, {{"reason", "the account is closed"}});
        ledger.write({call.key, "deposited", call.body.at("amount").get<std::int64_t>(), account});
        return answer(201, {{"id", "deposit to " + account}});
    });
    service.on_action("/statements", [](Ledger&, const Call&) { return answer(204, nullptr); });
}

/// Asks a person: says 202, keeps the URL to call back, and shows what waits at `GET /approvals`.
void open_approvals(order::Participant& service) {
    struct Waiting {
        std::mutex mutex;
        std::vector<json> asked;
    };
    static Waiting waiting;
    service.on_action("/approvals", [](Ledger& ledger, const Call& call) {
        const auto what = call.body.at("what").get<std::string>();
        ledger.write({call.key, "asked", 0, what});
        const std::scoped_lock lock(waiting.mutex);
        waiting.asked.push_back({{"what", what}, {"callback", call.callback}});
        return answer(202, {{"asked", "the boss"}});
    });
    service.on_compensation_by_path("/approvals/by-key/", "withdrawn-question");
    service.on_read("/approvals", [](const std::string&, const std::string&) {
        const std::scoped_lock lock(waiting.mutex);
        return answer(200, waiting.asked);
    });
    open(service, {"/purchases", "ordered", "order-withdrawn", "what"});
}

void open_shipping(order::Participant& service) {
    open(service, {"/parcels", "parcel", "parcel-called-back", "order", refuse_heavy});
    open(service, {"/manifests", "manifest", "manifest-withdrawn", "order"});
}

/// Three services that are only read; the third is out of order.
void open_reads(order::Participant& service) {
    service.on_read("/profiles/(.+)", [](const std::string& customer, const std::string&) {
        if (customer == "nobody") return answer(404, {{"reason", "no such customer"}});
        return answer(200, {{"name", customer}, {"since", 1842}});
    });
    service.on_read("/orders", [](const std::string&, const std::string& customer) {
        return answer(200, json::array({{{"order", "1 of " + customer}}}));
    });
    service.on_read("/advice", [](const std::string&, const std::string&) {
        return answer(500, {{"reason", "out of order"}});
    });
}

}  // namespace

int main(int argc, char** argv) {
    order::Participant service("service", argc, argv);
    open_travel(service);
    open_bank(service);
    open_approvals(service);
    open_shipping(service);
    open_reads(service);
    return service.run();
}
