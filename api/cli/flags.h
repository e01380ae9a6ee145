#pragma once

#include "api/cli/bridge_commands.h"
#include "api/cli/diff_command.h"
#include "api/cli/graph_command.h"
#include "api/cli/list_command.h"
#include "api/cli/operator_commands.h"
#include "api/cli/publish_command.h"
#include "api/cli/replay_command.h"
#include "api/cli/serve_flags.h"
#include "api/cli/simulate_command.h"
#include "api/cli/start_command.h"
#include "api/cli/subscription_commands.h"
#include "api/cli/tail_command.h"
#include "api/cli/topic_commands.h"
#include "api/cli/watch_command.h"

/// Each adds some commands to the tree, with their texts and flags. What is given is kept in the
/// struct, which must outlive the tree.
namespace skald::cli {

class CommandTree;

struct GivenToServe {
    ServeFlags flags;
    std::string config;
    bool is_printed = false;
};
void add_serve_command(CommandTree& tree, GivenToServe& given);

struct GivenToDefinitions {
    std::vector<std::string> files;
    std::string name;
    std::optional<std::uint32_t> version;
    bool is_strict = false;
    bool asks_server = false;
    DiffOptions diff;
    GraphOptions graph;
    SimulateOptions simulate;
};
/// apply, lint, diff, graph, simulate, definitions.
void add_definition_commands(CommandTree& tree, GivenToDefinitions& given);
/// simulate; called by the one above.
void add_simulate_command(CommandTree& tree, SimulateOptions& given);

struct GivenToSagas {
    StartOptions start;
    std::string wait;
    std::string id;
    WatchOptions watch;
    bool ends_when_stuck = false;
};
/// start, show, watch, history, plan.
void add_saga_commands(CommandTree& tree, GivenToSagas& given);

struct GivenToList {
    ListOptions options;
    std::string since, until;
};
/// ls.
void add_list_command(CommandTree& tree, GivenToList& given);

struct GivenToEvents {
    TopicOptions topics;
    PublishOptions publish;
    TailOptions tail;
    std::string from;
    bool is_json = false;
};
/// topics, publish, tail.
void add_event_commands(CommandTree& tree, GivenToEvents& given);

struct GivenToSubscriptions {
    std::string shown;
    std::string name;
    std::string file;
    std::string from;
    FetchOptions fetch;
    DeadLetterOptions letters;
    bool is_acknowledged = false;
    bool is_replayed = false, is_discarded = false, is_all = false;
};
/// subscriptions.
void add_subscription_commands(CommandTree& tree, GivenToSubscriptions& given);

struct GivenToBridges {
    std::string shown;
    std::string name;
    std::string file;
};
/// bridges.
void add_bridge_commands(CommandTree& tree, GivenToBridges& given);

struct GivenToOperators {
    OperatorOptions options;
    ReplayOptions replay;
    std::string wait;
};
/// cancel, suspend, resume, retry, resolve, abandon, replay.
void add_operator_commands(CommandTree& tree, GivenToOperators& given);

struct GivenToUpkeep {
    std::string file;
    bool is_deep = false;
    std::string shell;
};
/// backup, doctor, completion, man, version.
void add_upkeep_commands(CommandTree& tree, GivenToUpkeep& given);

}  // namespace skald::cli
