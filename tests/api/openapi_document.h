#pragma once

#include <map>
#include <string>
#include <vector>

#include "sagas/json.h"

namespace skald::api {

/// The OpenAPI document as its readers take it.
class OpenApiDocument {
 public:
    using Json = sagas::Json;

    explicit OpenApiDocument(Json document);

    struct Operation {
        std::string method;  ///< "GET"
        std::string path;    ///< "/v1/sagas/{id}"
        const Json* object;
        std::string id() const { return object->at("operationId"); }
    };
    /// In the order of their paths and methods.
    const std::vector<Operation>& operations() const { return operations_; }
    const Operation& operation(const std::string& id) const;

    /// Those with `in`: "path", "query" or "header", by name.
    std::map<std::string, Json> parameters(const Operation& operation, const std::string& in) const;

    /// `object`, or what its $ref leads to. Throws where it leads nowhere.
    const Json& resolve(const Json& object) const;
    const Json& root() const { return document_; }

    /// Everything in which `value` breaks the schema; empty: nothing.
    std::vector<std::string> faults(const Json& schema, const Json& value) const;

 private:
    Json expand(const Json& schema) const;

    const Json document_;
    std::vector<Operation> operations_;
};

}  // namespace skald::api
