#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "engine/rehearsal/rehearsal.h"
#include "engine/rehearsal/stage.h"

namespace skald::rehearsal {

inline constexpr const char* kFolder = "tests/engine/testdata/rehearsals/";

/// Rehearsed sagas get stuck, which the coordinator logs.
class Rehearsal : public testing::Test {
 protected:
    Rehearsal();
    ~Rehearsal() override;
};

Json document_of(const std::string& path);
Json document_named(const std::string& name);  ///< In kFolder.

Script script_of(const Json& document, const std::vector<Json>& children = {});
Script script_at(const std::string& path);
Script script_named(const std::string& name);

Report rehearsed(const Script& script, const Limits& limits = {});
Report rehearsed_singly(const Script& script);
std::vector<sagas::Problem> refused(const Script& script);

/// With values that are made up, and no action that changes nothing. Borrows the family.
std::unique_ptr<Stage> make_stage(const Family& family);

/// "charge,ship/0"; none: "-".
std::string names(const Cast& cast, const Spots& spots);
std::string names(const Report& report, const Spots& spots);

/// The golden form of a report: each outcome with how many schedules lead to it, and the shortest.
std::string table_of(const Report& report);

/// The lines of a story.
std::vector<std::string> texts_of(const std::vector<Happening>& story);

}  // namespace skald::rehearsal
