#pragma once

#include <string>

#include "api/topic_log.h"
#include "engine/subscription_document.h"
#include "sagas/json.h"
#include "sagas/problems.h"

namespace skald::api {

/// A place in a topic, as people say it: behind an offset, at a time, or (none) its end.
using TopicPlace = decltype(engine::SubscriptionDocument::from);

/// The offset behind which it is; never beyond the end, for what is to come would be passed over.
/// A topic that does not exist yet begins with its first event. Errors: Unavailable, Corruption.
sagas::Result<store::Offset> find_place(const TopicLog& log, const std::string& topic,
                                        const TopicPlace& place);

/// "start", "end", an offset, or a time. What is wrong is added to `problems`, at "/from"; then the
/// value means nothing.
TopicPlace read_place(const sagas::Json& from, sagas::Problems& problems);

}  // namespace skald::api
