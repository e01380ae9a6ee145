#include <array>
#include <memory>
#include <string>
#include <utility>
#include <variant>

#include "api/awaited.h"
#include "api/callback_tokens.h"
#include "api/document.h"
#include "api/handlers.h"
#include "api/missing_secrets.h"
#include "api/request_body.h"
#include "api/secrets_of_calls.h"

/// A participant says how a call ended that it answered with 202. Who has the token may say it.
namespace skald::api {
namespace {

using engine::CallBack;

constexpr std::size_t kCallbackErrorBytesMax = 1'000;

/// The call that a token stands for, as its definition has it.
struct Called {
    CallbackTokens::Call call;
    engine::VersionPtr version;

    const sagas::Step& step() const { return version->definition.step(call.step); }
};

/// One callback on its way, shared by the transport's thread and the loop's.
struct PendingCallback {
    Called called;
    Awaited<CallBack::Result> result;
};

Problem unknown_callback() {
    return make_problem(ProblemType::UnknownCallback,
                        "This URL leads to no call: it is not whole, not of this server, or its "
                        "saga was deleted.");
}

Parsed<Called> find_called(const Services& services, const std::string& token) {
    auto call = services.callbacks.read(token);
    if (!call) return tl::unexpected(unknown_callback());
    const auto row = read_again([&] { return services.reader.saga(call->saga); });
    if (!row && row.error().code == sagas::ErrorCode::NotFound) {
        return tl::unexpected(unknown_callback());
    }
    if (!row) return tl::unexpected(to_problem(row.error()));
    auto version = read_again([&] { return services.catalog.of(row->definition_key); });
    if (!version) return tl::unexpected(to_problem(version.error()));
    // Of a deleted saga, whose id another one has now.
    if (sagas::to_size(call->step) >= (*version)->definition.steps.size()) {
        return tl::unexpected(unknown_callback());
    }
    return Called{std::move(*call), std::move(*version)};
}

std::optional<sagas::Outcome> read_outcome(ObjectReader& reader) {
    const auto text = reader.text("outcome", Presence::Required);
    if (!text) return std::nullopt;
    for (const auto outcome : {sagas::Outcome::Success, sagas::Outcome::Failure,
                               sagas::Outcome::Retry, sagas::Outcome::Unknown}) {
        if (sagas::to_text(outcome) == *text) return outcome;
    }
    reader.note("wrong-value", "/outcome", "\"" + *text + "\" is not an outcome",
                "use \"success\", \"failure\", \"retry\" or \"unknown\"");
    return std::nullopt;
}

std::string read_error(ObjectReader& reader) {
    auto error = reader.text("error", Presence::Optional);
    if (error && error->size() > kCallbackErrorBytesMax) {
        reader.note("too-long", "/error",
                    "has " + std::to_string(error->size()) + " bytes; at most " +
                        std::to_string(kCallbackErrorBytesMax),
                    "");
    }
    return std::move(error).value_or("");
}

/// Without the token, and the secrets that the call was sent with: participants repeat things.
sagas::Answer cleaned(const Services& services, const Called& called, const std::string& token,
                      sagas::Answer answer) {
    answer = services.hide_secrets(std::move(answer), secrets_of(called.step(), called.call.phase));
    return scrubbed(std::move(answer), {token});
}

Parsed<sagas::CalledBack> read_callback(const Services& services, const Called& called,
                                        const Request& request) {
    auto body = read_object(request, EmptyBody::IsRefused);
    if (!body) return tl::unexpected(body.error());
    ObjectReader reader(*body, {"outcome", "output", "error"});
    const auto outcome = read_outcome(reader);
    const std::string error = read_error(reader);
    const bool has_output = reader.member("output", Presence::Optional) != nullptr;
    if (auto problem = reader.problem()) return tl::unexpected(std::move(*problem));

    const std::string& token = request.path.at(0);
    sagas::CalledBack said{called.call.step, called.call.phase, *outcome, nullptr, ""};
    if (*outcome != sagas::Outcome::Success) {
        said.error =
            std::get<sagas::Lost>(cleaned(services, called, token, sagas::Lost{error})).reason;
    } else if (has_output) {
        sagas::Value output = sagas::make_value(std::move((*body)["output"]));
        const sagas::Answer clean =
            cleaned(services, called, token, sagas::Reply{200, {}, std::move(output), {}});
        said.output = std::get<sagas::Value>(std::get<sagas::Reply>(clean).body);
    }
    return said;
}

Reply callback_reply(const Called& called, sagas::Status status, bool is_taken) {
    Document document{{"saga", called.call.saga}, {"step", called.step().name}};
    if (const auto item = sagas::item_of(called.call.step)) document["item"] = *item;
    document["phase"] = sagas::to_text(called.call.phase);
    document["taken"] = is_taken;
    document["status"] = sagas::to_text(status);
    return json_reply(200, document);
}

/// The coordinator does not have it: so it is over, if it is there at all.
Answer answer_over(const Services& services, const Called& called) {
    const auto row = read_again([&] { return services.reader.saga(called.call.saga); });
    if (!row && row.error().code == sagas::ErrorCode::NotFound) return unknown_callback();
    if (!row) return to_problem(row.error());
    if (!sagas::is_terminal(row->summary.status)) {
        return to_problem(
            engine::Busy{engine::Busy::Why::TooMuch, "The saga is just changing; send it again."});
    }
    return callback_reply(called, row->summary.status, false);
}

Answer answer_callback(const Services& services, const PendingCallback& pending) {
    const CallBack::Result* result = pending.result.get();
    if (result == nullptr) return commit_unconfirmed();
    if (const auto* busy = std::get_if<engine::Busy>(result)) return to_problem(*busy);
    if (const auto* taken = std::get_if<CallBack::Taken>(result)) {
        return callback_reply(pending.called, taken->status, taken->is_taken);
    }
    return answer_over(services, pending.called);
}

}  // namespace

Answer call_back(const Services& services, const Request& request) {
    auto called = find_called(services, request.path.at(0));
    if (!called) return called.error();
    auto said = read_callback(services, *called, request);
    if (!said) return said.error();

    auto pending = std::make_shared<PendingCallback>();
    pending->called = std::move(*called);
    services.post(
        CallBack{pending->called.call.saga, std::move(*said),
                 [pending](CallBack::Result result) { pending->result.set(std::move(result)); }});
    Later later;
    later.time = kCommitTime;
    later.arm = [pending](std::function<void()> ready) {
        pending->result.when_set(std::move(ready));
    };
    later.finish = [&services, pending] { return answer_callback(services, *pending); };
    return later;
}

}  // namespace skald::api
