#pragma once

#include <cstddef>
#include <vector>

#include "api/cloud_event.h"
#include "api/parsed.h"
#include "api/route.h"
#include "sagas/json.h"
#include "sagas/time.h"

namespace skald::api {

inline constexpr std::size_t kEventBatchMax = 1'000;

/// What one request publishes.
struct SentEvents {
    std::vector<sagas::Json> events;  ///< As read_cloud_event gives them; one at least.
    enum class Way : std::uint8_t { Structured, Batch, Binary } way = Way::Structured;

    /// Of the event at `position`, in the body: "/3" in a batch, else "".
    std::string pointer(std::size_t position) const;
};

/// Reads a request in one of the three ways of the CloudEvents HTTP binding 1.0.
///
/// Structured (`application/cloudevents+json`): the body is the event. Batch
/// (`application/cloudevents-batch+json`): an array of them. Binary: attributes are headers that
/// begin with "ce-", percent-encoded; the body is the data, whose type is the Content-Type. JSON
/// becomes `data`, text in UTF-8 a string as `data`, the rest `data_base64`.
///
/// Problems: MalformedJson, InvalidRequest with everything that is wrong, BodyTooLarge (an event
/// over sagas::kEventBytesMax), UnsupportedMediaType.
Parsed<SentEvents> read_sent_events(const Request& request, sagas::Timestamp now,
                                    EventsFrom from = EventsFrom::Anybody);

}  // namespace skald::api
