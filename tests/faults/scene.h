#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "tests/crash/ledger.h"
#include "tests/crash/oracle.h"
#include "tests/crash/participants.h"
#include "tests/faults/kept_skald.h"

namespace skald::faults {

/// A client's and an operator's morning: sagas that complete, are refused, in doubt, overdue, can't
/// be sent, are stuck and retried, resolved or abandoned (one of these with a call out, which is
/// answered after that), cancelled, suspended and resumed, and replayed; a batch; and a definition
/// that changes meanwhile. One thing after the other, so that two runs come to the same journal,
/// but for tries that are timed.
///
/// What skald did not answer is asked again with the same key or id; what it did answer must be
/// true from then on.
///
/// Threads: one.
class Scene {
 public:
    Scene(KeptSkald& skald, crash::Participants& participants, const crash::Ledger& ledger);

    /// Plays it to its end; each saga ends as it should. Fails the test where not.
    void play();
    /// Holds skald against all that it acknowledged, and the ledgers against the ends.
    void check();

 private:
    struct Acknowledged {
        std::string saga;
        std::string type;  ///< Of the journal's row.
        std::string key;
        std::string target;  ///< The request, to ask it again; empty: it was none.
        std::string body;
    };

    std::string ask(const std::string& method, const std::string& target, const std::string& body,
                    const std::string& headers, int status);
    void define(const std::string& name, std::size_t version);
    void start(const std::string& id, const std::string& definition, crash::Story story);
    void start_by_key(const std::string& id, const std::string& key, crash::Story story);
    void start_batch(const std::vector<std::string>& ids);
    void command(const std::string& saga, const std::string& name, const std::string& type,
                 const std::string& body, int status);
    void await(const std::string& saga, const std::string& status);
    void ends(const std::string& saga, const std::string& status, crash::Expected expected);
    void abandon_with_a_call_out();
    void await_late_answer(const std::string& saga, std::size_t kills);

    void check_journals();
    void check_answers();
    void check_sums();

    KeptSkald& skald_;
    crash::Participants& participants_;
    const crash::Ledger& ledger_;
    bool has_failed_ = false;  ///< The first failure ends it, for all others come from it.
    std::vector<Acknowledged> acknowledged_;
    std::map<std::string, std::string> ended_;  ///< Status by saga.
    std::map<std::string, crash::Expected> expected_;
};

}  // namespace skald::faults
