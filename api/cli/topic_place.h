#pragma once

#include <string>

#include "api/document.h"
#include "sagas/result.h"
#include "sagas/time.h"

namespace skald::cli {

/// A place in a topic: "start", "end", an offset (which comes first), or what read_moment takes. As
/// the server takes it: a text, or the offset behind which it is. Errors: InvalidArgument.
sagas::Result<api::Document> read_topic_place(const std::string& text, sagas::Timestamp now);

}  // namespace skald::cli
