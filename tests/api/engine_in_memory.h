#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "api/document.h"
#include "api/route.h"
#include "api/routes.h"
#include "api/services.h"
#include "api/topic_log.h"
#include "api/trigger_starts.h"
#include "engine/coordinator.h"
#include "engine/loader.h"
#include "sagas/answer.h"
#include "store/memory_store.h"

namespace skald::api {

/// A clock that stands until it is moved.
class StandingClock : public engine::Clock {
 public:
    sagas::Timestamp now() const override { return now_; }
    void advance(sagas::Milliseconds time) { now_ += time; }

 private:
    sagas::Timestamp now_ = *sagas::parse_rfc3339("2026-11-21T22:32:28.000Z");
};

/// What the participants say to a request; none: nothing yet.
using Participants = std::function<std::optional<sagas::Answer>(const sagas::Request&)>;

/// A reply with a JSON body.
sagas::Answer reply(int status, const sagas::Json& body = nullptr);

/// The API, the real coordinator and a store in memory, in one thread and without sockets. Time
/// moves only when a wait runs out or `advance` says so.
class EngineInMemory {
 public:
    using Headers = std::vector<std::pair<std::string, std::string>>;

    EngineInMemory();
    ~EngineInMemory();

    /// Everybody answers 200 with {} unless this is set.
    Participants participants;

    /// A request as the transport hands it over, and its answer once it came. `body`: as it is
    /// sent. A stream is not read.
    Reply call(const std::string& method, const std::string& target, const std::string& body = "",
               Headers headers = {});
    /// The same, with what happens between the request and its answer.
    Reply call_while(const std::string& method, const std::string& target, const std::string& body,
                     const std::function<void()>& meanwhile);

    /// The same of a request whose sender goes away before its answer: in the middle of a long wait
    /// (a moment after it began), which is dropped then.
    void call_and_leave(const std::string& method, const std::string& target,
                        const std::string& body = "");

    /// A stream that was answered with, as its reader gets it.
    class OpenStream {
     public:
        /// What comes until it waits for the journal or for time. Its rests are left out.
        std::string read();
        bool is_over() const { return is_over_; }

     private:
        friend class EngineInMemory;
        OpenStream(EngineInMemory& engine, Stream stream)
            : engine_(&engine), stream_(std::move(stream)) {}

        EngineInMemory* engine_;
        Stream stream_;
        bool is_over_ = false;
        std::shared_ptr<bool> is_ready_ = std::make_shared<bool>(true);
        sagas::Timestamp until_{};
    };
    /// Expects that a GET of `target` gives a stream.
    OpenStream open(const std::string& target, Headers headers = {});

    /// Registers {name, steps…} and expects that it worked.
    void put_definition(const sagas::Json& definition);

    /// Until nothing more happens without a participant or time.
    void settle();
    void advance(sagas::Milliseconds time);

    /// Makes every further command Busy.
    void refuse_commands(engine::Busy::Why why = engine::Busy::Why::TooMuch) {
        is_refusing_ = true;
        refusal_ = why;
    }
    void stop_being_ready(std::string why) { why_not_ready_ = std::move(why); }
    /// Participants can't call back.
    void lose_public_url() { services_.has_public_url = false; }

    /// As a topic does whose name's bell is the same.
    void ring(const std::string& topic) { event_bell_.ring(topic); }

    const RouteTable& table() const { return *table_; }
    const store::Reader& reader() const { return store_->reader(); }
    StandingClock& clock() { return clock_; }
    std::vector<sagas::Request> requests;  ///< Of all calls so far.

    /// What comes of every backup, and the names of those that were asked for.
    sagas::Result<MadeBackup> backup_result = MadeBackup{"/backups/a.db", 8'192, 3};
    std::vector<std::string> backups;
    /// What a look at the store finds.
    store::Examination examination{"3.40.1", 1, 8'192, 4'096, 1u << 30, false, 0, 0, {}};
    sagas::Milliseconds wall_clock_ahead{0};

 private:
    class InlineCommitter;
    class ScriptedCaller;
    class AbsentBroker;
    struct NoSecrets : sagas::Secrets {
        std::optional<std::string> find(std::string_view name) const override;
    };

    Answer handle(const std::string& method, const std::string& target, const std::string& body,
                  Headers headers);
    Reply resolve(Answer answer, const std::function<void()>& meanwhile);
    Services services();

    StandingClock clock_;
    const std::unique_ptr<store::Store> store_ = store::make_memory_store();
    engine::Catalog catalog_{store_->reader()};
    engine::Watchers watchers_;
    engine::JournalBell bell_;
    engine::EventBell event_bell_;
    TopicDocuments topics_{store_->reader()};
    Metrics metrics_{"0.0.0", "3.40.1"};
    UuidSource uuids_{clock_};
    const TopicLog topic_log_{store_->reader(), catalog_};
    const StartsByEvents trigger_starts_{{catalog_, true}, uuids_};
    NoSecrets secrets_;
    std::unique_ptr<InlineCommitter> committer_;
    std::unique_ptr<ScriptedCaller> caller_;
    const CallbackTokens callbacks_{CallbackKey{7}, "https://skald.example"};
    std::deque<std::function<void()>> posted_;  ///< By the loader.
    std::unique_ptr<engine::Loader> loader_;
    std::unique_ptr<AbsentBroker> broker_;
    std::unique_ptr<engine::Coordinator> coordinator_;
    std::string why_not_ready_;
    bool is_refusing_ = false;
    engine::Busy::Why refusal_ = engine::Busy::Why::TooMuch;
    bool is_turn_wanted_ = false;
    std::optional<sagas::Timestamp> turn_at_;
    Services services_;
    std::optional<RouteTable> table_;
};

/// The value of a header of a call, or "".
std::string header_of(const sagas::Request& request, const std::string& name);
/// Where the participant of a call calls back: "/v1/callbacks/…".
std::string callback_target(const sagas::Request& request);

/// The reply's body, parsed in the order of its members.
Document body_of(const Reply& reply);
/// Of a header, or "".
std::string header_of(const Reply& reply, const std::string& name);

/// A step of a definition that calls http://127.0.0.1:9000/NAME and is undone by /undo-NAME.
sagas::Json step(const std::string& name);
/// {name, steps}
sagas::Json definition(const std::string& name, const std::vector<sagas::Json>& steps);

}  // namespace skald::api
