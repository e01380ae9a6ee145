#include <cstdio>
#include <fstream>
#include <random>
#include <sstream>
#include <string>

#include "sagas/graph.h"
#include "sagas/lint.h"
#include "tests/sagas/random_graphs.h"

/// write_graphs FOLDER DEFINITION.json...: writes the graph of each, and of 100 random definitions,
/// to FOLDER as NAME.mmd, NAME.dot and NAME.json, for those who read them.
namespace skald::sagas {
namespace {

void write_file(const std::string& path, const std::string& text) {
    std::ofstream(path, std::ios::binary) << text;
}

int write_graphs(const std::string& path, const Json& document) {
    const Checked checked = check_definition(document, std::nullopt);
    if (!checked.definition) {
        std::fprintf(stderr, "%s: %s\n", path.c_str(), checked.errors.front().detail.c_str());
        return 1;
    }
    const DefinitionGraph graph = graph_of(*checked.definition);
    write_file(path + ".mmd", write_graph(graph, GraphFormat::Mermaid));
    write_file(path + ".dot", write_graph(graph, GraphFormat::Dot));
    write_file(path + ".json", write_graph(graph, GraphFormat::JsonObject));
    return 0;
}

int run(const std::string& folder, int count, char** files) {
    int failed = 0;
    for (int i = 0; i < count; ++i) {
        std::ifstream file(files[i], std::ios::binary);
        std::ostringstream text;
        text << file.rdbuf();
        const auto json = parse_json(text.str());
        failed |= json ? write_graphs(folder + "/file" + std::to_string(i), *json) : 1;
    }
    for (unsigned seed = 0; seed < 100; ++seed) {
        std::mt19937 random(seed);
        failed |= write_graphs(folder + "/random" + std::to_string(seed),
                               definition_that_is_hard_to_draw(random));
    }
    return failed;
}

}  // namespace
}  // namespace skald::sagas

int main(int count, char** arguments) {
    if (count < 2) {
        std::fputs("usage: write_graphs FOLDER DEFINITION.json...\n", stderr);
        return 2;
    }
    return skald::sagas::run(arguments[1], count - 2, arguments + 2);
}
