#include "engine/loader.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "sagas/answer.h"
#include "sagas/input_schema.h"
#include "sagas/labels.h"
#include "store/restore.h"

namespace skald::engine {
namespace {

using sagas::ErrorCode;
using sagas::Result;

constexpr int kTriesMax = 3;
constexpr std::uint32_t kWholeJournal = std::numeric_limits<std::int32_t>::max();

/// What `read` gives, once it is anything but Unavailable; at the third time in any case.
template <typename Read>
auto read_again(const Read& read) {
    auto result = read();
    for (int tries = 1; tries < kTriesMax && !result; ++tries) {
        if (result.error().code != ErrorCode::Unavailable) break;
        result = read();
    }
    return result;
}

bool is_turned_by_parent(const std::vector<store::JournalRow>& journal) {
    return std::any_of(journal.begin(), journal.end(), [](const store::JournalRow& row) {
        return std::holds_alternative<sagas::ParentTurned>(row.record.cause);
    });
}

/// Why a saga of `definition` can't start with `input`; empty: it can.
std::string find_bad_input(const sagas::Definition& definition, const sagas::Json& input) {
    if (input.dump().size() > sagas::kBodyBytesMax) {
        return "its input is over " + std::to_string(sagas::kBodyBytesMax) + " bytes";
    }
    if (!definition.input_schema) return {};
    const auto problems = definition.input_schema->validate(input);
    if (problems.empty()) return {};
    const sagas::Problem& first = problems.front();
    const std::string place = first.pointer.empty() ? "" : " at " + first.pointer;
    return "its input breaks the input_schema of definition " + definition.name + place + ": " +
           first.detail;
}

class InlineLoader final : public Loader {
 public:
    InlineLoader(LoaderReads reads, std::function<void(std::function<void()>)> post)
        : reads_(reads), post_(std::move(post)) {}

    void load(Name name, std::function<void(Result<Loaded>)> done) override {
        answer(reads_.load(name), std::move(done));
    }
    void load_parked(sagas::Timestamp until, std::uint32_t limit,
                     std::function<void(Result<std::vector<store::Park>>)> done) override {
        answer(reads_.load_parked(until, limit), std::move(done));
    }
    void prepare(ChildOrder order, std::function<void(Result<ChildReady>)> done) override {
        answer(reads_.prepare(order), std::move(done));
    }
    void load_events(std::string topic, store::Offset after, std::uint32_t limit,
                     std::function<void(Result<store::EventPage>)> done) override {
        answer(reads_.load_events(topic, after, limit), std::move(done));
    }
    void prepare_trigger(TriggerOrder order, std::function<void(Result<Start>)> done) override {
        answer(reads_.prepare_trigger(order), std::move(done));
    }

 private:
    template <typename Found>
    void answer(Result<Found> result, std::function<void(Result<Found>)> done) {
        post_([result = std::move(result), done = std::move(done)] { done(result); });
    }

    const LoaderReads reads_;
    const std::function<void(std::function<void()>)> post_;
};

}  // namespace

Result<Loader::Loaded> fold_loaded(Catalog& catalog, store::SagaRow row,
                                   const std::vector<store::JournalRow>& journal) {
    auto version = catalog.of(row.definition_key);
    if (!version) {
        // A saga without its definition: nothing can be made of it.
        const bool is_gone = version.error().code == ErrorCode::NotFound;
        return sagas::fail(is_gone ? ErrorCode::Corruption : version.error().code,
                           "load saga " + row.id + ": " + version.error().message);
    }
    auto saga = store::restore((*version)->definition, row, journal);
    if (!saga) return tl::unexpected(saga.error());
    return Loader::Loaded{std::move(row), std::move(*version), std::move(*saga),
                          static_cast<std::uint32_t>(journal.size()), is_turned_by_parent(journal)};
}

Result<Loader::Loaded> LoaderReads::load(const Loader::Name& name) const {
    return read_again([&]() -> Result<Loader::Loaded> {
        auto row = std::visit([this](const auto& saga) { return reader_.saga(saga); }, name);
        if (!row) return tl::unexpected(row.error());
        const auto journal = reader_.journal(row->key, 0, kWholeJournal);
        if (!journal) return tl::unexpected(journal.error());
        return fold_loaded(catalog_, std::move(*row), *journal);
    });
}

Result<std::vector<store::Park>> LoaderReads::load_parked(sagas::Timestamp until,
                                                          std::uint32_t limit) const {
    return read_again([&] { return reader_.parked(until, limit); });
}

Result<Loader::ChildReady> LoaderReads::prepare(const Loader::ChildOrder& order) const {
    auto version = read_again([&] { return catalog_.pinned(order.definition, order.version); });
    if (!version) return tl::unexpected(version.error());
    const sagas::Definition& definition = (*version)->definition;
    if (std::string bad = find_bad_input(definition, *order.input); !bad.empty()) {
        return sagas::fail(ErrorCode::InvalidArgument, std::move(bad));
    }
    auto labels = sagas::render_labels(definition, *order.input);
    if (!labels) {
        return sagas::fail(ErrorCode::InvalidArgument,
                           "the labels of definition " + definition.name +
                               " can't be made of its input: " + labels.error().message);
    }
    return Loader::ChildReady{std::move(*version), std::move(*labels)};
}

Result<store::EventPage> LoaderReads::load_events(const std::string& topic, store::Offset after,
                                                  std::uint32_t limit) const {
    return read_again([&] { return events_.events(topic, after, limit); });
}

Result<Start> LoaderReads::prepare_trigger(const TriggerOrder& order) const {
    return read_again([&] { return starts_.make_start(order); });
}

std::unique_ptr<Loader> make_inline_loader(const store::Reader& reader, Catalog& catalog,
                                           const EventLog& events, const TriggerStarts& starts,
                                           std::function<void(std::function<void()>)> post) {
    return std::make_unique<InlineLoader>(LoaderReads(reader, catalog, events, starts),
                                          std::move(post));
}

}  // namespace skald::engine
