#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace skald::benchmark {

/// What is measured, and how.
enum class Kind : std::uint8_t {
    Harness,     ///< The load client against a participant, without skald: the limit of the tools.
    Waiting,     ///< Each client starts a saga, waits for its end, and starts the next.
    Null,        ///< The same against the null coordinator.
    Firing,      ///< Clients start sagas as fast as they are accepted, then all must end.
    InFlight,    ///< Many calls wait for their answers at the same time.
    Idle,        ///< Nothing happens.
    Ready,       ///< From exec to the first 200 of /readyz, on a new file.
    Parked,      ///< Sagas that wait for a day, a restart, and others whose time comes.
    Search,      ///< Lists of many finished sagas.
    Recovery,    ///< kill -9 with many live sagas; from exec until ready, and until all are done.
    Publishing,  ///< Each client publishes events, and the next when they are acknowledged.
    Delivering,  ///< Events are published, and delivered to a push and a pull subscriber.
};

/// What skald starts on.
enum class File : std::uint8_t {
    New,
    Filled,  ///< It holds many finished sagas.
};

enum class Shape : std::uint8_t {
    Line,    ///< Three steps.
    Graph,   ///< Eight, of which up to three at once.
    Events,  ///< Three, each an event that is answered by an event (event_services.h).
};

struct Scenario {
    std::string_view name;
    std::string_view title;
    Kind kind;
    std::size_t clients = 1;
    std::string_view first = "ok";  ///< Path of the first step at the participant.
    std::string_view third = "ok";
    std::string_view end_status = "completed";
    Shape shape = Shape::Line;
    File file = File::New;
    std::size_t batch = 1;         ///< Starts, or events, in one request.
    std::uint64_t per_second = 0;  ///< Of Kind::Delivering; 0: as many as are delivered.
};

const std::vector<Scenario>& scenarios();
/// Null: no such name.
const Scenario* find_scenario(std::string_view name);

/// The definition `bench`: steps by HTTP, the last the pivot. Of three steps, each has a port of
/// its own.
std::string definition_json(const Scenario& scenario, const std::vector<std::uint16_t>& ports);
/// A start of it, or a batch of so many; each holds kNumberMark.
std::string start_json(std::size_t batch = 1);
/// An event, or a batch of so many, each of whose ids is kNumberMark.
std::string event_json(std::size_t batch);

}  // namespace skald::benchmark
