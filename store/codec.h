#pragma once

#include <string>
#include <string_view>

#include "sagas/record.h"

/// The text of a journal row: a JSON object with the members of its cause (`s` step, `p` 1 for a
/// compensation, `a` attempt unless 1, `o` outcome, `h` HTTP status, `e` error, `out` output, `key`
/// [Idempotency-Key, hash of the body], `by` and `why` of an operator, `as`, `of` what is replayed,
/// `lock`, `parent` [saga, step, 1 for a compensation, attempt], `pins` {definition: version},
/// `ev` [topic, offset] of the event by which it came) and of its decision (`items` [[step,
/// array]], `to` [[step, state, …]], `err`, `turn`, `want`, `end`). A step is its number; an
/// element of one [number, item]. Each kind of row stands with its text in codec_test.cpp. It is a
/// stored format: old rows must be read for ever.
namespace skald::store {

/// The `data` of `record`, compact JSON; `at` and the type stand in columns of their own.
std::string encode(const sagas::Record& record);

/// Errors: Corruption.
sagas::Result<sagas::Record> decode(sagas::RecordType type, sagas::Timestamp at,
                                    std::string_view data);

}  // namespace skald::store
