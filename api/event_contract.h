#pragma once

#include <optional>
#include <string>

#include "api/cloud_event_request.h"
#include "api/problem.h"
#include "api/topic_documents.h"
#include "engine/commands.h"

/// What holds for every event that comes from outside, whichever way it comes.
namespace skald::api {

/// ContractBroken, with what is wrong; none: every event keeps the contract of `topic`.
std::optional<Problem> hold_against_contract(const std::string& topic,
                                             const TopicDocuments::Latest& latest,
                                             const SentEvents& sent);

/// The command that writes them; `done` is left to the caller.
engine::Publish publish_command(const std::string& topic, SentEvents sent);

}  // namespace skald::api
