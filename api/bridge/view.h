#pragma once

#include <string_view>

#include "api/document.h"
#include "api/problem.h"
#include "api/services.h"
#include "api/subscription_view.h"
#include "sagas/result.h"
#include "store/store.h"

namespace skald::api {

/// {name, version, created_at, changed_at, connected, server?, last_error?,
///  out: [{topic, subject, subscription, lag}],
///  in: [{stream, subject, topic, consumer, received, repeated, refused, pending, error?,
///        refusals: [{sequence, subject, why, at}]}], document}
///
/// Errors: Unavailable, Corruption.
sagas::Result<Document> bridge_document(const Services& services, const store::BridgeRow& row,
                                        SubscriptionLags& lags);

/// InvalidRequest where `name` is that of none, else BridgeNotFound.
Problem no_such_bridge(std::string_view name);

/// As the names of definitions.
Problem bad_bridge_name();

}  // namespace skald::api
