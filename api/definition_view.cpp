#include "api/definition_view.h"

#include "api/query_parameters.h"

namespace skald::api {
namespace {

/// The version that an entity tag means; 0 for one that no version has (a weak one never matches:
/// RFC 9110, 13.1.1). None: it isn't one entity tag.
std::optional<std::uint32_t> tagged_version(std::string_view tag) {
    const bool is_weak = tag.starts_with("W/");
    if (is_weak) tag.remove_prefix(2);
    if (tag.size() < 2 || tag.front() != '"' || tag.back() != '"') return std::nullopt;
    tag = tag.substr(1, tag.size() - 2);
    if (tag.find('"') != std::string_view::npos) return std::nullopt;
    if (is_weak || !tag.starts_with('v')) return 0;
    const auto number = to_number(tag.substr(1), 1, kVersionMax);
    return static_cast<std::uint32_t>(number.value_or(0));
}

}  // namespace

Document definition_item(const store::DefinitionRow& row) {
    Document document;
    document["name"] = row.name;
    document["version"] = row.version;
    set_time(document, "created_at", row.created_at);
    if (row.state == store::DefinitionRow::State::Deleted) document["deleted"] = true;
    return document;
}

Document definition_document(const store::DefinitionRow& row) {
    Document document = definition_item(row);
    document["definition"] = Document::parse(row.source, nullptr, false);
    return document;
}

Document problems_document(const std::vector<sagas::Problem>& problems) {
    Document list = Document::array();
    for (const sagas::Problem& problem : problems) {
        Document item;
        item["code"] = problem.code;
        item["pointer"] = problem.pointer;
        item["detail"] = problem.detail;
        set_text(item, "hint", problem.hint);
        list.push_back(std::move(item));
    }
    return list;
}

std::string entity_tag(std::uint32_t version) { return "\"v" + std::to_string(version) + "\""; }

Parsed<Precondition> read_precondition(const Request& request) {
    const auto match = request.header("if-match");
    const auto none_match = request.header("if-none-match");
    if (match && none_match) {
        return refuse(ProblemType::InvalidRequest,
                      "If-Match and If-None-Match exclude each other here: send one");
    }
    if (none_match) {
        if (*none_match == "*") return Precondition{Precondition::Kind::MustNotExist, 0};
        return refuse(ProblemType::InvalidRequest,
                      "If-None-Match: only * is known here: create it, but don't replace one");
    }
    if (!match) return Precondition{};
    if (*match == "*") return Precondition{Precondition::Kind::MustExist, 0};
    const auto version = tagged_version(*match);
    if (!version) {
        return refuse(ProblemType::InvalidRequest,
                      "If-Match: must be * or one entity tag in double quotes, such as \"v3\"");
    }
    return Precondition{Precondition::Kind::Version, *version};
}

Problem version_mismatch(const std::string& what, std::uint32_t latest) {
    return make_problem(
        ProblemType::VersionMismatch,
        latest == 0
            ? "There is no " + what + " now."
            : "The latest version of " + what + " is " + std::to_string(latest) +
                  ": read it, then send your change with If-Match: " + entity_tag(latest) + ".");
}

bool holds_for(const Precondition& precondition, std::uint32_t latest) {
    switch (precondition.kind) {
        case Precondition::Kind::None:
            return true;
        case Precondition::Kind::MustExist:
            return latest > 0;
        case Precondition::Kind::MustNotExist:
            return latest == 0;
        case Precondition::Kind::Version:
            return latest > 0 && latest == precondition.version;
    }
    return false;
}

bool is_definition_name(std::string_view name) {
    if (name.empty() || name.size() > 63 || name.front() < 'a' || name.front() > 'z') return false;
    for (const char c : name) {
        const bool is_allowed =
            (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
        if (!is_allowed) return false;
    }
    return true;
}

Problem no_such_definition(std::string_view name, std::optional<std::uint32_t> version) {
    if (!is_definition_name(name)) {
        return {ProblemType::InvalidRequest,
                "definition name: " + std::string(kDefinitionNameRule),
                {},
                nullptr};
    }
    std::string detail = "There is no definition " + std::string(name);
    if (version) detail += " of version " + std::to_string(*version);
    detail += version ? "; GET /v1/definitions/" + std::string(name) + " shows the latest."
                      : "; register it with PUT /v1/definitions/" + std::string(name) +
                            " (skald apply FILE).";
    return {ProblemType::DefinitionNotFound, std::move(detail), {}, nullptr};
}

}  // namespace skald::api
