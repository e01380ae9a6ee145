#include "api/cli/findings.h"

#include <ostream>

#include "api/cli/reply_members.h"

namespace skald::cli {
namespace {

void print_finding(Console& console, const std::string& file, Style style,
                   const std::string& pointer, const std::string& code, const std::string& detail,
                   const std::string& hint) {
    const std::string place = pointer.empty() ? file : file + ":" + pointer;
    console.out() << console.styled(Style::Bold, printable(place)) << ": "
                  << console.styled(style, printable(code)) << ": " << printable(detail) << '\n';
    if (!hint.empty()) console.out() << "    " << printable(hint) << '\n';
}

}  // namespace

Document findings_of(const std::vector<sagas::Problem>& problems) {
    Document findings = Document::array();
    for (const sagas::Problem& problem : problems) {
        findings.push_back({{"code", problem.code},
                            {"pointer", problem.pointer},
                            {"detail", problem.detail},
                            {"hint", problem.hint}});
    }
    return findings;
}

void print_findings(Console& console, const std::string& file, Style style,
                    const Document& findings) {
    for (const Document& each : findings) {
        print_finding(console, file, style, text_of(each, "pointer"), text_of(each, "code"),
                      text_of(each, "detail"), text_of(each, "hint"));
    }
}

}  // namespace skald::cli
