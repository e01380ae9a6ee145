#pragma once

#include <memory>
#include <string>
#include <vector>

#include "sagas/json.h"

namespace skald::sagas {

/// api/schemas/definition.json as its readers take it.
class DefinitionSchema {
 public:
    DefinitionSchema();
    ~DefinitionSchema();

    /// What `document` breaks; empty: nothing.
    std::vector<std::string> faults(const Json& document) const;
    bool accepts(const Json& document) const { return faults(document).empty(); }

    const Json& json() const { return json_; }
    /// The schema of a part, with what it refers to.
    DefinitionSchema part(const Json& schema) const;

 private:
    explicit DefinitionSchema(Json json);

    struct Compiled;
    Json json_;
    std::unique_ptr<Compiled> compiled_;
};

}  // namespace skald::sagas
