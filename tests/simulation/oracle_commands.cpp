#include "tests/simulation/oracle_rules.h"

namespace skald::simulation::oracle {
namespace {

std::string_view type_of(Verb verb) {
    switch (verb) {
        case Verb::Cancel:
            return "cancelled";
        case Verb::Retry:
            return "retried";
        case Verb::Resolve:
            return "resolved";
        case Verb::Abandon:
            return "abandoned";
        case Verb::Suspend:
            return "suspended";
        case Verb::Resume:
            break;
    }
    return "resumed";
}

/// acknowledged-command: what was applied is in the journal, once; what was refused is not.
class Commands {
 public:
    Commands(const History& history, const Facts& facts, Breaches& breaches)
        : history_(history), facts_(facts), breaches_(breaches) {
        for (const auto& [number, command] : facts.commands()) {
            if (!command.asked->key.empty()) by_key_.emplace(command.asked->key, number);
        }
    }

    void judge() {
        for (const Seen& seen : history_.seen) {
            if (const auto* answered = std::get_if<Answered>(&seen.what)) answer(*answered);
            if (const auto* started = std::get_if<Started>(&seen.what)) read(started->journals);
        }
        read(history_.journals);
        for (const auto& [number, command] : facts_.commands()) judge_refused(number, command);
    }

 private:
    struct Record {
        bool is_applied = false;
        std::uint32_t refused = 0;
        std::uint32_t rows = 0;
    };

    void fault(const Asked& asked, const std::string& text) {
        breaches_.add("acknowledged-command", asked.saga, asked.key + " " + text);
    }

    void answer(const Answered& answered) {
        using How = Answered::How;
        const auto found = facts_.commands().find(answered.number);
        if (found == facts_.commands().end()) {
            breaches_.add("acknowledged-command", "",
                          "command " + std::to_string(answered.number) + " was never asked");
            return;
        }
        Record& record = records_[answered.number];
        if (answered.how == How::Applied) {
            record.is_applied = true;
            unseen_.push_back(found->second.asked);
        } else if (answered.how != How::AlreadySo) {  // Whose row may only bind the key.
            ++record.refused;
        }
        if (answered.how == How::Refused && record.rows > 0) {
            fault(*found->second.asked, "was refused, but a repeat of what had been done");
        }
    }

    void read(const Journals& journals) {
        for (const auto& [saga, rows] : journals) {
            std::size_t& read = rows_read_[saga];
            for (read = std::max<std::size_t>(read, 1); read < rows.size(); ++read) {
                if (!rows[read].request_key.empty()) add(saga, rows[read]);
            }
        }
        for (const Asked* asked : unseen_) {
            if (!asked->key.empty() && records_[asked->number].rows == 0) {
                fault(*asked, "was applied, and is not in the journal");
            }
        }
        unseen_.clear();  // What was in the store once is I5's to keep.
    }

    void add(const std::string& saga, const JournalRow& row) {
        const auto found = by_key_.find(row.request_key);
        if (found == by_key_.end()) {
            breaches_.add("acknowledged-command", saga, row.request_key + " was never asked");
            return;
        }
        const Asked& asked = *facts_.commands().at(found->second).asked;
        if (asked.saga != saga || type_of(asked.verb) != row.type) {
            fault(asked, "is in a row of saga " + saga + " that is " + row.type);
        }
        if (++records_[asked.number].rows == 2) fault(asked, "is in the journal twice");
    }

    /// A post that got no answer, because of a crash, may be what the row is from.
    void judge_refused(std::uint64_t number, const Command& command) {
        const Record& record = records_[number];
        if (record.rows > 0 && !record.is_applied && record.refused == command.posts) {
            fault(*command.asked, "was refused, and is in the journal");
        }
    }

    const History& history_;
    const Facts& facts_;
    Breaches& breaches_;
    std::unordered_map<std::string_view, std::uint64_t> by_key_;
    std::unordered_map<std::uint64_t, Record> records_;
    std::unordered_map<std::string_view, std::size_t> rows_read_;
    std::vector<const Asked*> unseen_;  ///< Applied since the store was last read.
};

}  // namespace

void judge_commands(const History& history, const Facts& facts, Breaches& breaches) {
    Commands(history, facts, breaches).judge();
}

}  // namespace skald::simulation::oracle
