#include "tests/events/books.h"

#include <utility>

namespace skald::events {
namespace {

constexpr std::size_t kTold = 10;

std::string text_of(const EventName& event) {
    return event.subject + '/' + std::to_string(event.number);
}

}  // namespace

void Faults::add(std::uint64_t& count, const std::string& what) {
    ++count;
    if (told_.size() < kTold) told_.push_back(who_ + ": " + what);
}

Books::Page& Books::page_of(Pages& pages, std::uint64_t number) {
    if (number >= pages.size()) pages.resize(number + 1);
    return pages[number];
}

void Books::enter(const Entry& entry) {
    switch (entry.saw) {
        case Saw::Began:
            ++lives_;
            break;
        case Saw::Given:
            give(entry);
            break;
        case Saw::Acknowledging:
            page_of(subjects_[entry.event.subject], entry.event.number).is_acknowledging = true;
            break;
        case Saw::Settled:
            page_of(subjects_[entry.event.subject], entry.event.number).is_settled = true;
            break;
        case Saw::Wrong:
            faults_.wrong(text_of(entry.event) + ": " + entry.note);
            break;
    }
}

void Books::give(const Entry& entry) {
    Pages& pages = subjects_[entry.event.subject];
    Page& page = page_of(pages, entry.event.number);
    if (way_ == Way::Pulled && page.is_settled) {
        faults_.wrong(text_of(entry.event) + " came again after its acknowledgement was answered");
    }
    if (++page.given == 1) {
        check_first(pages, entry);
        page.place = entry.place;
        page.note = entry.note;
        ++events_;
    } else {
        ++repeats_;
        if (page.place != entry.place) {
            faults_.wrong(text_of(entry.event) + " is at place " + std::to_string(page.place) +
                          " and at " + std::to_string(entry.place));
        }
        if (page.note != entry.note) {
            faults_.wrong(text_of(entry.event) + " came as " + page.note + " and as " + entry.note);
        }
    }
    if (way_ == Way::Relayed) stream_.insert(entry.place);
}

void Books::check_first(Pages& pages, const Entry& entry) {
    // A consumer of a stream is given what it left open later than what is new: there the places
    // tell the order.
    if (way_ == Way::Relayed || entry.event.number <= 1) return;
    const Page& before = pages[entry.event.number - 1];
    if (!before.is_acknowledging) {
        faults_.wrong(text_of(entry.event) + " came before the one before it was " +
                      (before.given == 0 ? "given" : "acknowledged"));
    }
}

void Books::close(const Published& published) {
    for (const auto& [subject, count] : published) {
        Pages& pages = subjects_[subject];
        for (std::uint64_t number = 1; number <= count; ++number) {
            const Page& page = page_of(pages, number);
            const std::string name = text_of({subject, number});
            if (page.given == 0) {
                faults_.lost(name + " never came");
            } else if (number > 1 && pages[number - 1].given != 0 && page.place != 0 &&
                       page.place <= pages[number - 1].place) {
                faults_.wrong(name + " is at a lower place than the one before it");
            }
        }
    }
    for (const auto& [subject, pages] : subjects_) {
        const auto found = published.find(subject);
        const std::uint64_t count = found == published.end() ? 0 : found->second;
        for (std::uint64_t number = count + 1; number < pages.size(); ++number) {
            if (pages[number].given == 0) continue;
            faults_.wrong(text_of({subject, number}) + " came, which nobody published to it");
        }
    }
    if (way_ == Way::Relayed) check_stream();
}

void Books::check_stream() {
    if (stream_.empty() || (*stream_.begin() == 1 && *stream_.rbegin() == stream_.size())) return;
    faults_.lost("places of the stream were skipped: " + std::to_string(stream_.size()) +
                 " came, from " + std::to_string(*stream_.begin()) + " to " +
                 std::to_string(*stream_.rbegin()));
}

}  // namespace skald::events
