#pragma once

#include <array>
#include <string>

#include "sagas/result.h"

namespace skald::api {

/// What callback tokens are made with (callback_tokens.h).
using CallbackKey = std::array<unsigned char, 32>;

/// The key in `file`; a new one where there is no such file, durable before it is given. The file
/// is its owner's alone.
///
/// Precondition: nobody else does the same at the same time (the database's lock is held).
/// Errors: InvalidArgument: the file is no key, or others may read it. Unavailable: it can't be
/// read or written.
sagas::Result<CallbackKey> load_callback_key(const std::string& file);

}  // namespace skald::api
