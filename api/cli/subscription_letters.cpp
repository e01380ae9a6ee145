#include <ostream>
#include <string>

#include "api/cli/ask.h"
#include "api/cli/reply_members.h"
#include "api/cli/subscription_commands.h"
#include "api/cli/table.h"
#include "api/cli/time_text.h"

/// Events that failed as often as they may.
namespace skald::cli {
namespace {

constexpr std::size_t kLetterErrorColumns = 200;  ///< Where no terminal cuts it.

void print_letters(Console& console, const Document& letters) {
    Table table;
    table.add_heading({"OFFSET", "ATTEMPTS", "AT", "TYPE", "SUBJECT", "ERROR"});
    for (const Document& letter : letters) {
        const Document& event = object_of(letter, "event");
        const bool is_revived = is_true(letter, "revived");
        table.add({{number_of(letter, "offset"), Style::Bold},
                   {number_of(letter, "attempts")},
                   {time_text(text_of(letter, "at")), Style::Dim},
                   {printable(text_of(event, "type"))},
                   {printable(text_of(event, "subject"))},
                   {(is_revived ? "(delivered again) " : "") +
                        shortened(printable(text_of(letter, "error")), kLetterErrorColumns),
                    Style::Bad}});
    }
    table.print(console, 0);
}

Exit show_letters(Console& console, ServerClient& server, const std::string& name) {
    Document letters = Document::array();
    std::string after = "0";
    while (true) {
        const auto reply = ask(
            console, server,
            {"GET", subscription_target(name, "/dead-letters?limit=200&after=" + after), "", {}});
        if (!reply) return reply.error();
        const std::string next = number_of(reply->body, "next");
        for (const Document& each : list_of(reply->body, "dead_letters")) letters.push_back(each);
        if (list_of(reply->body, "dead_letters").empty() || next == after) break;
        after = next;
    }
    if (console.is_json()) {
        console.print({{"dead_letters", letters}});
    } else if (letters.empty()) {
        console.out() << "no dead letters\n";
    } else {
        print_letters(console, letters);
    }
    return Exit::Done;
}

Exit settle_letters(Console& console, ServerClient& server, const DeadLetterOptions& options) {
    const bool is_replay = options.what == DeadLetterOptions::What::Replay;
    Document body;
    if (options.offsets.empty()) {
        body["all"] = true;
    } else {
        body["offsets"] = options.offsets;
    }
    const std::string part = is_replay ? "/dead-letters/replay" : "/dead-letters/discard";
    const auto reply =
        ask(console, server, {"POST", subscription_target(options.name, part), body.dump(), {}});
    if (!reply) return reply.error();
    if (console.is_json()) {
        console.print(reply->body);
    } else {
        console.out() << (is_replay ? "delivered again: " : "discarded: ")
                      << number_of(reply->body, "done") << '\n';
    }
    return Exit::Done;
}

}  // namespace

Exit dead_letters(Console& console, ServerClient& server, const DeadLetterOptions& options) {
    if (options.what == DeadLetterOptions::What::Show) {
        return show_letters(console, server, options.name);
    }
    return settle_letters(console, server, options);
}

}  // namespace skald::cli
