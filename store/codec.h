#pragma once

#include <string>
#include <string_view>

#include "sagas/record.h"

/// The text of a journal row. The grammar stands at the top of codec.cpp; it is a stored format:
/// old rows must be read for ever.
namespace skald::store {

/// The `data` of `record`, compact JSON; `at` and the type stand in columns of their own.
std::string encode(const sagas::Record& record);

/// Errors: Corruption.
sagas::Result<sagas::Record> decode(sagas::RecordType type, sagas::Timestamp at,
                                    std::string_view data);

}  // namespace skald::store
