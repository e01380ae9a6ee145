#include <gmock/gmock.h>
#include <httplib.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

extern char** environ;

namespace order {
namespace {

using nlohmann::json;

/// One of the sample programs, on a free port and a database of its own, killed at the end.
class Program {
 public:
    explicit Program(const std::string& name) {
        folder_ = std::filesystem::temp_directory_path() / (name + "-XXXXXX");
        std::string pattern = folder_.string();
        if (mkdtemp(pattern.data()) != nullptr) {
            folder_ = pattern;
        }
        int output[2];
        if (::pipe(output) != 0) {
            return;
        }
        start(name, output[1]);
        close(output[1]);
        port_ = read_port(output[0]);
        close(output[0]);
        client_ = std::make_unique<httplib::Client>("127.0.0.1", port_);
    }

    ~Program() {
        kill(pid_, SIGKILL);
        waitpid(pid_, nullptr, 0);
        std::filesystem::remove_all(folder_);
    }

    httplib::Result post(const std::string& path, const std::string& key, const json& body) {
        return client().Post(path, headers(key), body.dump(), "application/json");
    }
    httplib::Result remove(const std::string& path, const std::string& key) {
        return client().Delete(path, headers(key));
    }
    json get(const std::string& path) {
        const httplib::Result result = client().Get(path);
        return result ? json::parse(result->body) : json();
    }
    httplib::Client& client() { return *client_; }
    int port() const { return port_; }

 private:
    static httplib::Headers headers(const std::string& key) {
        return {{"Idempotency-Key", "\"" + key + "\""}};
    }

    void start(const std::string& name, int output) {
        const std::string program = std::string(PARTICIPANTS_FOLDER) + "/" + name;
        const std::string database = (folder_ / "ledger.db").string();
        std::vector<std::string> arguments{program, "--port", "0", "--db", database};
        std::vector<char*> pointers;
        pointers.reserve(arguments.size() + 1);
        for (std::string& argument : arguments) {
            pointers.push_back(argument.data());
        }
        pointers.push_back(nullptr);
        posix_spawn_file_actions_t actions;
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
        EXPECT_EQ(posix_spawn(&pid_, program.c_str(), &actions, nullptr, pointers.data(), environ),
                  0);
        posix_spawn_file_actions_destroy(&actions);
    }

    /// From "inventory listens on 127.0.0.1:9001".
    static int read_port(int input) {
        std::string line;
        for (char c = 0; read(input, &c, 1) == 1 && c != '\n';) {
            line += c;
        }
        const std::size_t colon = line.rfind(':');
        EXPECT_NE(colon, std::string::npos) << line;
        return colon == std::string::npos ? 0 : std::stoi(line.substr(colon + 1));
    }

    std::filesystem::path folder_;
    pid_t pid_ = 0;
    int port_ = 0;
    std::unique_ptr<httplib::Client> client_;
};

const json kReservation = {{"order_id", "order-1"}, {"items", {{{"sku", "tea"}, {"quantity", 2}}}}};

json summary(const json& effects, int balance) {
    return {{"effects", effects}, {"balance", balance}};
}

TEST(Inventory, ReleasesByTheKeyInItsPathThatIsPercentEncoded) {
    Program inventory("inventory");
    EXPECT_EQ(inventory.post("/reservations", "s/reserve/action", kReservation)->status, 201);
    EXPECT_EQ(inventory.post("/reservations", "s/reserve/action", kReservation)->status, 201);
    EXPECT_EQ(inventory.get("/ledger/summary"), summary({{"reserved", 1}}, 2));

    const std::string path = "/reservations/by-key/s%2Freserve%2Faction";
    EXPECT_EQ(inventory.remove(path, "s/reserve/compensation")->status, 200);
    EXPECT_EQ(inventory.remove(path, "s/reserve/compensation")->status, 200);
    EXPECT_EQ(inventory.get("/ledger/summary?order=order-1"),
              summary({{"reserved", 1}, {"released", 1}}, 0));
    EXPECT_EQ(inventory.get("/ledger/summary?order=another"), summary(json::object(), 0));

    const json rows = inventory.get("/ledger");
    ASSERT_EQ(rows.size(), 2u);
    EXPECT_EQ(rows[1]["key"], "s/reserve/compensation");
    EXPECT_EQ(rows[1]["amount"], -2);
    EXPECT_EQ(inventory.get("/received").size(), 4u);
}

TEST(Inventory, RefusesAReservationThatWasReleasedBefore) {
    Program inventory("inventory");
    EXPECT_EQ(
        inventory.remove("/reservations/by-key/s%2Freserve%2Faction", "s/reserve/compensation")
            ->status,
        200);
    EXPECT_EQ(inventory.post("/reservations", "s/reserve/action", kReservation)->status, 409);
    EXPECT_EQ(inventory.get("/ledger/summary"), summary(json::object(), 0));
}

TEST(Inventory, RefusesBadCallsWithAReasonAndDoesNothing) {
    Program inventory("inventory");
    const auto reason = [](const httplib::Result& result) {
        EXPECT_EQ(result->status, 400);
        return json::parse(result->body)["reason"].get<std::string>();
    };
    EXPECT_THAT(reason(inventory.client().Post("/reservations", kReservation.dump(), "")),
                testing::HasSubstr("Idempotency-Key"));
    EXPECT_THAT(reason(inventory.post("/reservations", "s/reserve/action", json::object())),
                testing::HasSubstr("items"));
    EXPECT_EQ(inventory.get("/ledger/summary"), summary(json::object(), 0));
    EXPECT_EQ(inventory.post("/reservations", "s/reserve/action", kReservation)->status, 201);
}

TEST(Payment, RefusesTheDeclinedCardAndRefundsByTheKeyOfTheCharge) {
    Program payment("payment");
    const json declined = {{"order_id", "order-2"}, {"amount", 5}, {"card", "declined"}};
    const httplib::Result refused = payment.post("/charges", "s2/charge/action", declined);
    EXPECT_EQ(refused->status, 402);
    EXPECT_EQ(json::parse(refused->body), json({{"reason", "the card was declined"}}));
    EXPECT_EQ(payment.get("/ledger/summary"), summary(json::object(), 0));

    const json good = {{"order_id", "order-1"}, {"amount", 1850}, {"card", "4242"}};
    EXPECT_EQ(payment.post("/charges", "s1/charge/action", good)->status, 201);
    const json refund = {{"charge_key", "s1/charge/action"}};
    EXPECT_EQ(payment.post("/refunds", "s1/charge/compensation", refund)->status, 200);
    EXPECT_EQ(payment.get("/ledger/summary"), summary({{"charged", 1}, {"refunded", 1}}, 0));
}

TEST(Payment, TakesTheMoneyOfASilentCardOnceAndNeverAnswers) {
    Program payment("payment");
    payment.client().set_read_timeout(std::chrono::milliseconds{100});
    const json silent = {{"order_id", "order-3"}, {"amount", 45}, {"card", "takes-then-silent"}};
    EXPECT_EQ(payment.post("/charges", "s/charge/action", silent).error(), httplib::Error::Read);
    EXPECT_EQ(payment.post("/charges", "s/charge/action", silent).error(), httplib::Error::Read);
    payment.client().set_read_timeout(std::chrono::seconds{5});
    const json both_held = {true, true};
    json held;
    do {  // On a slow machine the calls are given up before they are looked at.
        held = json::array();
        for (const json& call : payment.get("/received")) {
            held.push_back(call["held"]);
        }
    } while (held != both_held);
    EXPECT_EQ(payment.get("/ledger/summary"), summary({{"charged", 1}}, 45));
}

TEST(Shipping, HoldsBackAnAnswerAfterItsEffectUntilItIsReleased) {
    Program shipping("shipping");
    const json shipment = {{"order_id", "order-4"}, {"reservation", "r"}};
    EXPECT_EQ(shipping.client().Post("/hold")->status, 200);
    int held_status = 0;
    {
        const std::jthread caller([&] {
            httplib::Client client("127.0.0.1", shipping.port());
            const httplib::Result held =
                client.Post("/shipments", {{"Idempotency-Key", "s/ship/action"}}, shipment.dump(),
                            "application/json");
            held_status = held ? held->status : 0;
        });
        json received;
        do {
            received = shipping.get("/received");
        } while (received.empty() || !received[0]["held"].get<bool>());
        EXPECT_EQ(shipping.get("/ledger/summary"), summary({{"shipped", 1}}, 1));
        // A repeated try isn't held, and meets the same answer.
        const httplib::Result repeated = shipping.post("/shipments", "s/ship/action", shipment);
        EXPECT_EQ(json::parse(repeated->body)["id"], "shipment-of-order-4");
        EXPECT_EQ(shipping.client().Post("/release")->status, 200);
    }
    EXPECT_EQ(held_status, 201);
    EXPECT_EQ(shipping.get("/ledger/summary"), summary({{"shipped", 1}}, 1));
}

// A second one on the same port would take half of the calls.
TEST(Shipping, RefusesAPortThatIsInUse) {
    Program shipping("shipping");
    const std::string command = std::string(PARTICIPANTS_FOLDER) +
                                "/shipping --db :memory: --port " +
                                std::to_string(shipping.port()) + " >/dev/null 2>&1";
    EXPECT_EQ(WEXITSTATUS(std::system(command.c_str())), 2);
}

}  // namespace
}  // namespace order
