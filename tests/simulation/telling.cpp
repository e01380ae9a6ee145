#include <algorithm>
#include <set>
#include <sstream>

#include "tests/simulation/plans.h"
#include "tests/simulation/simulation.h"

/// A run in words, and in one number.
namespace skald::simulation {
namespace {

constexpr std::size_t kBreachesTold = 12;
constexpr std::size_t kSagasTold = 2;

const char* word(Phase phase) { return phase == Phase::Action ? "action" : "undo"; }

std::string words(Place place) {
    const std::string step = "s" + std::to_string(place.step);
    return place.item ? step + "/" + std::to_string(*place.item) : step;
}

std::string words(const CallName& call) {
    return words(call.place()) + " " + word(call.phase) + " #" + std::to_string(call.attempt);
}

const char* word(Word word) {
    static constexpr const char* kWords[] = {"success", "failure", "retry", "unknown"};
    return kWords[static_cast<std::size_t>(word)];
}

const char* word(Verb verb) {
    static constexpr const char* kWords[] = {"cancel",  "retry",   "resolve",
                                             "abandon", "suspend", "resume"};
    return kWords[static_cast<std::size_t>(verb)];
}

/// What one thing that was seen says, and of which saga ("": of all, or none).
struct Line {
    std::string saga;
    std::string text;
};

class Describe {
 public:
    explicit Describe(const History& history) : history_(history) {}

    Line operator()(const Sent& seen) const { return {seen.call.saga, words(seen.call) + " sent"}; }
    Line operator()(const Handled& seen) const {
        static constexpr const char* kDid[] = {"does nothing", "takes effect", "remembers"};
        const char* when = seen.status == 0 ? " is decided, or arrives: " : " arrives: ";
        return {seen.call.saga, "    " + words(seen.call) + when +
                                    kDid[static_cast<std::size_t>(seen.did)] + ", answers " +
                                    (seen.status == 0 ? "nothing" : std::to_string(seen.status))};
    }
    Line operator()(const Told& seen) const {
        std::string what = "not sent";
        if (seen.what == Told::What::Lost) what = "lost";
        if (seen.what == Told::What::Reply) what = std::to_string(seen.status);
        if (seen.retry_after) what += ", retry after " + std::to_string(seen.retry_after->count());
        return {seen.call.saga, words(seen.call) + " told: " + what};
    }
    Line operator()(const CallbackPosted& seen) const {
        return {seen.call.saga, "callback " + std::to_string(seen.number) + " for " +
                                    words(seen.call.place()) + " " + word(seen.call.phase) + ": " +
                                    word(seen.word) + ", decided at " +
                                    std::to_string(seen.decided_at.count())};
    }
    Line operator()(const CallbackAnswered& seen) const {
        static constexpr const char* kHow[] = {"taken", "not taken", "not found", "busy"};
        return {saga_of_callback(seen.number), "callback " + std::to_string(seen.number) + ": " +
                                                   kHow[static_cast<std::size_t>(seen.how)]};
    }
    Line operator()(const Asked& seen) const {
        std::string text =
            std::string("operator ") + std::to_string(seen.number) + ": " + word(seen.verb);
        if (seen.step) text += " " + words(Place{*seen.step, seen.item});
        return {seen.saga, text + (seen.as.empty() ? "" : " as " + seen.as)};
    }
    Line operator()(const Answered& seen) const {
        static constexpr const char* kHow[] = {"applied",  "already so", "refused",
                                               "not live", "busy",       "key mismatch"};
        return {saga_of(seen.number), "operator " + std::to_string(seen.number) + ": " +
                                          kHow[static_cast<std::size_t>(seen.how)]};
    }
    Line operator()(const StartAsked& seen) const {
        return {{}, "start " + std::to_string(seen.number) + " asked"};
    }
    Line operator()(const StartAnswered& seen) const {
        static constexpr const char* kHow[] = {"started", "repeats", "id used", "busy"};
        return {seen.saga, "start " + std::to_string(seen.number) + ": " +
                               kHow[static_cast<std::size_t>(seen.how)] + " " + seen.saga};
    }
    Line operator()(const RestTold& seen) const { return {seen.saga, "told to be " + seen.status}; }
    Line operator()(const Crashed& seen) const {
        static constexpr const char* kHow[] = {"killed", "power lost", "ended itself"};
        return {{},
                std::string("---- ") + kHow[static_cast<std::size_t>(seen.how)] +
                    (seen.while_recovering ? " while recovering" : "")};
    }
    Line operator()(const Started& seen) const {
        return {{}, "---- started, with " + std::to_string(seen.journals.size()) + " sagas"};
    }
    Line operator()(const Journaled& seen) const {
        return {seen.saga, "row " + std::to_string(seen.row.seq) + " is durable: " + seen.row.type};
    }
    Line operator()(const EventsPosted& seen) const {
        std::string text = "post " + std::to_string(seen.number) + " to " + seen.topic + ":";
        for (const auto& event : seen.events) text += " " + event.id + " (" + event.type + ")";
        return {seen.events.empty() ? std::string() : seen.events[0].saga, text};
    }
    Line operator()(const EventsAnswered& seen) const {
        std::string text = "post " + std::to_string(seen.number) + ":";
        for (const auto& each : seen.written) {
            text += " offset " + std::to_string(each.offset) + (each.is_repeat ? " (again)" : "");
        }
        return {saga_of_post(seen.number), text + (seen.written.empty() ? " busy" : "")};
    }
    Line operator()(const EventRead& seen) const {
        return {{}, "read " + std::to_string(seen.name.offset) + " of " + seen.name.topic};
    }
    Line operator()(const Registered& seen) const {
        return {{}, "definition " + std::to_string(seen.definition) + " registered"};
    }
    Line operator()(const ChangeAsked& seen) const {
        static constexpr const char* kWhat[] = {
            "put", "delete", "rewind", "revive", "discard", "put a bridge", "delete a bridge"};
        std::string text = "change " + std::to_string(seen.number) + ": " +
                           kWhat[static_cast<std::size_t>(seen.what)] + " behind " +
                           std::to_string(seen.behind);
        for (const std::int64_t letter : seen.letters) text += " " + std::to_string(letter);
        return {seen.name, text};
    }
    Line operator()(const ChangeAnswered& seen) const {
        static constexpr const char* kHow[] = {"done", "not found", "refused", "busy"};
        return {name_of_change(seen.number), "change " + std::to_string(seen.number) + ": " +
                                                 kHow[static_cast<std::size_t>(seen.how)]};
    }
    Line operator()(const HandedOut& seen) const {
        return {seen.subscription,
                "hands out " + (seen.offset == 0 ? std::string() : std::to_string(seen.offset)) +
                    " (" + seen.id + ") #" + std::to_string(seen.attempt) + ", lease " +
                    std::to_string(seen.lease) + " until " + std::to_string(seen.until)};
    }
    Line operator()(const LeasesAsked& seen) const {
        static constexpr const char* kAs[] = {"acknowledged", "refused", "extended by "};
        std::string text = "answer " + std::to_string(seen.number) + ": " +
                           kAs[static_cast<std::size_t>(seen.as)] +
                           (seen.by == 0 ? "" : std::to_string(seen.by));
        for (const auto& each : seen.leases) {
            text += ", " + std::to_string(each.offset) + " by " + std::to_string(each.lease);
        }
        return {seen.subscription, text};
    }
    Line operator()(const LeasesAnswered& seen) const {
        static constexpr const char* kHow[] = {"done", "not found", "not pulled", "busy"};
        std::string text = "answer " + std::to_string(seen.number) + ": " +
                           kHow[static_cast<std::size_t>(seen.how)];
        for (const std::uint64_t lease : seen.stale) text += ", stale " + std::to_string(lease);
        return {name_of_leases(seen.number), text};
    }
    Line operator()(const PushTold& seen) const {
        return {name_of_call(seen.number), "call " + std::to_string(seen.number) +
                                               (seen.is_delivered ? " delivered" : " failed")};
    }
    Line operator()(const BrokerStored& seen) const {
        return {seen.bridge, "the broker stores " + seen.id + " as " + seen.message + " in " +
                                 seen.subject + (seen.is_repeat ? ", again" : "")};
    }
    Line operator()(const StandsSeen& seen) const {
        std::string text = "subscriptions:";
        for (const auto& [key, stand] : seen.stands) text += "\n      " + stand_words(key, stand);
        return {{}, text};
    }
    Line operator()(const CommitTold&) const { return {{}, "told of the commit"}; }

 private:
    std::string saga_of(std::uint64_t command) const {
        for (const Seen& seen : history_.seen) {
            const auto* asked = std::get_if<Asked>(&seen.what);
            if (asked != nullptr && asked->number == command) return asked->saga;
        }
        return {};
    }
    std::string saga_of_callback(std::uint64_t number) const {
        for (const Seen& seen : history_.seen) {
            const auto* posted = std::get_if<CallbackPosted>(&seen.what);
            if (posted != nullptr && posted->number == number) return posted->call.saga;
        }
        return {};
    }
    static std::string stand_words(std::int64_t key, const Stand& stand) {
        std::string text = std::to_string(key) + " " + stand.name + " v" +
                           std::to_string(stand.version) + " of " + stand.topic + " at " +
                           std::to_string(stand.cursor);
        for (const auto& [first, last] : stand.settled) {
            text += "," + std::to_string(first) + "-" + std::to_string(last);
        }
        for (const Stand::Letter& letter : stand.letters) {
            text += " dead " + std::to_string(letter.offset) + "#" +
                    std::to_string(letter.attempts) + (letter.is_revived ? " revived" : "");
        }
        return text;
    }
    /// Of the first that `is_it` and that was seen.
    template <typename What, typename IsIt>
    const What* find(const IsIt& is_it) const {
        for (const Seen& seen : history_.seen) {
            const auto* what = std::get_if<What>(&seen.what);
            if (what != nullptr && is_it(*what)) return what;
        }
        return nullptr;
    }
    std::string name_of_change(std::uint64_t number) const {
        const auto* asked =
            find<ChangeAsked>([number](const auto& each) { return each.number == number; });
        return asked == nullptr ? "" : asked->name;
    }
    std::string name_of_leases(std::uint64_t number) const {
        const auto* asked =
            find<LeasesAsked>([number](const auto& each) { return each.number == number; });
        return asked == nullptr ? "" : asked->subscription;
    }
    std::string name_of_call(std::uint64_t number) const {
        const auto* out = find<HandedOut>(
            [number](const auto& each) { return each.until == 0 && each.lease == number; });
        return out == nullptr ? "" : out->subscription;
    }
    std::string saga_of_post(std::uint64_t number) const {
        for (const Seen& seen : history_.seen) {
            const auto* posted = std::get_if<EventsPosted>(&seen.what);
            const bool is_it = posted != nullptr && posted->number == number;
            if (is_it && !posted->events.empty()) return posted->events[0].saga;
        }
        return {};
    }
    const History& history_;
};

/// The saga, and all below and above it.
bool is_of_tree(const std::string& saga, const std::string& told) {
    return told == saga || told.starts_with(saga + ".") || saga.starts_with(told + ".");
}

void tell_end(const History& history, const std::string& saga, const FinalSaga& end,
              std::ostream& out) {
    out << "  " << saga << " in the end: " << end.status << ";";
    for (std::size_t step = 0; step < end.steps.size(); ++step) {
        out << ' ' << end.steps[step];
        if (step >= end.elements.size()) continue;
        for (const std::string& element : end.elements[step]) out << '/' << element;
    }
    out << '\n';
    if (const auto journal = history.journals.find(saga); journal != history.journals.end()) {
        for (const JournalRow& row : journal->second) {
            out << "    row " << row.seq << " at " << row.position << " (" << row.at << ") "
                << row.type << ' ' << row.bytes << '\n';
        }
    }
    if (end.definition) {
        out << "  definition: " << document(history.definitions[*end.definition]).dump() << '\n';
    }
}

void tell_saga(const History& history, const std::string& saga, std::ostream& out) {
    const bool is_subscription = !history.journals.contains(saga);
    out << (is_subscription ? "\nSubscription " : "\nSaga ") << saga << ":\n";
    for (const Seen& seen : history.seen) {
        const Line line = std::visit(Describe(history), seen.what);
        const bool is_its = !line.saga.empty() && is_of_tree(saga, line.saga);
        const bool is_of_all = line.text.starts_with("----") ||
                               (is_subscription && line.text.starts_with("subscriptions:"));
        if (is_its || is_of_all) {
            const bool is_other = is_its && line.saga != saga;
            out << "  " << seen.at.count() << " ms (" << seen.engine_time << ") "
                << (is_other ? "[" + line.saga + "] " : "") << line.text << '\n';
        }
    }
    for (const auto& [id, end] : history.sagas) {
        if (is_of_tree(saga, id)) tell_end(history, id, end, out);
    }
    if (const StartPlan* start = start_of(history.starts, saga)) {
        out << "  input: " << input_of(*start).dump() << '\n';
    }
}

void tell_log(const Log& log, std::ostream& out) {
    for (const auto& [topic, events] : log) {
        for (const LogEvent& event : events) {
            out << "  " << topic << ' ' << event.offset << " (" << event.at << ") " << event.type
                << ' ' << event.id;
            if (!event.subject.empty()) out << " of " << event.subject;
            if (!event.bridge.empty()) out << " over " << event.bridge;
            if (event.call) out << ", " << event.call->saga << ' ' << words(*event.call);
            for (const auto& [name, value] : event.data) out << ' ' << name << '=' << value;
            out << '\n';
        }
    }
}

/// FNV-1a.
class Digest {
 public:
    void add(std::string_view bytes) {
        for (const char byte : bytes) {
            value_ = (value_ ^ static_cast<unsigned char>(byte)) * 0x100000001b3u;
        }
    }
    void add(std::int64_t number) { add(std::to_string(number) + ";"); }
    std::uint64_t value() const { return value_; }

 private:
    std::uint64_t value_ = 0xcbf29ce484222325u;
};

}  // namespace

std::string tell(const Run& run) {
    std::ostringstream out;
    out << "seed " << run.seed << ": " << run.breaches.size() << " rules broken\n";
    std::set<std::string> sagas;
    for (std::size_t i = 0; i < std::min(run.breaches.size(), kBreachesTold); ++i) {
        const Breach& breach = run.breaches[i];
        out << "  " << breach.rule << ": " << breach.saga << ": " << breach.text << '\n';
        if (!breach.saga.empty() && sagas.size() < kSagasTold) sagas.insert(breach.saga);
    }
    for (const std::string& saga : sagas) tell_saga(run.history, saga, out);
    if (!run.breaches.empty() && !run.history.log.empty()) {
        out << "\nThe log:\n";
        tell_log(run.history.log, out);
    }
    out << "Again: skald_simulation --seed " << run.seed << '\n';
    return out.str();
}

std::uint64_t digest(const History& history) {
    Digest digest;
    for (const Seen& seen : history.seen) {
        digest.add(seen.at.count());
        digest.add(seen.engine_time);
        const Line line = std::visit(Describe(history), seen.what);
        digest.add(line.saga);
        digest.add(line.text);
    }
    for (const auto& [saga, rows] : history.journals) {
        digest.add(saga);
        for (const JournalRow& row : rows) {
            digest.add(row.at);
            digest.add(row.type);
            digest.add(row.bytes);
        }
    }
    std::ostringstream log;
    tell_log(history.log, log);
    digest.add(log.str());
    return digest.value();
}

}  // namespace skald::simulation
