#include "tests/sagas/random_graphs.h"

#include <algorithm>
#include <string>
#include <vector>

namespace skald::sagas {
namespace {

std::uint32_t up_to(std::mt19937& random, std::size_t bound) {
    return std::uniform_int_distribution<std::uint32_t>(
        0, static_cast<std::uint32_t>(bound) - 1)(random);
}

const std::vector<std::string>& hard_names() {
    static const std::vector<std::string> kNames{
        "end",  "style", "default", "graph",     "subgraph", "click", "class", "digraph",
        "node", "edge",  "strict",  "linkstyle", "a-_-b",    "x__y",  "o-o"};
    return kNames;
}

/// For a string inside a condition, where JSON's escapes hold.
std::string hard_text(std::mt19937& random) {
    static const std::vector<std::string> kPieces{"\"",
                                                  "\\",
                                                  "<b>",
                                                  "</div>",
                                                  "&",
                                                  "&amp;",
                                                  "#quot;",
                                                  "#35;",
                                                  "#",
                                                  ";",
                                                  ":",
                                                  "style a:#x;",
                                                  "classDef x:#y;",
                                                  "%%",
                                                  "%%{init: {}}%%",
                                                  "```",
                                                  "`",
                                                  "**x**",
                                                  "__y__",
                                                  "$$x$$",
                                                  "end",
                                                  "subgraph",
                                                  "-->",
                                                  "]",
                                                  "\"]",
                                                  "{{",
                                                  "}}",
                                                  "|",
                                                  "1. one",
                                                  "- two",
                                                  "\xC3\xA4",
                                                  "\xE6\xBC\xA2",
                                                  "\xE2\x80\xAE",
                                                  "\n",
                                                  "\r",
                                                  "\t",
                                                  "\x01",
                                                  "\\N",
                                                  "\\n",
                                                  "\\\\",
                                                  "<br/>",
                                                  "<script>",
                                                  "{$",
                                                  "---",
                                                  "@{",
                                                  "~~~",
                                                  "'"};
    std::string text;
    for (std::uint32_t i = up_to(random, 5); i < 5; ++i) {
        text += kPieces[up_to(random, kPieces.size())];
    }
    return text;
}

std::string hard_pointer(std::mt19937& random) {
    static const std::vector<std::string> kPointers{
        "$input",     "$input.a[0]", "$input#/a\"b", "$input#/#quot;",   "$input#/style:#1;",
        "$input#/[]", "$input#/\\",  "$input#/$$",   "$input#/\xC3\xA4", "$input#/`b`"};
    return kPointers[up_to(random, kPointers.size())] + "?";
}

Json hard_call(std::mt19937& random) {
    static const std::vector<std::string> kTargets{
        "",        "/style:1;2",         "/a&b=c;d", "/$$x$$y", "/(x)[",
        "/'a'*b*", "/{$input#/\"}?x=:;", "/--x/end", "/%22%5C", "/@x,~y!"};
    std::string url = "http://h" + kTargets[up_to(random, kTargets.size())];
    url.erase(std::remove(url.begin(), url.end(), '['), url.end());
    Json call{{"method", "POST"}, {"url", url}};
    if (up_to(random, 2) == 0) call["body"] = {{"x", hard_pointer(random)}};
    return {{"http", call}};
}

/// For a template, with a value in it.
std::string hard_template(std::mt19937& random) {
    std::string text = hard_text(random);
    std::erase(text, '$');  // Would begin an expression.
    return "{" + hard_pointer(random) + "}" + text;
}

/// A type may hold nearly anything.
std::string hard_type(std::mt19937& random) {
    std::string text = hard_text(random);
    std::erase_if(text,
                  [](char byte) { return byte == '$' || static_cast<std::uint8_t>(byte) < 0x20; });
    return "x" + text;
}

Json hard_event(std::mt19937& random) {
    Json event{{"topic", "end"}, {"type", hard_type(random)}, {"subject", hard_template(random)}};
    if (up_to(random, 2) == 0) event["data"] = {{"x", hard_pointer(random)}};
    if (up_to(random, 2) == 0) {
        event["reply"] = {{"topic", "style--_."},
                          {"success", {{"type", hard_type(random)}}},
                          {"match", {{"event", "$event#/a\"b"}, {"saga", hard_pointer(random)}}}};
    }
    return event;
}

Json hard_action(std::mt19937& random) {
    switch (up_to(random, 8)) {
        case 0:
            return {{"wait", {{"for", "90s"}}}};
        case 1:
            return {{"wait", {{"until", hard_template(random)}}}};
        case 2:
            return {{"saga", {{"definition", "end"}, {"input", hard_pointer(random)}}}};
        case 3:
            return {{"event", hard_event(random)}};
        case 4: {
            Json awaited = {{"topic", "graph"},
                            {"success", {{"type", {hard_type(random), "--> b"}}}},
                            {"timeout", "9d"}};
            return {{"wait", {{"event", awaited}}}};
        }
        default:
            return hard_call(random);
    }
}

/// What only some kinds of action have.
void add_by_kind(std::mt19937& random, Json& step) {
    if (step["action"].contains("wait")) return;
    const bool is_child = step["action"].contains("saga");
    if (!is_child || up_to(random, 2) == 0) {
        step["compensation"] = up_to(random, 4) == 0   ? Json("none")
                               : up_to(random, 4) == 0 ? Json{{"event", hard_event(random)}}
                                                       : hard_call(random);
    }
    const bool is_call = step["action"].contains("http");
    if (is_call && up_to(random, 4) == 0) step["action"]["http"]["reply"] = "callback";
    if (!step.contains("pivot") && up_to(random, 4) == 0) {
        step["for_each"] = hard_pointer(random);
    }
}

}  // namespace

Json definition_that_is_hard_to_draw(std::mt19937& random) {
    std::vector<std::string> names = hard_names();
    std::shuffle(names.begin(), names.end(), random);
    names.resize(1 + up_to(random, 9));
    const std::uint32_t pivot = up_to(random, 2 * names.size());
    Json steps = Json::array();
    for (std::uint32_t i = 0; i < names.size(); ++i) {
        Json after = Json::array();
        for (std::uint32_t j = 0; j < i; ++j) {
            const bool is_tied = j == pivot || i == pivot;
            if (is_tied || (!(i > pivot && j < pivot) && up_to(random, 3) == 0)) {
                after.push_back(names[j]);
            }
        }
        Json step{{"name", names[i]}, {"after", after}, {"action", hard_action(random)}};
        if (i == pivot) step["pivot"] = true;
        add_by_kind(random, step);
        if (i != pivot && up_to(random, 3) == 0) step["optional"] = true;
        if (up_to(random, 2) == 0) {
            step["when"] = hard_pointer(random) + "\n == " + Json(hard_text(random)).dump();
        }
        const bool is_alone =
            step["action"].contains("event") && !step["action"]["event"].contains("reply");
        if (!after.empty() && !step["action"].contains("wait") && !is_alone &&
            up_to(random, 2) == 0) {
            step["output"] = "$steps." + after[0].get<std::string>() + ".output#/0/" + "x\"y;#?";
        }
        steps.push_back(std::move(step));
    }
    Json document{{"name", "hard"}, {"steps", steps}, {"output", "$steps." + names[0] + ".output"}};
    if (up_to(random, 3) == 0) document["lock"] = hard_template(random);
    // A topic each, for one type may come twice.
    for (std::uint32_t i = up_to(random, 6); i < 3; ++i) {
        document["triggers"].push_back({{"topic", "click--_." + std::to_string(i)},
                                        {"type", hard_type(random)},
                                        {"input", "$event#/a\"b?"}});
    }
    return document;
}

}  // namespace skald::sagas
