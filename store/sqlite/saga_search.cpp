#include <algorithm>
#include <limits>
#include <string>
#include <utility>

#include "sagas/check.h"
#include "store/sqlite/reader.h"
#include "store/sqlite/reading.h"
#include "store/sqlite/saga_rows.h"

/// Lists and counts: walks along an index, newest first, in pieces that are short enough for the
/// gate of the readers (some milliseconds), each on a snapshot of its own.
namespace skald::store::sqlite {
namespace {

constexpr std::uint32_t kListMax = 200;
constexpr std::uint32_t kPieceRows = 5'000;
constexpr std::int64_t kAboveAll = std::numeric_limits<std::int64_t>::max();

/// The sagas of one version, of one status, or all.
struct Walk {
    enum class Along : std::uint8_t { Keys, Definition, Status } along;
    std::int64_t value;  ///< The version's key, or the status.
};

Rows start(ReaderConnection& connection, const Walk& walk, std::int64_t below) {
    switch (walk.along) {
        case Walk::Along::Definition:
            return connection.search_definition.query(below, walk.value);
        case Walk::Along::Status:
            return connection.search_status.query(below, walk.value);
        case Walk::Along::Keys:
            break;
    }
    return connection.search_all.query(below);
}

bool is_wanted(const std::vector<sagas::Status>& statuses, sagas::Status status) {
    return statuses.empty() ||
           std::find(statuses.begin(), statuses.end(), status) != statuses.end();
}

/// The walks that pass every saga which `filter` can select.
std::vector<Walk> walks_for(ReaderConnection& connection, const SagaFilter& filter) {
    std::vector<Walk> walks;
    if (!is_wanted(filter.statuses, sagas::Status::Completed)) {
        for (const sagas::Status status : filter.statuses) {
            const Walk walk{Walk::Along::Status, static_cast<std::int64_t>(status)};
            const auto is_same = [&](const Walk& each) { return each.value == walk.value; };
            if (std::none_of(walks.begin(), walks.end(), is_same)) {
                walks.push_back(walk);
            }
        }
        return walks;
    }
    if (!filter.definition) {
        return {{Walk::Along::Keys, 0}};
    }
    Rows rows = connection.versions_of_name.query(*filter.definition, filter.version);
    while (rows.next()) {
        walks.push_back({Walk::Along::Definition, rows.integer(0)});
    }
    return walks;
}

/// Keys are given in the order of the starts: the first key that is too new for `before`.
std::int64_t first_key_from(ReaderConnection& connection, Timestamp before) {
    std::int64_t low = 1;  // Everything below it is older.
    std::int64_t high = 1;
    {
        Rows rows = connection.newest.query();
        rows.next();
        high = rows.integer(0) + 1;
    }
    while (low < high) {
        const std::int64_t middle = low + (high - low) / 2;
        Rows rows = connection.started_at.query(middle);
        if (rows.next() && rows.time(1) >= before) {
            high = rows.integer(0);
        } else {
            low = middle + 1;
        }
    }
    return low;
}

/// One walk, in pieces.
class Search {
 public:
    Search(const SagaFilter& filter, const Walk& walk, std::int64_t below)
        : filter_(filter), walk_(walk), below_(below) {}

    /// Goes on for at most `most` sagas; `each(rows)` says whether to go on after a saga.
    template <typename Each>
    Result<void> pass(ReaderConnection& connection, std::uint32_t most, const Each& each) {
        Rows rows = start(connection, walk_, below_);
        for (; most > 0 && !has_enough_; --most) {
            if (!rows.next() ||
                (filter_.started_from && rows.time(kStartedAtColumn) < *filter_.started_from)) {
                is_over_ = true;
                return {};
            }
            below_ = rows.integer(kKeyColumn);
            const auto goes_on = each(rows);
            if (!goes_on) {
                return tl::unexpected(goes_on.error());
            }
            has_enough_ = !*goes_on;
        }
        return {};
    }

    /// The same in as many pieces as it takes.
    template <typename Each>
    Result<void> run(ReaderPool& pool, std::uint32_t most, const Each& each) {
        while (most > 0 && !is_over_ && !has_enough_) {
            const std::uint32_t piece = std::min(most, kPieceRows);
            Result<void> done = read<void>(pool, "search sagas", [&](ReaderConnection& connection) {
                return pass(connection, piece, each);
            });
            if (!done) {
                return done;
            }
            most -= piece;
        }
        return {};
    }

    bool is_over() const { return is_over_; }
    /// The last key that was looked at; all that it left are below.
    std::int64_t below() const { return below_; }

 private:
    const SagaFilter& filter_;
    Walk walk_;
    std::int64_t below_;
    bool is_over_ = false;
    bool has_enough_ = false;
};

/// Whether the row's labels, as they are stored, hold all of `labels`. Quotes inside stored texts
/// are escaped, so that `"name":"value"` can't be part of one.
bool has_labels(const Rows& rows, const Labels& labels) {
    if (labels.empty()) {
        return true;
    }
    if (rows.is_null(kLabelsColumn)) {
        return false;
    }
    const std::string text = rows.text(kLabelsColumn);
    return std::all_of(labels.begin(), labels.end(), [&text](const auto& label) {
        const std::string pair = Json(label.first).dump() + ":" + Json(label.second).dump();
        return text.find(pair) != std::string::npos;
    });
}

/// The saga of the row, if `filter` selects it.
Result<std::optional<SagaRow>> selected(const Rows& rows, const SagaFilter& filter) {
    const auto status = status_of(rows.integer(kStatusColumn));
    if (!status) {
        return tl::unexpected(status.error());
    }
    if (!is_wanted(filter.statuses, *status) || !has_labels(rows, filter.labels)) {
        return std::nullopt;
    }
    auto row = saga_row(rows, WithInput::No);
    if (!row) {
        return tl::unexpected(row.error());
    }
    return matches(filter, *row) ? std::optional{std::move(*row)} : std::nullopt;
}

std::vector<Search> searches_for(ReaderConnection& connection, const SagaFilter& filter,
                                 std::optional<SagaKey> before) {
    std::int64_t below = before ? static_cast<std::int64_t>(*before) : kAboveAll;
    if (filter.started_before) {
        below = std::min(below, first_key_from(connection, *filter.started_before));
    }
    std::vector<Search> searches;
    for (const Walk& walk : walks_for(connection, filter)) {
        searches.emplace_back(filter, walk, below);
    }
    return searches;
}

/// The newest sagas of several walks.
class Listing {
 public:
    Listing(const SagaFilter& filter, const SagaRange& range) : filter_(filter), range_(range) {}

    /// The first piece of every walk, on one snapshot: most lists are made of these alone, and what
    /// moves from one walk to another is seen once.
    Result<void> begin(ReaderConnection& connection) {
        const Snapshot snapshot(connection);
        searches_ = searches_for(connection, filter_, range_.before);
        const std::uint32_t piece = std::min(share(), std::max(kPieceRows / walks(), 1u));
        for (Search& search : searches_) {
            Result<void> done =
                gather([&](const auto& take) { return search.pass(connection, piece, take); });
            if (!done) {
                return done;
            }
        }
        looked_ = piece;
        return {};
    }
    Result<void> go_on(ReaderPool& pool) {
        for (Search& search : searches_) {
            Result<void> done =
                gather([&](const auto& take) { return search.run(pool, share() - looked_, take); });
            if (!done) {
                return done;
            }
        }
        return {};
    }

    SagaList list() && {
        std::optional<std::int64_t> next;  // Some walk left what is below it.
        for (const Search& search : searches_) {
            if (!search.is_over()) {
                next = std::max(next.value_or(0), search.below());
            }
        }
        if (is_cut_) {
            next = std::max(next.value_or(0), static_cast<std::int64_t>(rows_.back().key));
        }
        SagaList list;
        if (next) {
            std::erase_if(rows_, [&](const SagaRow& row) { return row.key < SagaKey{*next}; });
            list.next = SagaKey{*next};
        }
        list.rows = std::move(rows_);
        return list;
    }

 private:
    std::uint32_t walks() const {
        return static_cast<std::uint32_t>(std::max<std::size_t>(searches_.size(), 1));
    }
    /// How many sagas each walk may look at.
    std::uint32_t share() const { return std::max(range_.looks_max / walks(), 1u); }

    /// Goes on with one walk, by `pass(take)`.
    template <typename Pass>
    Result<void> gather(const Pass& pass) {
        found_ = 0;
        Result<void> done = pass([this](const Rows& rows) { return take(rows); });
        trim();
        return done;
    }

    /// Adds the saga of the row, if it is wanted. False: the walk is below all that can be listed,
    /// or gave as much as that.
    Result<bool> take(const Rows& rows) {
        const bool is_full = rows_.size() >= range_.limit && found_ == 0;
        if (is_full && SagaKey{rows.integer(kKeyColumn)} < rows_.back().key) {
            return false;
        }
        auto row = selected(rows, filter_);
        if (!row) {
            return tl::unexpected(row.error());
        }
        if (*row) {
            rows_.push_back(std::move(**row));
            ++found_;
        }
        return found_ < range_.limit;
    }

    /// Newest first, each once, and no more than are wanted.
    void trim() {
        const auto is_newer = [](const SagaRow& a, const SagaRow& b) { return a.key > b.key; };
        const auto is_same = [](const SagaRow& a, const SagaRow& b) { return a.key == b.key; };
        std::sort(rows_.begin(), rows_.end(), is_newer);
        rows_.erase(std::unique(rows_.begin(), rows_.end(), is_same), rows_.end());
        if (rows_.size() > range_.limit) {
            rows_.resize(range_.limit);
            is_cut_ = true;
        }
    }

    const SagaFilter& filter_;
    const SagaRange& range_;
    std::vector<Search> searches_;
    std::vector<SagaRow> rows_;  ///< Sorted, but for the last found_ ones.
    std::size_t found_ = 0;      ///< By the walk that goes on.
    std::uint32_t looked_ = 0;   ///< By each walk.
    bool is_cut_ = false;        ///< Rows below the last one were dropped.
};

}  // namespace

Result<SagaList> SqliteReader::list(const SagaFilter& filter, const SagaRange& range) const {
    SKALD_CHECK(range.limit >= 1 && range.limit <= kListMax);
    Listing listing(filter, range);
    Result<void> done = read<void>(pool_, "search sagas", [&](ReaderConnection& connection) {
        return listing.begin(connection);
    });
    if (done) {
        done = listing.go_on(pool_);
    }
    if (!done) {
        return tl::unexpected(done.error());
    }
    return std::move(listing).list();
}

Result<FilteredCounts> SqliteReader::counts(const SagaFilter& filter,
                                            std::uint32_t looks_max) const {
    SagaFilter any_status = filter;
    any_status.statuses.clear();
    std::vector<Search> searches;
    Result<void> done =
        read<void>(pool_, "count sagas", [&](ReaderConnection& connection) -> Result<void> {
            searches = searches_for(connection, any_status, std::nullopt);
            return {};
        });
    FilteredCounts found{no_sagas(), FilteredCounts::Extent::All};
    for (std::size_t i = 0; done && i < searches.size(); ++i) {
        const auto share = static_cast<std::uint32_t>(looks_max / searches.size());
        done = searches[i].run(pool_, std::max(share, 1u), [&](const Rows& rows) -> Result<bool> {
            auto row = selected(rows, any_status);
            if (!row) {
                return tl::unexpected(row.error());
            }
            if (*row) {
                ++found.counts.by_status[(*row)->summary.status];
            }
            return true;
        });
        if (!searches[i].is_over()) {
            found.extent = FilteredCounts::Extent::NewestOnly;
        }
    }
    if (!done) {
        return tl::unexpected(done.error());
    }
    return found;
}

}  // namespace skald::store::sqlite
