#include "api/cli/children_first.h"

#include <map>
#include <string>

namespace skald::cli {
namespace {

using sagas::Json;

const Json& member_of(const Json& object, const char* name) {
    static const Json kNone;
    if (!object.is_object()) return kNone;
    const auto found = object.find(name);
    return found == object.end() ? kNone : *found;
}

std::vector<std::string> children_in(const Json& definition) {
    std::vector<std::string> names;
    const Json& steps = member_of(definition, "steps");
    if (!steps.is_array()) return names;
    for (const Json& step : steps) {
        for (const char* part : {"action", "compensation"}) {
            const Json& name = member_of(member_of(member_of(step, part), "saga"), "definition");
            if (name.is_string()) names.push_back(name.get<std::string>());
        }
    }
    return names;
}

class ChildrenFirst {
 public:
    explicit ChildrenFirst(const std::vector<Json>& documents)
        : documents_(documents), was_visited_(documents.size()) {
        for (std::size_t at = 0; at < documents.size(); ++at) {
            const Json& name = member_of(documents[at], "name");
            if (name.is_string()) by_name_[name.get<std::string>()].push_back(at);
        }
    }

    std::vector<std::size_t> run() {
        for (std::size_t at = 0; at < documents_.size(); ++at) visit(at);
        return std::move(order_);
    }

 private:
    /// Each once, so that a cycle ends.
    void visit(std::size_t at) {
        if (was_visited_[at]) return;
        was_visited_[at] = true;
        for (const std::string& name : children_in(documents_[at])) {
            const auto found = by_name_.find(name);
            if (found == by_name_.end()) continue;
            for (const std::size_t child : found->second) visit(child);
        }
        order_.push_back(at);
    }

    const std::vector<Json>& documents_;
    std::vector<bool> was_visited_;
    std::map<std::string, std::vector<std::size_t>> by_name_;
    std::vector<std::size_t> order_;
};

}  // namespace

std::vector<std::size_t> children_first(const std::vector<Json>& documents) {
    return ChildrenFirst(documents).run();
}

}  // namespace skald::cli
