#include "api/diff_view.h"

#include "api/definition_view.h"

namespace skald::api {
namespace {

Document change_document(const sagas::DefinitionChange& change) {
    Document item;
    set_text(item, "step", change.step);
    item["field"] = change.field;
    item["pointer"] = change.pointer;
    if (change.before) item["old"] = Document(*change.before);
    if (change.after) item["new"] = Document(*change.after);
    return item;
}

}  // namespace

void add_diff(Document& document, const sagas::DefinitionDiff& diff) {
    Document changes = Document::array();
    for (const sagas::DefinitionChange& change : diff.changes) {
        changes.push_back(change_document(change));
    }
    document["changes"] = std::move(changes);
    if (diff.more_changes > 0) document["more_changes"] = diff.more_changes;
    if (diff.only_text_differs) document["only_text_differs"] = true;
    document["verdict"] = diff.obstacles.empty() ? "compatible" : "incompatible";
    document["reasons"] = problems_document(diff.obstacles);
}

}  // namespace skald::api
