#include "api/cli/upkeep_commands.h"

#include <array>
#include <cstdio>
#include <ostream>

#include "api/cli/json_file.h"
#include "api/cli/problem_report.h"
#include "api/cli/reply_members.h"
#include "api/cli/table.h"
#include "sagas/time.h"

namespace skald::cli {
namespace {

constexpr std::array kUnits = {"bytes", "KiB", "MiB", "GiB", "TiB"};
constexpr sagas::Milliseconds kLong = std::chrono::hours{24};  ///< A whole file is read.

std::string size_text(const Document& answer) {
    const auto bytes = answer.find("bytes");
    if (bytes == answer.end() || !bytes->is_number()) return "";
    double size = bytes->get<double>();
    std::size_t unit = 0;
    while (size >= 1024 && unit + 1 < kUnits.size()) {
        size /= 1024;
        ++unit;
    }
    char text[48];
    std::snprintf(text, sizeof text, unit == 0 ? "%.0f %s" : "%.1f %s", size, kUnits[unit]);
    return text;
}

struct CheckLook {
    const char* symbol;
    Style style;
};
CheckLook look_of_check(const std::string& status) {
    if (status == "ok") return {"✓", Style::Good};
    if (status == "warning") return {"!", Style::Warning};
    return {"✗", Style::Bad};
}

void print_checks(Console& console, const Document& answer) {
    for (const Document& check : list_of(answer, "checks")) {
        const CheckLook look = look_of_check(text_of(check, "status"));
        console.out() << console.styled(look.style, look.symbol) << "  "
                      << console.styled(Style::Bold, printable(text_of(check, "name"))) << ": "
                      << printable(text_of(check, "detail")) << '\n';
        const std::string hint = text_of(check, "hint");
        if (!hint.empty()) console.out() << "     " << printable(hint) << '\n';
    }
    const std::string status = text_of(answer, "status");
    console.out() << console.styled(look_of_check(status).style, printable(status)) << '\n';
}

}  // namespace

Exit backup(Console& console, ServerClient& server, const std::string& file) {
    api::ServerRequest request{"POST", "/v1/backup", body_text({{"file", file}}), {}};
    request.wait = kLong;
    const auto reply = server.send(request);
    if (!reply) return console.fail(Exit::Failed, printable(reply.error().message));
    if (reply->status >= 300) return report_problem(console, *reply);
    if (console.is_json()) {
        console.print(reply->body);
    } else {
        console.out() << console.styled(Style::Bold, printable(text_of(reply->body, "file")))
                      << "  " << size_text(reply->body) << ", " << number_of(reply->body, "sagas")
                      << " sagas, checked and synced in " << number_of(reply->body, "took_ms")
                      << " ms\n";
    }
    return Exit::Done;
}

Exit doctor(Console& console, ServerClient& server, Depth depth) {
    api::ServerRequest request{"GET", "/v1/doctor", "", {}};
    if (depth == Depth::Deep) {
        request.target += "?deep=true";
        request.wait = kLong;
    }
    const auto reply = server.send(request);
    if (!reply) return console.fail(Exit::Failed, printable(reply.error().message));
    if (reply->status != 200) return report_problem(console, *reply);
    if (console.is_json()) {
        console.print(reply->body);
    } else {
        print_checks(console, reply->body);
    }
    const std::string status = text_of(reply->body, "status");
    return status == "ok" || status == "warning" ? Exit::Done : Exit::Failed;
}

}  // namespace skald::cli
