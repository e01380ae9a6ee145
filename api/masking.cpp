#include "api/masking.h"

#include <cstddef>
#include <utility>

namespace skald::api {
namespace {

using sagas::SensitivePath;

/// Calls `visit` with each value that `path` leads to from `json`, and its JSON Pointer; visits
/// with `path` from `depth` on.
template <typename AnyJson, typename Visit>
void for_each_at(AnyJson& json, const SensitivePath& path, std::size_t depth,
                 const std::string& pointer, const Visit& visit) {
    if (depth == path.size()) {
        visit(json, pointer);
        return;
    }
    const std::string& token = path[depth];
    const bool is_any = token == "*";
    if (json.is_object()) {
        for (auto member = json.begin(); member != json.end(); ++member) {
            if (!is_any && member.key() != token) continue;
            for_each_at(member.value(), path, depth + 1,
                        pointer + '/' + sagas::escape_pointer_token(member.key()), visit);
        }
    } else if (json.is_array()) {
        for (std::size_t i = 0; i < json.size(); ++i) {
            const std::string name = std::to_string(i);
            if (!is_any && name != token) continue;
            for_each_at(json[i], path, depth + 1, pointer + '/' + name, visit);
        }
    }
}

}  // namespace

Document masked(Document shown, const std::vector<SensitivePath>& paths) {
    for (const SensitivePath& path : paths) {
        for_each_at(shown, path, 0, "",
                    [](Document& value, const std::string&) { value = sagas::kMasked; });
    }
    return shown;
}

Document masked(const sagas::Value& value, const std::vector<SensitivePath>& paths) {
    if (!value) return Document();
    return masked(to_document(value), paths);
}

std::optional<std::string> find_mask(const sagas::Json& value,
                                     const std::vector<SensitivePath>& paths) {
    std::optional<std::string> found;
    for (const SensitivePath& path : paths) {
        for_each_at(value, path, 0, "", [&found](const sagas::Json& at, const std::string& where) {
            if (!found && at == sagas::kMasked) found = where;
        });
    }
    return found;
}

}  // namespace skald::api
