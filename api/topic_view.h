#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "api/document.h"
#include "api/problem.h"
#include "store/store.h"

namespace skald::api {

/// The topic that is a view of the journal (saga_topic.h).
inline constexpr std::string_view kSagaTopic = "skald.sagas";

/// `[a-z][a-z0-9_.-]{0,126}`
bool is_topic_name(std::string_view name);
inline constexpr std::string_view kTopicNameRule =
    "must be 1 to 127 lower case letters, digits, \".\", \"_\" or \"-\", and start with a letter";

/// InvalidRequest where `name` breaks the rule, else ReservedTopic where it is the server's own;
/// none: others may write to it.
std::optional<Problem> refuse_topic(std::string_view name);

/// InvalidRequest where `name` breaks the rule, else TopicNotFound.
Problem no_such_topic(std::string_view name, std::optional<std::uint32_t> version);

/// {name, version?, created_at, first, last, bytes}: `version` of its document, where it has one.
Document topic_item(const store::TopicRow& row);
/// The same with `document`, where it has one.
Document topic_document(const store::TopicRow& row);

/// {name, last, read_only}: of kSagaTopic.
Document saga_topic_item(store::Position last);

}  // namespace skald::api
