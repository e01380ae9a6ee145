#include "tests/simulation/onlooker.h"

#include <charconv>
#include <string_view>

#include "sagas/json.h"

namespace skald::simulation {
namespace {

constexpr std::uint32_t kAllStands = 1'000;

std::int64_t number_in(std::string_view text) {
    std::int64_t number = -1;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
}

/// "12-15,17".
std::vector<std::pair<std::int64_t, std::int64_t>> ranges_in(std::string_view text) {
    std::vector<std::pair<std::int64_t, std::int64_t>> ranges;
    while (!text.empty()) {
        const std::size_t end = text.find(',');
        const std::string_view range = text.substr(0, end);
        const std::size_t dash = range.find('-');
        const std::string_view last = dash == range.npos ? range : range.substr(dash + 1);
        ranges.emplace_back(number_in(range), number_in(last));
        text = end == text.npos ? std::string_view() : text.substr(end + 1);
    }
    return ranges;
}

sagas::Result<std::string> id_of(const std::string& text, EventIds& ids) {
    const auto known = ids.find(text);
    if (known != ids.end()) return known->second;
    const auto event = sagas::parse_json(text);
    if (!event) return tl::unexpected(event.error());
    return ids.emplace(text, event->value("id", std::string())).first->second;
}

sagas::Result<std::vector<Stand::Letter>> letters_of(const store::Reader& reader,
                                                     store::SubscriptionKey key, EventIds& ids) {
    std::vector<Stand::Letter> letters;
    for (store::Offset after{0};;) {
        const auto page = reader.dead_letters(key, after, kAllStands);
        if (!page) return tl::unexpected(page.error());
        if (page->empty()) return letters;
        for (const store::DeadLetter& letter : *page) {
            auto id = id_of(letter.event, ids);
            if (!id) return tl::unexpected(id.error());
            letters.push_back({static_cast<std::int64_t>(letter.offset), letter.attempts,
                               letter.is_revived, std::move(*id)});
            after = letter.offset;
        }
    }
}

}  // namespace

sagas::Result<Stands> read_stands(const store::Reader& reader, EventIds& ids) {
    const auto rows = reader.subscriptions("", kAllStands);
    if (!rows) return tl::unexpected(rows.error());
    Stands stands;
    for (const store::SubscriptionRow& row : *rows) {
        Stand stand{row.name,
                    row.owner,
                    row.topic,
                    row.version,
                    row.source,
                    static_cast<std::int64_t>(row.cursor),
                    ranges_in(row.settled),
                    {}};
        if (row.dead_letters > 0) {
            auto letters = letters_of(reader, row.key, ids);
            if (!letters) return tl::unexpected(letters.error());
            stand.letters = std::move(*letters);
        }
        stands.emplace(static_cast<std::int64_t>(row.key), std::move(stand));
    }
    return stands;
}

void Onlooker::look(const store::Reader& reader) {
    auto stands = read_stands(reader, ids_);
    if (!stands || *stands == last_) return;
    last_ = *stands;
    see_(StandsSeen{std::move(*stands)});
}

}  // namespace skald::simulation
