#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include "sagas/answer.h"
#include "sagas/time.h"

namespace skald::engine {

/// Reads the replies that come over one connection, from bytes as they come: Boost.Beast's parser
/// behind a small face, with no socket in it.
///
/// Interim replies (1xx) are skipped, chunk trailers ignored. Threads: one at a time.
class ReplyReader {
 public:
    struct Limits {
        std::size_t header_bytes = 32u << 10;  ///< Names and values; also the trailers, and a line.
        std::size_t header_count = 100;
        std::size_t body_bytes = 1u << 20;
    };
    /// Whether the connection can carry another call.
    enum class Reuse : std::uint8_t { Yes, No };

    struct NeedMore {};
    /// A whole reply; or, with a BodyError, one whose body is over the limit or transferred in a
    /// way that is not read: the rest is left on the connection, which must be closed.
    struct Whole {
        sagas::Reply reply;
        Reuse reuse;
    };
    /// It is no HTTP reply, or it is cut short; says why.
    struct Broken {
        std::string why;
    };
    using Progress = std::variant<NeedMore, Whole, Broken>;

    explicit ReplyReader(Limits limits);
    ~ReplyReader();

    /// Takes all of `bytes`. `now` is what Retry-After counts from. After Whole the next byte
    /// begins a new reply; after Broken, or a Whole that can't be reused, nothing more is read.
    Progress read(std::string_view bytes, sagas::Timestamp now);
    /// The other side has ended the connection in good order.
    Progress read_end(sagas::Timestamp now);
    /// Whether any byte of the reply that comes next was read.
    enum class Begun : std::uint8_t { No, Yes };
    Begun begun() const;

 private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace skald::engine
