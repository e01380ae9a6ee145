#include "api/cli/several_sagas.h"

#include <algorithm>
#include <utility>

#include "api/cli/problem_report.h"

namespace skald::cli {
namespace {

constexpr const char* kNotTried = "not tried: the server could not be reached";

/// Collects what became of each.
class Results {
 public:
    Results(Console& console, std::size_t count) : console_(console), count_(count) {}

    void succeeded(const std::string& id, const Document& answer, Exit exit) {
        add({{"id", id}, {"ok", true}, {"answer", answer}}, answer);
        highest_ = std::max(highest_, exit);
    }
    void refused(const std::string& id, const api::ServerReply& reply) {
        add({{"id", id}, {"ok", false}, {"answer", reply.body}}, reply.body);
        failed(printable(id) + ": " + problem_text(reply));
    }
    /// The server can't be reached; `left` others are not tried.
    void unreachable(const std::string& id, const std::string& why, std::size_t left) {
        const Document error = {{"id", id}, {"ok", false}, {"error", why}};
        add(error, error);
        std::string text = printable(id) + ": " + printable(why);
        if (left > 0) text += "; " + std::to_string(left) + " more not tried";
        failed(text);
    }
    void not_tried(const std::string& id) {
        add({{"id", id}, {"ok", false}, {"error", kNotTried}}, nullptr);
    }
    Exit end() {
        if (console_.is_json()) console_.print(count_ == 1 ? only_ : all_);
        return has_failed_ ? Exit::Failed : highest_;
    }

 private:
    void add(Document of_several, Document only) {
        all_.push_back(std::move(of_several));
        only_ = std::move(only);
    }
    void failed(const std::string& text) {
        has_failed_ = true;
        console_.fail(Exit::Failed, text);
    }

    Console& console_;
    const std::size_t count_;
    Document all_ = Document::array();
    Document only_;
    bool has_failed_ = false;
    Exit highest_ = Exit::Done;
};

}  // namespace

Exit do_to_each(Console& console, const std::vector<std::string>& ids, const ToOneSaga& command) {
    Results results(console, ids.size());
    for (std::size_t at = 0; at < ids.size(); ++at) {
        const auto reply = command.ask(ids[at]);
        if (!reply) {
            results.unreachable(ids[at], reply.error().message, ids.size() - at - 1);
            for (std::size_t left = at + 1; left < ids.size(); ++left) results.not_tried(ids[left]);
            break;
        }
        if (reply->status >= 300) {
            results.refused(ids[at], *reply);
        } else {
            results.succeeded(ids[at], reply->body, command.report(console, ids[at], reply->body));
        }
    }
    return results.end();
}

}  // namespace skald::cli
