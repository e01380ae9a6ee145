#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sagas/input_schema.h"
#include "sagas/json.h"
#include "sagas/problems.h"
#include "sagas/time.h"

/// What the owner of a topic says of it: the contract of its events, and for how long they are
/// kept.
namespace skald::api {

inline constexpr std::size_t kContractTypesMax = 500;
inline constexpr sagas::Milliseconds kRetainForMin = std::chrono::minutes{1};
inline constexpr sagas::Milliseconds kRetainForMax = std::chrono::hours{24} * 3'650;
inline constexpr std::uint64_t kRetainBytesMin = 1u << 20;

/// {"types"?: {TYPE: {"schema", "compatible"?}}, "closed"?, "retention"?: {"age"?, "bytes"?}}
///
/// Immutable. Threads: free.
class TopicDocument {
 public:
    /// None: `problems` got one or more, with JSON Pointers into `document`.
    static std::optional<TopicDocument> read(const sagas::Json& document,
                                             sagas::Problems& problems);

    /// Everything in which `event`, which is valid, breaks the contract; pointers begin with
    /// `pointer`. Empty: it keeps it.
    std::vector<sagas::Problem> faults_of(const sagas::Json& event,
                                          const std::string& pointer) const;

    /// Types of `before`, whose version is `version`, whose schema is another one here, or is not
    /// here any more, where this doesn't say whether that is compatible: "compatible-missing".
    std::vector<sagas::Problem> unsaid_since(const TopicDocument& before,
                                             std::uint32_t version) const;

    const std::optional<sagas::Milliseconds>& retain_for() const { return retain_for_; }
    const std::optional<std::uint64_t>& retain_bytes() const { return retain_bytes_; }

 private:
    struct Type {
        sagas::Json schema;
        std::shared_ptr<const sagas::InputSchema> compiled;  // Shared: immutable.
        std::optional<bool> is_compatible;
    };
    void read_types(const sagas::Json& types, sagas::Problems& problems);
    static Type read_type(const std::string& name, const sagas::Json& json,
                          sagas::Problems& problems);

    /// By the type of their events.
    std::map<std::string, Type, std::less<>> types_;
    bool is_closed_ = false;  ///< Events of other types are refused.
    std::optional<sagas::Milliseconds> retain_for_;
    std::optional<std::uint64_t> retain_bytes_;
};

}  // namespace skald::api
