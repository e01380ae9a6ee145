#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <thread>
#include <vector>

#include "tests/events/course.h"
#include "tests/events/saga_books.h"

namespace skald::events {

/// The services that the sagas send their commands to: fetch them, enter them into the books,
/// publish the replies, some of them twice, and then acknowledge. And one who reads on skald.sagas
/// how the sagas ended.
///
/// Threads: one makes and ends it; it has some of its own.
class Services {
 public:
    Services(Course& course, SagaBooks& books, std::uint16_t skald);

 private:
    void serve();
    void watch();
    nlohmann::json answer(const nlohmann::json& command);

    Course& course_;
    SagaBooks& books_;
    const std::uint16_t skald_;
    std::vector<std::jthread> threads_;
};

}  // namespace skald::events
