#include "sagas/lint.h"

#include <utility>

#include "sagas/checks.h"
#include "sagas/definition_limits.h"
#include "sagas/fill.h"

namespace skald::sagas {

Checked check_definition(const Json& document, const std::optional<std::string>& name) {
    Checked checked;
    if (document.dump().size() > kDefinitionBytesMax) {
        checked.errors.push_back({"too-large", "",
                                  "larger than " + std::to_string(kDefinitionBytesMax) + " bytes",
                                  "a definition has at most 1 MiB"});
        return checked;
    }
    Problems errors;
    Problems warnings;
    const ParsedDefinition parsed = read_definition(document, name, errors);
    const StepGraph graph = make_graph(parsed);
    check_graph(parsed, graph, errors);
    check_expressions(parsed, graph, errors);
    find_warnings(document, parsed, graph, warnings);

    checked.warnings = warnings.take();
    if (!errors.is_empty()) {
        checked.errors = errors.take();
        return checked;
    }
    Json filled = fill_definition(document, parsed, graph);
    if (filled.dump().size() > kFilledBytesMax) {
        checked.errors.push_back({"too-large", "",
                                  "with the defaults in every call it is larger than " +
                                      std::to_string(kFilledBytesMax) + " bytes",
                                  "shorten the default headers"});
        return checked;
    }
    // Built from what is stored, so that a restart can't make anything else of it.
    Result<std::shared_ptr<const Definition>> loaded = load_definition(filled);
    if (!loaded) {
        // A fault of ours, and no reason to stop the sagas that run.
        checked.errors.push_back({"internal-error", "", loaded.error().message,
                                  "please report this document to Skald's makers"});
        return checked;
    }
    // Told once all else is right: it takes the definition to know where a value goes.
    checked.errors = find_shown(**loaded);
    if (!checked.errors.empty()) return checked;
    checked.definition = std::move(*loaded);
    checked.filled = std::move(filled);
    return checked;
}

std::vector<std::string> step_names(const Definition& definition) {
    std::vector<std::string> names;
    names.reserve(definition.steps.size());
    for (const Step& step : definition.steps) names.push_back(step.name);
    return names;
}

}  // namespace skald::sagas
