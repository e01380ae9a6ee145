#include "api/services.h"

#include <spdlog/spdlog.h>

namespace skald::api {

Problem to_problem(const sagas::Error& error) {
    switch (error.code) {
        case sagas::ErrorCode::InvalidArgument:
            return {ProblemType::InvalidRequest, error.message, {}, nullptr};
        case sagas::ErrorCode::Conflict:
        case sagas::ErrorCode::AlreadyExists:
            return {ProblemType::Conflict, error.message, {}, nullptr};
        case sagas::ErrorCode::NotFound:
            return {ProblemType::NotFound, error.message, {}, nullptr};
        case sagas::ErrorCode::Unavailable:
            return {ProblemType::StoreUnavailable,
                    "The store could not be read in time; nothing was changed. Try again.",
                    {},
                    nullptr};
        case sagas::ErrorCode::Corruption:
            spdlog::error("read the store: {}", error.message);
            return {ProblemType::Internal,
                    "The store holds something that can't be read; the server's log says what.",
                    {},
                    nullptr};
    }
    return {ProblemType::Internal, error.message, {}, nullptr};
}

Problem to_problem(const engine::Busy& busy) {
    switch (busy.why) {
        case engine::Busy::Why::TooMuch:
            return {ProblemType::Busy, busy.detail, {}, nullptr};
        case engine::Busy::Why::DiskFull:
            return {ProblemType::StoreUnavailable, busy.detail, {}, nullptr};
        case engine::Busy::Why::Draining:
            return {ProblemType::Draining, busy.detail, {}, nullptr};
    }
    return {ProblemType::Busy, busy.detail, {}, nullptr};
}

Problem commit_unconfirmed() {
    return {ProblemType::StoreUnavailable,
            "The store has not confirmed this request in time, and may still do it. Send it again "
            "with the same Idempotency-Key or id to learn what became of it.",
            {},
            nullptr};
}

Problem change_unconfirmed() {
    return make_problem(ProblemType::StoreUnavailable,
                        "The store has not confirmed the change in time, and may still make it: "
                        "look before you send it again.");
}

}  // namespace skald::api
