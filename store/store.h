#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "store/events.h"
#include "store/keys.h"
#include "store/subscriptions.h"

/// Durable state. The journal is the truth from which sagas are folded; everything else here serves
/// search, and can be made again from it.
///
/// There is one Writer, used by one thread at a time, and any number of Readers.
namespace skald::store {

using Labels = std::map<std::string, std::string>;

// ---- What is written ---------------------------------------------------------------------------

enum class IdOrigin : std::uint8_t { Ours, Client };

/// A saga's first row and its journal's (seq 1).
struct NewSaga {
    SagaKey key;     ///< Chosen by the caller: above every key there was (Reader::last_keys).
    std::string id;  ///< Public.
    IdOrigin id_origin;
    DefinitionKey definition;
    Timestamp started_at;
    std::optional<Timestamp> deadline_at;
    Value input;
    Labels labels;
    /// Of the whole start request, canonical; tells a repeated id from a taken one. Kept where the
    /// id is the Client's.
    std::string body_hash;
    std::optional<SagaKey> parent;  ///< Of a child: it is kept as long as its parent is not over.
    Record begun;                   ///< Cause Begin; holds the Idempotency-Key where one was sent.
};

/// The key of the request that started a saga; null: none was sent.
const sagas::RequestKey* request_key(const Record& begun);

/// The request key of the one saga that may replay the saga `id`. It outlives its saga as a
/// tombstone, so that nothing is replayed twice because its replay was deleted first. No client can
/// send it, for it has control characters.
std::string replay_key(std::string_view id);
bool is_replay_key(std::string_view key);

struct Append {
    SagaKey saga;
    std::uint32_t seq;  ///< From 1 (NewSaga's), gap-free per saga.
    Record record;
};

/// What search needs to know of a saga; written when it changed.
struct Summary {
    SagaKey saga;
    sagas::Status status;
    std::optional<Timestamp> ended_at;       ///< Terminal statuses.
    std::optional<Timestamp> failing_since;  ///< Some step's tries go wrong since.
    std::string last_error;                  ///< Of `last_step`; else empty.
    std::string last_step;
    bool operator==(const Summary&) const = default;
};

/// Registers a version, unless `source` equals the latest one's.
struct PutDefinition {
    std::string name;
    std::string source;  ///< As given, in canonical JSON (sorted members, compact).
    std::string filled;  ///< With its defaults filled in, canonical.
    /// Needed latest version: none: any; 0: there must be no (undeleted) definition of that name.
    std::optional<std::uint32_t> if_version;
    Timestamp at;
    /// For its triggers; they are written where this makes a version, or brings one back.
    std::vector<OwnedSubscription> subscriptions = {};
};
/// No new starts, and no triggers; its versions stay for live sagas; PutDefinition brings it back.
struct DeleteDefinition {
    std::string name;
    std::optional<std::uint32_t> if_version;
    Timestamp at;
};

/// A saga that waits for long, and leaves memory. `wake_at`: when it must be back; none: only when
/// somebody asks for it.
struct Park {
    SagaKey saga;
    std::optional<Timestamp> wake_at;
    bool operator==(const Park&) const = default;
};

/// One transaction. Written in this order: definitions, starts, match paths, topics, expectations
/// that are not new, events, told hits, rows, summaries, unparks, parks, expectations that are new,
/// subscriptions; then the same of what it grew by (OnHits). What is about a saga that
/// is gone is left out: one that retention deleted (a late answer may come after that), or whose
/// start lost in an earlier batch. A saga begins Running.
struct Batch {
    std::vector<std::variant<PutDefinition, DeleteDefinition>> definitions;
    std::vector<NewSaga> starts;
    std::vector<Append> rows;
    std::vector<Summary> summaries;
    std::vector<SagaKey> unparks;  ///< Sagas that are in memory again.
    std::vector<Park> parks;
    std::vector<sagas::MatchPath> match_paths;  ///< For Recovery::match_paths; once each is enough.
    std::vector<PutTopic> topics;
    std::vector<NewExpectation> expectations;  ///< Gone with the end of the saga.
    std::vector<NewEvent> events;
    std::vector<ToldHit> told_hits;
    SubscriptionRows subscriptions;
    bool empty() const;
    /// By what OnHits allows.
    void grow_by(Batch&& more);
};

// ---- What came of it ---------------------------------------------------------------------------

/// The start was written.
struct StartWritten {};
/// Another saga (it may be of the same batch) was started with this key, or holds this id; the key
/// is looked at first. The start left the batch; its rows and summaries too.
struct StartRepeats {
    SagaKey saga;
    std::string id;
    enum class By : std::uint8_t { RequestKey, Id } by;
    /// By RequestKey: the hash in the journal; by Id: NewSaga::body_hash (never the same as that of
    /// a saga whose id is Ours).
    bool is_same_body;
};
/// The id, a Client's, or the replay key belonged to a saga that retention deleted in the last year
/// (a tombstone): it is not run again.
struct StartIdUsed {};
using StartOutcome = std::variant<StartWritten, StartRepeats, StartIdUsed>;

/// By what a repeated start is known.
struct StartIdentity {
    std::optional<sagas::RequestKey> request;
    std::optional<std::string> id;  ///< Where the client chose it.
    std::string body_hash;          ///< As NewSaga::body_hash.
};

struct DefinitionWritten {
    DefinitionKey key;
    std::uint32_t version;
    enum class How : std::uint8_t { NewVersion, EqualToLatest, BroughtBack, Deleted } how;
};
struct DefinitionVersionMismatch {
    std::uint32_t latest;  ///< 0: there is none.
};
struct DefinitionNotFound {};
using DefinitionOutcome =
    std::variant<DefinitionWritten, DefinitionVersionMismatch, DefinitionNotFound>;

enum class Space : std::uint8_t { Plenty, Low };

struct Committed {
    std::vector<StartOutcome> starts;            ///< One for each of Batch::starts.
    std::vector<DefinitionOutcome> definitions;  ///< One for each of Batch::definitions.
    /// Sagas that came to the head of the queue for their lock by this commit: none that was
    /// started before them wants it any more. Of one definition's name and one lock's value, a saga
    /// queues from its start (Begin::lock) to its end (Decision::end).
    std::vector<SagaKey> lock_heads;
    std::vector<TopicOutcome> topics;  ///< One for each of Batch::topics.
    /// One for each of Batch::events; of one that was left out: none.
    std::vector<std::optional<EventWritten>> events;
    /// Of this commit: events of it that were waited for, also by steps that had theirs already (a
    /// reply that came twice), and earlier events that its expectations found.
    std::vector<EventHit> event_hits;
    std::vector<SubscriptionOutcome> subscriptions;  ///< One for each of their `changes`.
    std::vector<BridgeOutcome> bridges;              ///< One for each of `bridges`.
    std::vector<OwnedChange> owned;                  ///< By definitions and bridges of this commit.
    Position last;                                   ///< Of the journal after this commit.
    /// Low: below the watermark of free disk space; refuse new starts until it is Plenty again.
    Space space;
};

/// Called with what a batch's events hit, while nothing of the batch is committed, so that what
/// comes of it goes into the same commit. Gives what is called some time later, before the commit,
/// unless the write fails: then the batch may have grown, at the end of its rows, summaries,
/// unparks, expectations, events and told hits.
using Grow = std::function<void()>;
using OnHits = std::function<Grow(std::vector<EventHit>)>;

class Writer {
 public:
    virtual ~Writer() = default;

    /// Makes `batch` durable, whole or not at all: returns after the sync. `on_hits` is called from
    /// within, once at most, and only if there are hits that the batch doesn't tell of yet; what
    /// the batch grew by stays there, however this ends.
    ///
    /// Errors: Unavailable: the disk is full (or the file is locked by another process); nothing
    /// was written, and the same batch must be tried again, before any other. Corruption: anything
    /// else; whether the batch is durable is unknown, and the process must stop without answering.
    virtual Result<Committed> write(const Batch& batch, const OnHits& on_hits) = 0;
    Result<Committed> write(const Batch& batch) { return write(batch, {}); }

    /// One slice of housekeeping, between batches: checkpoints; deletion of what `Retention` says;
    /// at most some milliseconds, but for a checkpoint that waits for readers (200 ms at most).
    /// True: there is more to do now. Looks for what to delete once a second of `now`. Errors as
    /// `write`.
    virtual Result<bool> maintain(Timestamp now) = 0;
};

/// For how long sagas are kept after they ended. None: for ever. Those with a request key are kept
/// at least 24 h; stuck ones always.
struct Retention {
    std::optional<Milliseconds> completed, compensated, abandoned;
};

// ---- What is read ------------------------------------------------------------------------------

/// The row of a saga.
struct SagaRow {
    SagaKey key;
    std::string id;
    DefinitionKey definition_key;
    std::string definition;
    std::uint32_t version;
    Timestamp started_at;
    std::optional<Timestamp> deadline_at;
    Value input;  ///< Null pointer in lists.
    Labels labels;
    std::string body_hash;  ///< Empty where the id is Ours.
    std::optional<SagaKey> parent;
    Summary summary;
};

struct JournalRow {
    std::uint32_t seq;
    Position position;
    Record record;
};

struct DefinitionRow {
    DefinitionKey key;
    std::string name;
    std::uint32_t version;
    std::string source;
    std::string filled;
    Timestamp created_at;
    enum class State : std::uint8_t {
        Active,
        Deleted
    } state;  ///< Of the name, not of the version.
};

/// Which sagas are meant. Absent members select everything.
struct SagaFilter {
    std::vector<sagas::Status> statuses;  ///< Empty: all.
    std::optional<std::string> definition;
    std::optional<std::uint32_t> version;  ///< Only with `definition`.
    Labels labels;                         ///< Each of them.
    std::optional<Timestamp> started_from, started_before;
    std::optional<std::string> step;         ///< Summary::last_step.
    std::optional<std::string> error;        ///< Part of Summary::last_error.
    std::optional<Timestamp> failing_since;  ///< Summary::failing_since is at most that.
    bool operator==(const SagaFilter&) const = default;
};

/// A piece of a list, newest first.
struct SagaRange {
    std::optional<SagaKey> before;        ///< The cursor: only keys below it.
    std::uint32_t limit = 50;             ///< 1 to 200.
    std::uint32_t looks_max = 1'000'000;  ///< Give up after about so many sagas.
};

/// Whether `filter` selects the saga.
bool matches(const SagaFilter& filter, const SagaRow& saga);

struct SagaList {
    std::vector<SagaRow> rows;
    /// Where the list goes on: only keys below it are left. None: there is nothing behind `rows`.
    std::optional<SagaKey> next;
};

struct Counts {
    std::map<sagas::Status, std::uint64_t> by_status;  ///< Each status has its entry.
};
Counts no_sagas();

struct FilteredCounts {
    Counts counts;
    enum class Extent : std::uint8_t {
        All,
        NewestOnly,  ///< There were more than could be looked at.
    } extent;
};

/// Where a saga stands in the queue for its lock.
struct LockPlace {
    std::string head;      ///< The id of the first one; its own, where it holds the lock.
    std::uint64_t before;  ///< How many stand before it; counted to 1,000 at most.
};

/// A row of the journal of all sagas.
struct FeedRow {
    JournalRow row;
    SagaRow saga;  ///< As it is now, without input.
};
struct FeedPage {
    std::vector<FeedRow> rows;
    bool is_cut = false;  ///< By their number or size: there may be more behind them.
};

struct LastKeys {
    SagaKey saga;                 ///< The highest ever given, deleted ones too; 0: none.
    std::optional<Timestamp> at;  ///< The latest in the journal, rows of deleted sagas too.
};

/// Reads what is committed. Each call sees one snapshot.
///
/// Threads: any number at once; a call may wait up to some 200 ms while the log is recycled.
/// Errors of every member: NotFound where said; Unavailable when it waited too long or was
/// interrupted (try again); Corruption.
class Reader {
 public:
    virtual ~Reader() = default;

    virtual Result<SagaRow> saga(std::string_view id) const = 0;  ///< NotFound.
    virtual Result<SagaRow> saga(SagaKey key) const = 0;          ///< NotFound.
    /// Rows with seq > `after`, in order, at most `limit` rows.
    virtual Result<std::vector<JournalRow>> journal(SagaKey saga, std::uint32_t after,
                                                    std::uint32_t limit) const = 0;
    /// What the start of a saga with this key, or this id of a client's, would repeat; the key is
    /// looked at first. NotFound: nothing.
    virtual Result<StartRepeats> repeated_start(const StartIdentity& start) const = 0;
    /// Looks through the sagas in pieces, each of one snapshot.
    virtual Result<SagaList> list(const SagaFilter& filter, const SagaRange& range) const = 0;
    /// Of all sagas.
    virtual Result<Counts> counts() const = 0;
    /// Of the sagas that `filter` selects, whatever its `statuses` say; of the newest ones, where
    /// there are more than about `looks_max` to look at. In pieces, each of one snapshot.
    virtual Result<FilteredCounts> counts(const SagaFilter& filter,
                                          std::uint32_t looks_max) const = 0;
    /// Rows behind `after`, of all sagas that are not deleted, in the order of commits: at most
    /// `limit`, and fewer where they are large (at least one).
    virtual Result<FeedPage> feed(Position after, std::uint32_t limit) const = 0;
    /// Of the journal's last row; 0: none.
    virtual Result<Position> last_position() const = 0;
    /// Parked sagas that must be back by `until`, the earliest first.
    virtual Result<std::vector<Park>> parked(Timestamp until, std::uint32_t limit) const = 0;
    /// NotFound: it wants no lock, or is over.
    virtual Result<LockPlace> lock_place(SagaKey saga) const = 0;

    /// Version none: the latest. NotFound: no such name or version (a deleted one is found, with
    /// its state).
    virtual Result<DefinitionRow> definition(std::string_view name,
                                             std::optional<std::uint32_t> version) const = 0;
    virtual Result<DefinitionRow> definition(DefinitionKey key) const = 0;
    /// The latest version of each name that is not deleted, by name, from above `after` on.
    virtual Result<std::vector<DefinitionRow>> definitions(std::string_view after,
                                                           std::uint32_t limit) const = 0;

    /// Version none: the latest document. NotFound: no such topic, or version.
    virtual Result<TopicRow> topic(std::string_view name,
                                   std::optional<std::uint32_t> version) const = 0;
    /// By name, from above `after` on.
    virtual Result<std::vector<TopicRow>> topics(std::string_view after,
                                                 std::uint32_t limit) const = 0;
    /// Behind `after`, in order: at most `limit`, and fewer where they are large (at least one).
    /// NotFound: no such topic.
    virtual Result<EventPage> events(std::string_view topic, Offset after,
                                     std::uint32_t limit) const = 0;
    /// The last one that was written before `at`; 0: none that is kept. NotFound: no such topic.
    virtual Result<Offset> offset_before(std::string_view topic, Timestamp at) const = 0;

    virtual Result<SubscriptionRow> subscription(std::string_view name) const = 0;  ///< NotFound.
    /// By name, from above `after` on.
    virtual Result<std::vector<SubscriptionRow>> subscriptions(std::string_view after,
                                                               std::uint32_t limit) const = 0;
    /// Behind `after`, in order: at most `limit`, and fewer where they are large (at least one).
    virtual Result<std::vector<DeadLetter>> dead_letters(SubscriptionKey subscription, Offset after,
                                                         std::uint32_t limit) const = 0;
    virtual Result<BridgeRow> bridge(std::string_view name) const = 0;  ///< NotFound.
    /// By name, from above `after` on.
    virtual Result<std::vector<BridgeRow>> bridges(std::string_view after,
                                                   std::uint32_t limit) const = 0;
};

/// What the engine reads once, when it starts, before anything writes.
class Recovery {
 public:
    virtual ~Recovery() = default;
    virtual Result<LastKeys> last_keys() const = 0;
    /// Heads of the queues for locks (Committed::lock_heads) whose journal has no LockGranted.
    virtual Result<std::vector<SagaKey>> lock_heads() const = 0;
    /// Hits of events that no ToldHit was written for.
    virtual Result<std::vector<EventHit>> event_hits() const = 0;
    virtual Result<std::vector<sagas::MatchPath>> match_paths() const = 0;
    virtual Result<std::vector<StoredSubscription>> subscriptions() const = 0;
    /// Calls `each` for every saga that is neither terminal nor parked, oldest first, with its
    /// whole journal; stops at the first error that `each` gives. `each` may read the store.
    virtual Result<void> live_sagas(
        const std::function<Result<void>(SagaRow, std::vector<JournalRow>)>& each) const = 0;
};

/// What a look at the whole store found.
struct Examination {
    std::string sqlite_version;  ///< Empty: there is no SQLite.
    std::uint64_t schema = 0;
    std::uint64_t file_bytes = 0, wal_bytes = 0, free_bytes = 0;
    // With Depth::Whole.
    bool is_whole = false;
    std::uint64_t sagas = 0;
    std::uint64_t orphans = 0;        ///< Rows whose saga, or subscription, is not there.
    std::vector<std::string> faults;  ///< What is broken, for people; some of it, if it is much.
};
/// Surface: sizes and versions. Whole: reads everything; seconds a gigabyte, during which the log
/// can't be recycled.
enum class Depth : std::uint8_t { Surface, Whole };

/// A store that was opened. The three faces are of one object each and live as long as it.
class Store {
 public:
    virtual ~Store() = default;
    virtual Writer& writer() = 0;
    virtual const Reader& reader() const = 0;
    virtual const Recovery& recovery() const = 0;
    /// For metrics: bytes of the write-ahead log now. Threads: any.
    virtual std::uint64_t wal_bytes() const = 0;

    /// Copies everything, as it is at one moment, to the new file `file`, while work goes on: in
    /// slices of the Writer's housekeeping. `done` comes once, on any thread, when the copy is
    /// complete, but neither checked nor durable yet; it must be quick. Errors: Conflict: another
    /// copy is being made. Unavailable: the file can't be written; nothing is left of it.
    /// InvalidArgument: this store can't be copied. Threads: any.
    virtual void copy_to(std::string file, std::function<void(Result<void>)> done) = 0;

    /// Threads: any; one at a time with Depth::Whole. Errors: Unavailable: somebody else looks, or
    /// it was stopped. Corruption: it can't be read.
    virtual Result<Examination> examine(Depth depth) = 0;
    /// Breaks off an examination that goes on, and lets no other begin. Threads: any.
    virtual void stop_examining() = 0;
};

}  // namespace skald::store
