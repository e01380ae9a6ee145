#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "sagas/definition.h"
#include "store/store.h"

namespace skald::engine {

/// One version of a definition, ready to run.
struct Version {
    store::DefinitionKey key;
    std::uint32_t number;
    sagas::Definition definition;
};
using VersionPtr =
    std::shared_ptr<const Version>;  // Shared by its sagas on two threads; immutable.

/// The definitions that were used lately, parsed; read from the store when they are not there.
///
/// Threads: any number at once.
class Catalog {
 public:
    explicit Catalog(const store::Reader& reader);
    ~Catalog();

    /// What a new saga runs. Version none: the latest. NotFound: no such name (a deleted one
    /// neither) or version. Errors: NotFound, Unavailable, Corruption.
    sagas::Result<VersionPtr> to_start(std::string_view name, std::optional<std::uint32_t> version);

    /// What a saga runs whose version was chosen before, deleted or not. Errors: NotFound: there is
    /// no such version; Unavailable, Corruption.
    sagas::Result<VersionPtr> pinned(std::string_view name, std::uint32_t version);

    /// What a saga that exists runs, deleted or not. Errors: NotFound, Unavailable, Corruption.
    sagas::Result<VersionPtr> of(store::DefinitionKey key);

    /// Forgets which version of `name` is the latest, after it was registered or deleted.
    void changed(std::string_view name);

 private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace skald::engine
