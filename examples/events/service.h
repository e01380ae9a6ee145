#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "examples/events/desk.h"
#include "examples/program/arguments.h"

namespace events {

/// A command as it came in.
struct Incoming {
    nlohmann::json command;  ///< A CloudEvent.
    std::uint32_t attempt;   ///< From 1: how often it was given to somebody.
    std::function<void()> acknowledge;
};

/// Where commands come from and replies go: a subscription of Skald (pull_wire.h), or NATS
/// (nats_wire.h). Errors: all members, and Incoming::acknowledge, throw Trouble.
class Wire {
 public:
    virtual ~Wire() = default;

    /// Waits for the next commands; empty where there are none for a while.
    virtual std::vector<Incoming> take() = 0;
    /// The reply is durable when this returns; what was published before is not published twice.
    virtual void publish(const nlohmann::json& reply) = 0;
};

/// The flags that all three services take, beside the one that says where the wire leads:
///   --db FILE      the service's own database
///   --hold FILE    as long as FILE exists, replies are held back after their command was carried
///                  out: the moment in which to kill somebody
///   --books ORDER  prints what the service did about an order, and ends
program::Arguments read_arguments(const std::string& name, const std::string& wire_flag, int argc,
                                  char** argv);

/// Answers commands for ever: carries each out in the books, publishes the reply, acknowledges. In
/// this order, so that whoever dies in between does nothing twice and forgets nothing: the command
/// comes again, and gets the reply that the books have for it.
///
/// With --books: prints them, and returns.
void run(Desk& desk, const program::Arguments& arguments,
         const std::function<std::unique_ptr<Wire>()>& connect);

}  // namespace events
