#pragma once

#include <string>
#include <vector>

namespace skald::sagas {

/// A patch (RFC 6902) on the order document (order_document.h) that draws exactly this error.
struct Fault {
    std::string code;
    std::string pointer;
    std::string patch;
};

// faults_of_events.cpp
std::vector<Fault> event_faults();
// faults_of_kinds.cpp: of waits, children, `for_each`, callbacks and locks.
std::vector<Fault> kind_faults();
// faults_of_triggers.cpp
std::vector<Fault> trigger_faults();

std::vector<Fault> all_faults();

/// Patches of one operation.
std::string adding(const std::string& path, const std::string& value);
std::string removing(const std::string& path);

}  // namespace skald::sagas
