#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tests/crash/ledger.h"
#include "tests/crash/oracle.h"
#include "tests/crash/participants.h"
#include "tests/faults/kept_skald.h"

namespace skald::faults {

/// What clients, operators and participants do on one skald, one thing after the other, so that two
/// runs come to the same journal, but for what is timed; act.h has what is played.
///
/// What skald did not answer is asked again with the same key or id; what it did answer must be
/// true from then on. The first failure fails the test and ends the scene, for all others come from
/// it.
///
/// Threads: one.
class Scene {
 public:
    Scene(KeptSkald& skald, crash::Participants& participants, const crash::Ledger& ledger);

    crash::Participants& participants() { return participants_; }

    // ---- What clients do

    /// Registers it (definitions.h): that gives this version of its name.
    void define(const std::string& name, std::size_t version);
    void start(const std::string& id, const std::string& definition, crash::Story story,
               const std::vector<crash::Story>& items = {});
    /// Of `plain`, with a key beside the id.
    void start_by_key(const std::string& id, const std::string& key, crash::Story story);
    /// Of `plain`, in one request.
    void start_batch(const std::vector<std::string>& ids);
    /// Of `plain`: its last step cannot be sent.
    void start_unsendable(const std::string& id);
    /// Starts `as`, another one in the place of `saga`.
    void replay(const std::string& saga, const std::string& as);

    // ---- What operators do

    /// `type`: of the row that the command leaves in the journal. 0: any status will do.
    void command(const std::string& saga, const std::string& name, const std::string& type,
                 const std::string& body, int status);

    // ---- What participants do

    /// Until the second step of that saga was answered with 202, and skald knows it.
    void await_put_off(const std::string& saga);
    /// The second step of that saga is called back so, and that counts; and so again, otherwise,
    /// which doesn't.
    void call_back_twice(const std::string& saga, const std::string& outcome,
                         const std::string& then);
    /// It comes twice when nobody waits for it any more: it is noted, once for each try at most.
    void call_back_late(const std::string& saga, const std::string& outcome);
    /// Until the answer that came after the saga's end is noted. `kills`: how often skald was
    /// killed when it ended; one that was started after that knows of no call.
    void await_late_answer(const std::string& saga, std::size_t kills);
    std::size_t kills() const { return skald_.kills(); }

    // ---- What becomes of it

    void await(const std::string& saga, const std::string& status);
    void await_step(const std::string& saga, std::size_t step, const std::string& status);
    /// As soon as one of the participants that stand still has a call of it in front of it.
    void await_kept_waiting(const std::string& saga);
    void ends(const std::string& saga, const std::string& status, crash::Expected expected);
    /// The same, of the child that the second step of `parent` started.
    void child_ends(const std::string& parent, const std::string& status,
                    const crash::Expected& expected);
    /// `saga` waits for its lock behind `first`, as one of so many.
    void expect_queued(const std::string& saga, const std::string& first, std::size_t before);
    /// They had one lock, in that order.
    void had_one_lock(const std::vector<std::string>& queue) { queues_.push_back(queue); }

    /// Holds skald against all that it acknowledged, and the ledgers against the ends.
    void check();

 private:
    /// Of crash::kSteps: the one that is called back, or is a child.
    static constexpr std::size_t kCharge = 1;

    struct Acknowledged {
        std::string saga;
        std::string type;  ///< Of the journal's row.
        std::string key;
        std::string target;  ///< The request, to ask it again; empty: it was none.
        std::string body;
    };
    struct CalledBack {
        std::string saga;
        std::string target;
        std::string body;
    };

    std::string ask(const std::string& method, const std::string& target, const std::string& body,
                    const std::string& headers, int status);
    void fail(const std::string& why);
    template <typename IsSo>
    void await_that(const std::string& what, const IsSo& is_so);
    void begin(const std::string& id, const std::string& body);
    /// Where the second step of that saga is to be called back.
    std::string await_callback(const std::string& saga);
    /// Whether it counted; none: it was not answered.
    std::optional<bool> call_back(const CalledBack& said);

    void check_journals();
    void check_answers();
    void check_children();
    void check_locks();
    void check_sums();

    KeptSkald& skald_;
    crash::Participants& participants_;
    const crash::Ledger& ledger_;
    bool has_failed_ = false;
    std::vector<Acknowledged> acknowledged_;
    std::vector<CalledBack> called_back_;
    std::map<std::string, std::string> ended_;    ///< Status by saga.
    std::map<std::string, std::string> parents_;  ///< By child.
    std::vector<std::vector<std::string>> queues_;
    std::map<std::string, crash::Expected> expected_;
    std::map<std::string, std::size_t> versions_;  ///< The latest by definition.
};

}  // namespace skald::faults
