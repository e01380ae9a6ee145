#pragma once

#include <memory>
#include <string>
#include <vector>

#include "sagas/json.h"
#include "sagas/lint.h"

namespace skald::sagas {

/// A JSON Schema (draft 7) for the input of a definition's sagas.
///
/// Immutable. Threads: `validate` from any number at once, but never on the coordinator's thread:
/// it may take milliseconds.
class InputSchema {
 public:
    virtual ~InputSchema() = default;

    /// Everything in `input` that breaks the schema (at most 100 problems), each with a JSON
    /// Pointer into the input; empty: it is valid.
    virtual std::vector<Problem> validate(const Json& input) const = 0;
};

/// Compiles `schema`. Refused, because valijson can't do it safely: `pattern`, `patternProperties`,
/// `format` (std::regex overflows the stack or runs for seconds on hostile input), and a `$ref`
/// that is remote or cyclic. Refused too: keywords that draft 7 doesn't know, and a schema of more
/// than kSchemaPartsMax parts, each reference counted in full.
///
/// Known limits of valijson 1.0: `1.0` and `1e3` are no integers; integers beyond ±2^53 are
/// compared as doubles (refuse them before: find_imprecise_integer); `multipleOf` is computed in
/// floating point; a string's length ends at a U+0000. With `uniqueItems` anywhere, an array of the
/// input has at most 1,000 elements; an input of more than 20,000 values that breaks the schema is
/// not told where.
///
/// Gives null and appends to `problems` (pointers prefixed by `pointer`; codes "bad-schema",
/// "schema-keyword", "schema-ref", "schema-too-large") when it can't be used.
std::shared_ptr<const InputSchema> compile_input_schema(const Json& schema,
                                                        const std::string& pointer,
                                                        std::vector<Problem>& problems);

}  // namespace skald::sagas
