#include "examples/events/service.h"

#include <SQLiteCpp/Exception.h>

#include <chrono>
#include <filesystem>
#include <iostream>
#include <memory>
#include <optional>
#include <thread>

#include "examples/events/event_client.h"

namespace events {

namespace {

using nlohmann::json;

constexpr std::chrono::milliseconds kRest{200};

void say(const std::string& text) { std::cout << text << std::endl; }

void hold(const std::string& file, const std::string& what) {
    if (file.empty() || !std::filesystem::exists(file)) {
        return;
    }
    say("holds back its reply to " + what);
    while (std::filesystem::exists(file)) {
        std::this_thread::sleep_for(kRest);
    }
}

std::optional<json> answer(Desk& desk, const json& command) {
    try {
        return desk.answer(command);
    } catch (const json::exception& error) {
        say("passes over what is no command: " + std::string(error.what()));
        return std::nullopt;
    }
}

void carry_out(Desk& desk, Wire& wire, const Incoming& incoming, const std::string& hold_file) {
    const std::optional<json> reply = answer(desk, incoming.command);
    if (reply) {
        const std::string what =
            incoming.command.at("type").get<std::string>() + " of " + reply->value("subject", "");
        hold(hold_file, what);
        wire.publish(*reply);
        say(what + ", attempt " + std::to_string(incoming.attempt) + ": " +
            reply->at("type").get<std::string>());
    }
    incoming.acknowledge();
}

}  // namespace

program::Arguments read_arguments(const std::string& name, const std::string& wire_flag, int argc,
                                  char** argv) {
    return {name,
            wire_flag + " URL --db FILE [--hold FILE] [--books ORDER]",
            {wire_flag.c_str(), "--db", "--hold", "--books"},
            argc,
            argv};
}

void run(Desk& desk, const program::Arguments& arguments,
         const std::function<std::unique_ptr<Wire>()>& connect) {
    const std::string order = arguments.text("--books", "");
    if (!order.empty()) {
        say(desk.books().rows(order).dump());
        return;
    }
    std::unique_ptr<Wire> wire;
    while (true) {
        try {
            if (wire == nullptr) {
                wire = connect();
                say("is ready");
            }
            for (const Incoming& incoming : wire->take()) {
                carry_out(desk, *wire, incoming, arguments.text("--hold", ""));
            }
        } catch (const Trouble& trouble) {
            // What was taken and not acknowledged comes again by itself.
            say(trouble.what());
            std::this_thread::sleep_for(kRest);
        } catch (const SQLite::Exception& error) {
            say(error.what());
            std::this_thread::sleep_for(kRest);
        }
    }
}

}  // namespace events
