#include "api/topic_document.h"

#include <utility>

#include "sagas/did_you_mean.h"
#include "sagas/object_reader.h"
#include "sagas/utf8.h"

namespace skald::api {
namespace {

using sagas::Json;

void add_all(std::vector<sagas::Problem> found, sagas::Problems& problems) {
    for (sagas::Problem& each : found) {
        problems.add(std::move(each.code), std::move(each.pointer), std::move(each.detail),
                     std::move(each.hint));
    }
}

std::optional<std::uint64_t> read_bytes(sagas::ObjectReader& retention, sagas::Problems& problems) {
    const Json* bytes = retention.any("bytes");
    if (bytes == nullptr) return std::nullopt;
    if (const auto* number = bytes->get_ptr<const std::uint64_t*>();
        number != nullptr && *number >= kRetainBytesMin) {
        return *number;
    }
    problems.add("out-of-range", retention.pointer("bytes"),
                 "must be a whole number of bytes, at least " + std::to_string(kRetainBytesMin));
    return std::nullopt;
}

std::string type_pointer(const std::string& type) {
    return "/types/" + sagas::escape_pointer_token(type);
}

/// The value that a schema is held against; null where there is none.
const Json& data_of(const Json& event) {
    static const Json kNone;
    const auto found = event.find("data");
    return found == event.end() ? kNone : *found;
}

}  // namespace

std::optional<TopicDocument> TopicDocument::read(const Json& document, sagas::Problems& problems) {
    TopicDocument read;
    sagas::Problems found;
    sagas::ObjectReader reader(document, "", found);
    if (const Json* types = reader.any("types")) read.read_types(*types, found);
    read.is_closed_ = reader.flag("closed").value_or(false);
    if (const Json* json = reader.any("retention")) {
        sagas::ObjectReader retention(*json, reader.pointer("retention"), found);
        read.retain_for_ = retention.duration("age", kRetainForMin, kRetainForMax);
        read.retain_bytes_ = read_bytes(retention, found);
        retention.refuse_others();
    }
    reader.refuse_others();
    if (found.is_empty()) return read;
    add_all(found.take(), problems);
    return std::nullopt;
}

void TopicDocument::read_types(const Json& types, sagas::Problems& problems) {
    if (!types.is_object()) {
        problems.add("wrong-type", "/types", sagas::expected("an object: type to schema", types));
        return;
    }
    if (types.size() > kContractTypesMax) {
        problems.add("too-many", "/types",
                     "has " + std::to_string(types.size()) + " types; at most " +
                         std::to_string(kContractTypesMax));
        return;
    }
    for (const auto& [name, json] : types.get_ref<const Json::object_t&>()) {
        if (name.empty()) problems.add("wrong-value", "/types/", "a type must not be empty");
        types_.emplace(name, read_type(name, json, problems));
    }
}

TopicDocument::Type TopicDocument::read_type(const std::string& name, const Json& json,
                                             sagas::Problems& problems) {
    Type type;
    sagas::ObjectReader reader(json, type_pointer(name), problems);
    reader.require("schema", "true takes every data");
    type.is_compatible = reader.flag("compatible");
    if (const Json* schema = reader.any("schema")) {
        type.schema = *schema;
        std::vector<sagas::Problem> faults;
        type.compiled = sagas::compile_input_schema(*schema, reader.pointer("schema"), faults);
        add_all(std::move(faults), problems);
    }
    reader.refuse_others();
    return type;
}

std::vector<sagas::Problem> TopicDocument::faults_of(const Json& event,
                                                     const std::string& pointer) const {
    const auto& name = event.at("type").get_ref<const std::string&>();
    const auto type = types_.find(name);
    if (type == types_.end()) {
        if (!is_closed_) return {};
        std::vector<std::string> known;
        for (const auto& [each, of] : types_) known.push_back(each);
        return {{"unknown-type", pointer + "/type",
                 "the topic is closed, and has no type " + sagas::in_quotes(name),
                 sagas::did_you_mean_hint(name, known)}};
    }
    std::vector<sagas::Problem> faults = type->second.compiled->validate(data_of(event));
    if (!faults.empty() && event.contains("data_base64")) {
        return {{"schema-violation", pointer + "/data_base64",
                 "the contract of " + sagas::in_quotes(name) + " is of JSON", "send \"data\""}};
    }
    for (sagas::Problem& fault : faults) fault.pointer.insert(0, pointer + "/data");
    return faults;
}

std::vector<sagas::Problem> TopicDocument::unsaid_since(const TopicDocument& before,
                                                        std::uint32_t version) const {
    std::vector<sagas::Problem> unsaid;
    for (const auto& [name, old] : before.types_) {
        const auto now = types_.find(name);
        const bool is_dropped = now == types_.end();
        const Json& schema = is_dropped ? Json(!is_closed_) : now->second.schema;
        if (schema == old.schema) continue;
        if (!is_dropped && now->second.is_compatible) continue;
        const std::string since = " version " + std::to_string(version);
        unsaid.push_back(
            {"compatible-missing", type_pointer(name),
             is_dropped ? "is not here any more, but was in" + since
                        : "the schema differs from" + since +
                              ", and nothing says whether that is compatible",
             is_dropped ? "to drop it: {\"schema\": true, \"compatible\": false}, or true"
                        : "\"compatible\": true where who reads the one can read the other, else "
                          "false"});
    }
    return unsaid;
}

}  // namespace skald::api
