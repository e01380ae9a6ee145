#include "sagas/call_templates.h"

#include <variant>

namespace skald::sagas {
namespace {

class TemplateList {
 public:
    void operator()(const HttpCall& call) {
        add(CallPart::Url, "/http/url", call.target);
        for (const auto& [name, text] : call.query) {
            add(CallPart::Query, "/http/query/" + escape_pointer_token(name), text);
        }
        for (const auto& [name, text] : call.headers) {
            add(CallPart::Headers, "/http/headers/" + escape_pointer_token(name), text);
        }
        if (call.body) add(CallPart::Body, "/http/body", *call.body);
    }
    void operator()(const Wait& wait) {
        const auto* const until = std::get_if<Template>(&wait.until);
        if (until != nullptr) add(CallPart::Until, "/wait/until", *until);
        const auto* const event = std::get_if<AwaitedEvent>(&wait.until);
        if (event != nullptr) add_match(*event, "/wait/event");
    }
    void operator()(const ChildSaga& child) { add(CallPart::Input, "/saga/input", child.input); }
    void operator()(const EventCall& call) {
        if (call.subject) add(CallPart::Subject, "/event/subject", *call.subject);
        if (call.data) add(CallPart::Data, "/event/data", *call.data);
        if (call.reply) add_match(*call.reply, "/event/reply");
    }

    std::vector<CallTemplate> take() { return std::move(templates_); }

 private:
    void add_match(const AwaitedEvent& awaited, const std::string& pointer) {
        if (awaited.match) add(CallPart::Match, pointer + "/match/saga", awaited.match->saga);
    }
    void add(CallPart part, std::string pointer, const Template& text) {
        templates_.push_back({part, std::move(pointer), text});
    }

    std::vector<CallTemplate> templates_;
};

}  // namespace

std::vector<CallTemplate> templates_of(const Action& action) {
    TemplateList list;
    std::visit(list, action);
    return list.take();
}

std::vector<CallTemplate> templates_of(const Compensation& compensation) {
    TemplateList list;
    std::visit(list, compensation.call);
    return list.take();
}

bool can_be_undone(const Step& step) {
    if (step.position == Position::After) return false;
    return std::holds_alternative<Compensation>(step.undo) ||
           (std::holds_alternative<ChildSaga>(step.action) &&
            std::holds_alternative<NoCompensation>(step.undo));
}

}  // namespace skald::sagas
