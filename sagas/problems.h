#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "sagas/lint.h"

namespace skald::sagas {

/// Gathers what is wrong with one document. Bounded: a document of 1 MiB can hold 100,000 faults.
class Problems {
 public:
    void add(std::string code, std::string pointer, std::string detail, std::string hint = {});

    bool is_empty() const { return problems_.empty(); }
    /// What is added from now on is only counted.
    bool is_full() const;

    /// In the order of the document (members by name, elements by position); those over
    /// kProblemsMax as one "more-problems" at the end.
    std::vector<Problem> take();

 private:
    std::vector<Problem> problems_;
    std::size_t left_out_ = 0;
};

}  // namespace skald::sagas
