#pragma once

#include <optional>
#include <string>

#include "api/parsed.h"
#include "api/route.h"
#include "engine/catalog.h"
#include "sagas/json.h"
#include "store/store.h"

namespace skald::api {

/// The body of a start: {definition, version?, input, id?, labels?}.
struct StartRequest {
    std::string definition;
    std::optional<std::uint32_t> version;
    std::optional<std::string> id;
    sagas::Value input;
    store::Labels labels;
    /// Of the whole body (canonical_hash). Empty where no repeat can be told from it: it came with
    /// neither an Idempotency-Key nor an id.
    std::string body_hash;
};

/// What can be told without the definition. `key`: the Idempotency-Key that it came with. Problems:
/// MalformedJson, InvalidRequest, InvalidInput (an integer that other readers would round, or over
/// 1 MiB).
Parsed<StartRequest> read_start_request(const Request& request,
                                        const std::optional<std::string>& key);
/// The same for a body that was read, or an item of a batch.
Parsed<StartRequest> parse_start(sagas::Json body, const std::optional<std::string>& key);

/// The labels of the saga: the definition's, rendered for this input, then the request's over them.
/// Problems: InvalidInput, when the definition's can't be rendered or are too many or too long.
Parsed<store::Labels> make_labels(const sagas::Definition& definition, const StartRequest& start);

/// Problems: InvalidInput with everything that breaks the definition's schema.
std::optional<Problem> find_invalid_input(const sagas::Definition& definition,
                                          const sagas::Json& input);

inline constexpr std::size_t kLabelsMax = 20;
inline constexpr std::size_t kLabelKeyBytesMax = 63;

/// 1 to kLabelKeyBytesMax of [A-Za-z0-9._/-].
bool is_label_key(std::string_view key);

}  // namespace skald::api
