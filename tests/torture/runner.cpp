#include "tests/torture/runner.h"

#include <array>
#include <nlohmann/json.hpp>
#include <utility>

namespace skald::torture {
namespace {

using Json = nlohmann::json;
using Kind = Errand::Kind;
using Operation = Errand::Operation;

constexpr const char* kWaiting = "?wait=30s";
constexpr std::size_t kBatchItems = 100;
constexpr unsigned kCancelMsMax = 30;
constexpr std::uint64_t kLocks = 8;
/// So many sagas are left to themselves before clients look after the oldest.
constexpr std::size_t kFiredRest = 300;
constexpr std::size_t kStuckRest = 50;

struct OperatorCommand {
    const char* name;
    const char* as;  ///< Of `resolve`; or empty.
    Sight sight;
};

OperatorCommand command_of(Operation operation) {
    switch (operation) {
        case Operation::Retry:
            return {"retry", "", Sight::Retried};
        case Operation::ResolveSucceeded:
            return {"resolve", "succeeded", Sight::ResolvedSucceeded};
        case Operation::ResolveCompensated:
            return {"resolve", "compensated", Sight::ResolvedCompensated};
        case Operation::ResolveSkipped:
            return {"resolve", "skipped", Sight::ResolvedSkipped};
        case Operation::Cancel:
            return {"cancel", "", Sight::CancelledWhileStuck};
        case Operation::Abandon:
            return {"abandon", "", Sight::Abandoned};
    }
    return {};
}

/// How a stuck saga ends after it.
End end_after(Operation operation, Story story) {
    switch (operation) {
        case Operation::Retry:
        case Operation::ResolveSucceeded:
        case Operation::ResolveSkipped:
            return end_of(story);
        case Operation::ResolveCompensated:
        case Operation::Cancel:
            return End::Compensated;
        case Operation::Abandon:
            return End::Abandoned;
    }
    return End::Abandoned;
}

std::string told(const outside::HttpReply& reply) {
    return std::to_string(reply.status) + ' ' + reply.body;
}

}  // namespace

void Runner::run() {
    while (!work_.keeper.has_given_up()) {
        const std::optional<Errand> errand = work_.next(random_);
        if (!errand.has_value()) {
            break;
        }
        run(*errand);
        const bool is_tidying = work_.is_tidying();
        look_after(is_tidying ? 0 : kFiredRest, is_tidying ? 0 : kStuckRest);
    }
    look_after(0, 0);
}

void Runner::look_after(std::size_t fired_rest, std::size_t stuck_rest) {
    while (const auto fired = work_.fired.take(fired_rest)) {
        await_end(fired->saga, "", {fired->errand.story, end_of(fired->errand.story), {}});
    }
    while (const auto stuck = work_.stuck.take(stuck_rest)) {
        work_.sights.note(Sight::LeftStuck);
        const std::string status = client_.await_rest(stuck->saga);
        if (status == "stuck") {
            move_on(stuck->saga, stuck->errand);
        } else {
            await_end(stuck->saga, status, {stuck->errand.story, {}, {}});
        }
    }
}

void Runner::run(const Errand& errand) {
    switch (errand.kind) {
        case Kind::Wait:
        case Kind::Repeat:
            return wait(errand);
        case Kind::Fire:
            return fire(errand);
        case Kind::Batch:
            return batch();
        case Kind::Cancel:
            return cancel(errand);
        case Kind::Suspend:
            return suspend(errand);
        case Kind::Operate:
            return operate(errand);
    }
}

/// What the story needs beside its name.
std::string Runner::input_of(Story story) {
    if (story == Story::Each || story == Story::EachRefused) {
        return R"(,"elements":["charge","pack"])";
    }
    const bool has_lock = story == Story::Locked || story == Story::LockedRefused;
    return has_lock ? R"(,"lock":"lock )" + std::to_string(random_() % kLocks) + '"' : "";
}

Runner::Start Runner::make_start(Story story) {
    const std::string number = std::to_string(work_.next_number());
    const std::string name = "torture-" + std::to_string(work_.seed) + '-' + number;
    const std::uint64_t way = random_() % 3;
    Start start;
    start.story = story;
    start.own_id = way != 0 ? name : "";
    start.key = way != 1 ? name : "";
    start.body = R"({"definition":")" + std::string(definition_of(story)) + '"' +
                 (start.own_id.empty() ? "" : R"(,"id":")" + name + '"') +
                 R"(,"input":{"story":")" + std::string(name_of(story)) + R"(","number":)" +
                 number + input_of(story) + "}}";
    return start;
}

std::optional<outside::HttpReply> Runner::post(const Start& start, const std::string& query) {
    const std::string headers =
        start.key.empty() ? "" : "Idempotency-Key: \"" + start.key + "\"\r\n";
    return client_.send("POST", "/v1/sagas" + query, start.body, headers);
}

Runner::Started Runner::start(const Start& start, const std::string& query) {
    const auto reply = post(start, query);
    if (!reply.has_value()) {
        return {};
    }
    Started started{text_of(*reply, "id"), text_of(*reply, "status")};
    if (reply->status / 100 != 2 || started.saga.empty()) {
        wrong(start.own_id, "a start was answered with " + told(*reply));
        return {};
    }
    if (!start.own_id.empty() && started.saga != start.own_id) {
        wrong(start.own_id, "its start was answered with another id, " + started.saga);
    }
    work_.count_acknowledged();
    return started;
}

void Runner::start_again(const Start& start, const std::string& saga) {
    const auto reply = post(start, "");
    if (!reply.has_value()) {
        return;
    }
    work_.sights.note(Sight::RepeatedStart);
    if (reply->status / 100 != 2) {
        wrong(saga, "its repeated start was answered with " + told(*reply));
    } else if (const std::string id = text_of(*reply, "id"); id != saga) {
        work_.findings.add({Fault::Lost, saga, "its repeated start gave another one, " + id, {}});
    }
}

void Runner::wait(const Errand& errand) {
    const Start request = make_start(errand.story);
    const Started started = start(request, kWaiting);
    if (started.saga.empty()) {
        return;
    }
    await_end(started.saga, started.status, {errand.story, end_of(errand.story), {}});
    if (errand.kind == Kind::Repeat) {
        start_again(request, started.saga);
    }
}

void Runner::fire(const Errand& errand) {
    const Started started = start(make_start(errand.story), "");
    if (!started.saga.empty()) {
        work_.sights.note(Sight::Fired);
        work_.fired.add({started.saga, errand});
    }
}

void Runner::batch() {
    std::vector<Start> starts;
    std::string body;
    for (std::size_t i = 0; i < kBatchItems; ++i) {
        starts.push_back(make_start(random_unattended(random_)));
        const Start& start = starts.back();
        body += (i == 0 ? "" : ",") + start.body;
        if (!start.key.empty()) {
            body.pop_back();
            body += R"(,"idempotency_key":")" + start.key + "\"}";
        }
    }
    body = R"({"items":[)" + body + "]}";
    Json results;
    bool is_busy = true;
    while (is_busy) {
        const auto reply = client_.send("POST", "/v1/sagas/batch", body);
        if (!reply.has_value()) {
            return;
        }
        results = Json::parse(reply->body, nullptr, false);
        if (reply->status != 200 || !results.is_object() ||
            results["items"].size() != kBatchItems) {
            wrong({}, "a batch was answered with " + told(*reply));
            return;
        }
        results = results["items"];
        is_busy = std::any_of(results.begin(), results.end(),
                              [](const Json& result) { return result.value("status", 0) == 503; });
    }
    work_.sights.note(Sight::Batch);
    for (std::size_t i = 0; i < kBatchItems; ++i) {
        const Json saga = results[i].value("saga", Json::object());
        const std::string id = saga.value("id", "");
        const std::string& own_id = starts[i].own_id;
        if (id.empty() || (!own_id.empty() && id != own_id)) {
            wrong(own_id, "an item was answered with " + results[i].dump());
            continue;
        }
        work_.count_acknowledged();
        work_.fired.add({id, {Kind::Batch, starts[i].story, {}}});
    }
}

void Runner::cancel(const Errand& errand) {
    // Somewhere in its course.
    const std::string wait = "?wait=" + std::to_string(random_() % kCancelMsMax) + "ms";
    const Started started = start(make_start(errand.story), wait);
    if (started.saga.empty()) {
        return;
    }
    const auto reply = command(started.saga, "cancel", R"({"reason":"torture"})");
    if (!reply.has_value()) {
        return;
    }
    if (reply->status / 100 == 2) {
        work_.sights.note(Sight::CancelInTime);
        await_end(started.saga, "", {errand.story, End::Compensated, {}});
    } else if (reply->status == 409 && text_of(*reply, "reason_code") == "already_ended") {
        work_.sights.note(Sight::CancelTooLate);
        await_end(started.saga, "", {errand.story, End::Completed, {}});
    } else {
        wrong(started.saga, "its cancel was answered with " + told(*reply));
        await_end(started.saga, "", {errand.story, {End::Completed, End::Compensated}, {}});
    }
}

void Runner::suspend(const Errand& errand) {
    const Started started = start(make_start(errand.story), "");
    if (started.saga.empty()) {
        return;
    }
    for (const char* name : {"suspend", "resume"}) {
        const auto reply = command(started.saga, name, "{}");
        if (!reply.has_value()) {
            return;
        }
        if (reply->status != 200 && text_of(*reply, "reason_code") != "already_ended") {
            wrong(started.saga, std::string(name) + " was answered with " + told(*reply));
        }
        if (name != std::string_view("suspend") || reply->status != 200) {
            continue;
        }
        const auto now = client_.get("/v1/sagas/" + started.saga);
        if (now.has_value() && now->status == 200 && !is_rest(text_of(*now, "status"))) {
            work_.sights.note(Sight::Suspended);
            if (now->body.find(R"("suspended":true)") == std::string::npos) {
                wrong(started.saga, "its acknowledged suspend was forgotten");
            }
        }
    }
    await_end(started.saga, "", {errand.story, end_of(errand.story), {}});
}

void Runner::operate(const Errand& errand) {
    const Started started = start(make_start(errand.story), kWaiting);
    if (started.saga.empty()) {
        return;
    }
    const std::string status =
        is_rest(started.status) ? started.status : client_.await_rest(started.saga);
    if (status != "stuck") {
        // A kill in between gives the step another try, which may be the one that works.
        await_end(started.saga, status, {errand.story, end_of(errand.story), {}});
        return;
    }
    work_.sights.note(Sight::Stuck);
    if (random_() % 2 == 0) {
        work_.stuck.add({started.saga, errand});
    } else {
        move_on(started.saga, errand);
    }
}

void Runner::move_on(const std::string& saga, const Errand& errand) {
    const Step step = stuck_step(errand.story);
    const OperatorCommand command_is = command_of(errand.operation);
    Json body = {{"reason", "torture"}};
    if (command_is.as[0] != '\0') {
        body["step"] = name_of(step);
        body["as"] = command_is.as;
    }
    if (errand.operation == Operation::ResolveCompensated) {
        work_.books.undo_by_hand(saga, step);
    }
    const auto reply = command(saga, command_is.name, body.dump());
    if (!reply.has_value()) {
        return;
    }
    if (reply->status / 100 != 2) {
        wrong(saga, std::string(command_is.name) + " was answered with " + told(*reply));
        work_.books.give_up(saga);
        return;
    }
    work_.sights.note(command_is.sight);
    Expectation expected{errand.story, end_after(errand.operation, errand.story), {}};
    if (errand.operation == Operation::ResolveSkipped) {
        expected.waived = step;
    }
    await_end(saga, "", expected);
}

std::optional<outside::HttpReply> Runner::command(const std::string& saga, std::string_view name,
                                                  const std::string& json) {
    const std::string key = "Idempotency-Key: \"" + std::string(name) + '-' +
                            std::to_string(work_.next_number()) + "\"\r\n";
    auto reply = client_.send("POST", "/v1/sagas/" + saga + '/' + std::string(name), json, key);
    if (reply.has_value() && reply->status == 404) {
        lose(saga, std::string(name) + " was answered with " + told(*reply));
        return std::nullopt;
    }
    return reply;
}

void Runner::await_end(const std::string& saga, std::string status, const Expectation& expected) {
    if (!is_rest(status)) {
        status = client_.await_rest(saga);
    }
    End end = End::Completed;
    if (read_end(status, end)) {
        Books::Settlement settlement = work_.books.settle(saga, end, expected);
        if (settlement.faults.empty()) {
            return;
        }
        std::string text;
        for (const std::string& fault : settlement.faults) {
            text += (text.empty() ? "" : "; ") + fault;
        }
        work_.findings.add({Fault::Wrong, saga, text, std::move(settlement.pages)});
    } else if (status == "stuck") {
        wrong(saga, "it is stuck, and nobody should be needed");
        work_.books.give_up(saga);
    } else {
        lose(saga, status);
    }
}

void Runner::lose(const std::string& saga, std::string text) {
    std::string pages = work_.books.give_up(saga);
    if (!work_.keeper.has_given_up()) {
        work_.findings.add({Fault::Lost, saga, std::move(text), std::move(pages)});
    }
}

void Runner::wrong(const std::string& saga, std::string text) {
    work_.findings.add({Fault::Wrong, saga, std::move(text), work_.books.pages_of(saga)});
}

}  // namespace skald::torture
