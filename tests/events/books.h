#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "tests/events/ledger.h"

namespace skald::events {

/// Faults, of which the first ones are told and all are counted. Threads: one.
class Faults {
 public:
    explicit Faults(std::string who) : who_(std::move(who)) {}

    /// What was acknowledged and is not there.
    void lost(const std::string& what) { add(lost_, what); }
    /// Everything else that must not be.
    void wrong(const std::string& what) { add(wrong_, what); }

    std::uint64_t losses() const { return lost_; }
    std::uint64_t wrongs() const { return wrong_; }
    const std::vector<std::string>& told() const { return told_; }

 private:
    void add(std::uint64_t& count, const std::string& what);

    const std::string who_;
    std::uint64_t lost_ = 0;
    std::uint64_t wrong_ = 0;
    std::vector<std::string> told_;
};

/// How many events of each subject were published, which are its numbers.
using Published = std::map<std::string, std::uint64_t>;

/// How events reach a subscriber, and so what must hold of its ledger.
enum class Way : std::uint8_t {
    Pulled,   ///< Never again once its acknowledgement was answered.
    Pushed,   ///< May come again: the answer may have been lost. Its webhook-id stays the same.
    Relayed,  ///< Read from a broker's stream, where each event is once, in order, with no gap.
};

/// Holds what one subscriber saw against the rules: of a subject no event comes before the one
/// before it was acknowledged, and each stays at its place. Threads: one.
class Books {
 public:
    Books(std::string who, Way way) : way_(way), faults_(std::move(who)) {}

    void enter(const Entry& entry);
    /// At the end: that nothing is missing.
    void close(const Published& published);

    Way way() const { return way_; }
    std::uint64_t events() const { return events_; }  ///< Each counts once.
    std::uint64_t repeats() const { return repeats_; }
    std::uint64_t lives() const { return lives_; }
    const Faults& faults() const { return faults_; }

 private:
    struct Page {
        std::uint32_t given = 0;
        bool is_acknowledging = false;
        bool is_settled = false;
        std::uint64_t place = 0;
        std::string note;
    };
    using Pages = std::vector<Page>;  ///< By number, from 1.

    static Page& page_of(Pages& pages, std::uint64_t number);
    void give(const Entry& entry);
    void check_first(Pages& pages, const Entry& entry);
    void check_stream();

    const Way way_;
    Faults faults_;
    std::map<std::string, Pages> subjects_;
    std::set<std::uint64_t> stream_;  ///< Places of Way::Relayed.
    std::uint64_t events_ = 0;
    std::uint64_t repeats_ = 0;
    std::uint64_t lives_ = 0;
};

}  // namespace skald::events
