#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "store/store.h"
#include "tests/store/sample_sagas.h"

/// Events and what waits for them, to write in tests, and in words.
namespace skald::store::sample {

/// The CloudEvent `id` of /shop, written at at(0).
NewEvent event(const std::string& topic, const std::string& id, std::vector<std::string> keys = {});
NewEvent written_at(NewEvent event, Timestamp when);
/// The saga publishes it.
NewEvent by_saga(NewEvent event, std::int64_t saga);

PutTopic topic(const std::string& name, const std::string& source = "{}");

/// Of an action, from at(0) on.
NewExpectation expectation(std::int64_t saga, std::vector<std::string> keys,
                           sagas::StepIndex step = {});
NewExpectation written_at(NewExpectation expectation, Timestamp when);

ToldHit told(const EventHit& hit);

/// "saga 1, step 0: stock 3 (e-3)", with the event's id, and "undo" after the step of a
/// compensation.
std::string text(const EventHit& hit);
std::vector<std::string> texts(const std::vector<EventHit>& hits);
/// "3", "3 again", "left out".
std::vector<std::string> texts(const std::vector<std::optional<EventWritten>>& written);
/// Of the event.
std::string id_in(const EventRow& row);
/// "OFFSET ID".
std::vector<std::string> texts(const EventPage& page);
/// "new 2", "equal 2", "mismatch, latest 2".
std::string text(const TopicOutcome& outcome);
/// "NAME vVERSION FIRST-LAST".
std::string text(const TopicRow& topic);

}  // namespace skald::store::sample
