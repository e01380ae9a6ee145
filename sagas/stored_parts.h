#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sagas/definition.h"
#include "sagas/object_reader.h"
#include "sagas/problems.h"

namespace skald::sagas {

/// Reads the parts of a definition that fill.cpp wrote: what has a default must be there, nothing
/// may be unknown, and no limit of today is applied. What is wrong is reported. Borrows all that it
/// is made from.
class StoredParts {
 public:
    /// `names`: of the steps, to which expressions are bound.
    StoredParts(const std::vector<std::string>& names, Problems& problems)
        : names_(names), problems_(problems) {}

    /// Fields that must be there.
    std::string text(ObjectReader& reader, const char* field);
    bool flag(ObjectReader& reader, const char* field);
    Milliseconds duration(ObjectReader& reader, const char* field);
    RetryPolicy retry(ObjectReader& reader);
    std::vector<OutcomeRule> outcome(ObjectReader& step);

    /// Fields that may be absent.
    std::optional<Template> any_template(ObjectReader& reader, const char* field);
    std::optional<Condition> any_condition(ObjectReader& reader, const char* field);

    /// The members of an object, each a text.
    std::vector<std::pair<std::string, Template>> texts(const Json& json,
                                                        const std::string& pointer);

    /// None: it can't be read.
    std::optional<Trigger> trigger(const Json& json, const std::string& pointer);

    /// What `action` or `compensation` does.
    struct StoredAction {
        Action action;
        std::optional<Milliseconds> awaits;  ///< For how long, where it waits for an event.
    };
    /// None: it can't be read. The other fields of `reader` are left to the caller.
    std::optional<StoredAction> action(ObjectReader& reader);

    /// What a call is tried by.
    struct Tries {
        Milliseconds timeout{10'000};
        Milliseconds callback_timeout{3'600'000};
        RetryPolicy retry;
    };
    /// Of a call that `reader` holds too. A wait, a child and an event without a reply are tried
    /// once.
    Tries tries(ObjectReader& reader, const StoredAction& action);

 private:
    template <typename T>
    T needed(std::optional<T> value, const ObjectReader& reader, const char* field);
    std::optional<HttpCall> http(const Json& json, const std::string& pointer);
    std::optional<StoredAction> wait(const Json& json, const std::string& pointer);
    std::optional<ChildSaga> child(const Json& json, const std::string& pointer);
    std::optional<StoredAction> event(const Json& json, const std::string& pointer);
    /// What a `reply`, or the `event` of a wait, says.
    struct StoredAwaited {
        AwaitedEvent event;
        Milliseconds timeout;
    };
    std::optional<StoredAwaited> awaited(const Json& json, const std::string& pointer);
    std::optional<EventMatch> match(const Json& json, const std::string& pointer);
    /// Of `success` or `failure`; empty: it can't be read.
    std::vector<std::string> types(const Json& json, const std::string& pointer);

    const std::vector<std::string>& names_;
    Problems& problems_;
};

}  // namespace skald::sagas
