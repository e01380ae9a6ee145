#include "sagas/definition_diff.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/sagas/order_document.h"

namespace skald::sagas {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

DefinitionVersion version_of(const Json& document) {
    Checked checked = check_definition(document, std::nullopt);
    EXPECT_NE(checked.definition, nullptr)
        << checked.errors.at(0).pointer << " " << checked.errors.at(0).detail;
    return {document, std::move(checked.filled)};
}

DefinitionDiff diff_of(const Json& older, const Json& newer) {
    return diff_definitions(version_of(older), version_of(newer)).value();
}

/// From the order to the order after `patch`.
DefinitionDiff diff_after(const std::string& patch) {
    return diff_of(order_document(), order_with(patch));
}

/// "charge /timeout 5s -> 7s".
std::vector<std::string> change_lines(const DefinitionDiff& diff) {
    const auto shown = [](const std::optional<Json>& value) { return value ? value->dump() : "-"; };
    std::vector<std::string> lines;
    for (const DefinitionChange& change : diff.changes) {
        std::string line = change.step;
        line.append(change.step.empty() ? "" : " ").append(change.field);
        if (!change.field.empty()) {
            line.append(" " + shown(change.before) + " -> " + shown(change.after));
        }
        lines.push_back(line);
    }
    return lines;
}

std::vector<std::string> obstacle_lines(const DefinitionDiff& diff) {
    std::vector<std::string> lines;
    for (const Problem& problem : diff.obstacles) {
        EXPECT_FALSE(problem.detail.empty());
        lines.push_back(problem.code + " " + problem.pointer);
    }
    return lines;
}

TEST(DefinitionDiff, FindsNothingInTheSame) {
    const DefinitionDiff diff = diff_of(order_document(), order_document());
    EXPECT_THAT(diff.changes, IsEmpty());
    EXPECT_FALSE(diff.only_text_differs);
    EXPECT_THAT(diff.obstacles, IsEmpty());
}

TEST(DefinitionDiff, TellsTextFromMeaning) {
    for (
        const char* patch : {
            R"([{"op": "add", "path": "/steps/0/timeout", "value": "5000ms"}])",
            R"([{"op": "add", "path": "/steps/0/after", "value": []}])",
            R"([{"op": "add", "path": "/description", "value": "Reserve stock, charge the card, ship."},
                 {"op": "add", "path": "/$schema", "value": "http://localhost/s.json"}])",
            R"([{"op": "add", "path": "/steps/3/after", "value": ["notify", "charge"]}])",
            // Another order of the list.
            R"([{"op": "add", "path": "/steps/1/after", "value": ["reserve"]},
                 {"op": "move", "from": "/steps/1", "path": "/steps/2"}])",
        }) {
        const DefinitionDiff diff = diff_after(patch);
        EXPECT_THAT(change_lines(diff), IsEmpty()) << patch;
        EXPECT_TRUE(diff.only_text_differs) << patch;
        EXPECT_THAT(obstacle_lines(diff), IsEmpty()) << patch;
    }
}

TEST(DefinitionDiff, NamesEachMemberByStepAndPointer) {
    const DefinitionDiff diff = diff_after(R"([
        {"op": "replace", "path": "/deadline", "value": "1h"},
        {"op": "add", "path": "/steps/1/action/http/body/a~1b", "value": null},
        {"op": "remove", "path": "/steps/2/when"},
        {"op": "replace", "path": "/steps/1/outcome/0/is", "value": "unknown"},
        {"op": "replace", "path": "/steps/4/action/http/method", "value": "POST"}])");
    EXPECT_THAT(change_lines(diff),
                ElementsAre(R"(/deadline "15m" -> "1h")", "charge /action/http/body/a~1b - -> null",
                            R"(charge /outcome/0/is "success" -> "unknown")",
                            R"(notify /when "$input.mail? != null" -> -)",
                            R"(close /action/http/method "PUT" -> "POST")"));
    EXPECT_EQ(diff.changes[1].pointer, "/steps/1/action/http/body/a~1b");
    EXPECT_FALSE(diff.only_text_differs);
}

TEST(DefinitionDiff, ShowsDefaultsWhereTheyTakeEffect) {
    EXPECT_THAT(change_lines(diff_after(
                    R"([{"op": "replace", "path": "/defaults/timeout", "value": "6s"}])")),
                ElementsAre(R"(reserve /compensation/timeout "5s" -> "6s")",
                            R"(reserve /timeout "5s" -> "6s")", R"(charge /timeout "5s" -> "6s")",
                            R"(notify /timeout "5s" -> "6s")", R"(ship /timeout "5s" -> "6s")",
                            R"(close /timeout "5s" -> "6s")"));
}

TEST(DefinitionDiff, TakesWholeStepsByName) {
    const DefinitionDiff diff =
        diff_after(R"([{"op": "replace", "path": "/steps/4/name", "value": "finish"}])");
    EXPECT_THAT(change_lines(diff), ElementsAre("finish ", "close "));
    EXPECT_EQ(diff.changes[0].before, std::nullopt);
    EXPECT_EQ(diff.changes[0].after->at("name"), "finish");
    EXPECT_EQ(diff.changes[0].pointer, "/steps/4");
    EXPECT_EQ(diff.changes[1].after, std::nullopt);
    EXPECT_EQ(diff.changes[1].before->at("name"), "close");
}

// Another order of the list is no change, and neither is an empty one.
TEST(DefinitionDiff, TakesTriggersByTopicAndType) {
    const Json before = parcel_document();
    Json after = before;
    std::swap(after["triggers"][0], after["triggers"][1]);
    EXPECT_THAT(change_lines(diff_of(before, after)), IsEmpty());
    EXPECT_TRUE(diff_of(before, after).only_text_differs);
    EXPECT_THAT(change_lines(diff_after(R"([{"op": "add", "path": "/triggers", "value": []}])")),
                IsEmpty());

    after["triggers"][1]["input"]["items"] = "$event.data.all";
    after["triggers"][0]["type"] = "parcel.returned";
    const DefinitionDiff diff = diff_of(before, after);
    EXPECT_THAT(
        change_lines(diff),
        ElementsAre(
            "/triggers/0 - -> "
            R"({"input":"$event.data","topic":"parcels","type":"parcel.returned"})",
            R"(/triggers/1/input/items "$event.data.items" -> "$event.data.all")",
            R"(/triggers/1 {"input":"$event.data","topic":"parcels","type":"parcel.asked"} -> -)"));
    // Of another topic it is another one.
    EXPECT_THAT(
        change_lines(diff_of(
            before,
            parcel_with(R"([{"op": "replace", "path": "/triggers/1/topic", "value": "p"}])"))),
        ElementsAre(HasSubstr("/triggers/1 - -> "), HasSubstr(" -> -")));
    EXPECT_EQ(diff.changes[1].pointer, "/triggers/1/input/items");
    EXPECT_EQ(diff.changes[2].pointer, "/triggers/1") << "of the older one";
}

TEST(DefinitionDiff, BoundsWhatItTells) {
    Json older = order_document();
    Json newer = order_document();
    for (int i = 0; i < 1'200; ++i) {
        older["steps"][4]["action"]["http"]["body"]["m" + std::to_string(i)] = 1;
        newer["steps"][4]["action"]["http"]["body"]["m" + std::to_string(i)] = 2;
    }
    const DefinitionDiff diff = diff_of(older, newer);
    EXPECT_EQ(diff.changes.size(), kChangesMax);
    EXPECT_EQ(diff.more_changes, 200u);
}

TEST(DefinitionDiff, RefusesWhatIsNotStoredByUs) {
    DefinitionVersion broken = version_of(order_document());
    broken.filled["steps"][0].erase("timeout");
    const auto diff = diff_definitions(version_of(order_document()), broken);
    ASSERT_FALSE(diff.has_value());
    EXPECT_EQ(diff.error().code, ErrorCode::Corruption);
}

// ---- The verdict --------------------------------------------------------------------------------

TEST(DiffVerdict, LetsLiveSagasGoOnWhereNothingThatTheyDidIsTouched) {
    for (
        const char* patch : {
            R"([{"op": "add", "path": "/description", "value": "x"}])",
            R"([{"op": "add", "path": "/defaults/timeout", "value": "1s"}])",
            R"([{"op": "add", "path": "/defaults/retry", "value": {"maximum_attempts": 9}}])",
            R"([{"op": "add", "path": "/defaults/headers/X-New", "value": "x"}])",
            R"([{"op": "add", "path": "/labels/kind", "value": "x"}])",
            R"([{"op": "add", "path": "/input_schema/required/-", "value": "mail"}])",
            R"([{"op": "remove", "path": "/deadline"}])",
            R"([{"op": "replace", "path": "/deadline", "value": "20m"}])",
            R"([{"op": "add", "path": "/steps/0/in_doubt", "value": "park"}])",
            R"([{"op": "remove", "path": "/steps/1/outcome"}])",
            R"([{"op": "replace", "path": "/steps/1/compensation/timeout", "value": "2m"}])",
            // What was optional for a while may be it; what nobody undid may be undone.
            R"([{"op": "add", "path": "/steps/1/optional", "value": true}])",
            R"([{"op": "replace", "path": "/steps/2/compensation", "value":
                  {"http": {"method": "POST", "url": "http://127.0.0.1/{$action_key}"}}}])",
            // A step at the end just runs later.
            R"([{"op": "add", "path": "/steps/-", "value": {"name": "thank",
                  "action": {"http": {"method": "POST", "url": "http://127.0.0.1/"}}}}])",
            // The output has more in it, and what is read of it is as it was.
            R"([{"op": "add", "path": "/steps/0/output/more", "value": "$response.body"}])",
            // Nobody reads it.
            R"([{"op": "add", "path": "/steps/4/output", "value": "$response.status"}])",
            // `after` by a way round.
            R"([{"op": "add", "path": "/steps/3/after", "value": ["reserve", "charge", "notify"]}])",
            // Read before, or required, or it may be missing.
            R"([{"op": "add", "path": "/output/a", "value":
                  ["$input.order_id", "$input.items", "$input.mail", "$input.new?"]}])",
        }) {
        const DefinitionDiff diff = diff_after(patch);
        EXPECT_THAT(obstacle_lines(diff), IsEmpty()) << patch;
        EXPECT_FALSE(diff.changes.empty()) << patch;
    }
}

TEST(DiffVerdict, TellsWhatStandsInTheWay) {
    struct Row {
        const char* obstacle;
        const char* patch;
    };
    for (
        const Row& row : std::vector<Row>{
            {"deadline-shortened /deadline",
             R"([{"op": "replace", "path": "/deadline", "value": "14m"}])"},
            {"name-changed /name", R"([{"op": "replace", "path": "/name", "value": "parcel"}])"},
            {"pivot-moved /steps",
             R"([{"op": "remove", "path": "/steps/3/pivot"},
                  {"op": "add", "path": "/steps/3/compensation", "value": "none"},
                  {"op": "add", "path": "/steps/4/compensation", "value": "none"}])"},
            {"pivot-moved /steps/4/pivot",
             R"([{"op": "remove", "path": "/steps/3/pivot"},
                  {"op": "add", "path": "/steps/3/compensation", "value": "none"},
                  {"op": "add", "path": "/steps/4/pivot", "value": true}])"},
            {"step-removed /steps/4", R"([{"op": "remove", "path": "/steps/4"}])"},
            {"step-added /steps/1",
             R"([{"op": "add", "path": "/steps/1", "value": {"name": "check",
                   "action": {"http": {"method": "GET", "url": "http://127.0.0.1/"}},
                   "compensation": "none"}}])"},
            {"order-changed /steps/2/after",
             R"([{"op": "add", "path": "/steps/2/after", "value": ["charge"]}])"},
            {"when-changed /steps/2/when",
             R"([{"op": "replace", "path": "/steps/2/when", "value": "$input.mail? == null"}])"},
            {"when-changed /steps/4/when",
             R"([{"op": "add", "path": "/steps/4/when", "value": "$input.mail? == null"}])"},
            {"action-changed /steps/1/action",
             R"([{"op": "replace", "path": "/steps/1/action/http/body/amount", "value": 1}])"},
            {"action-changed /steps/4/action",
             R"([{"op": "replace", "path": "/steps/4/action/http/method", "value": "POST"}])"},
            {"no-longer-optional /steps/2/optional",
             R"([{"op": "remove", "path": "/steps/2/optional"}])"},
            {"compensation-removed /steps/1/compensation",
             R"([{"op": "replace", "path": "/steps/1/compensation", "value": "none"}])"},
            {"compensation-changed /steps/0/compensation",
             R"([{"op": "replace", "path": "/steps/0/compensation/http/method", "value": "POST"}])"},
            {"output-changed /steps/3/action/http/body/reservation",
             R"([{"op": "replace", "path": "/steps/0/output/id", "value": "$response.body.id"}])"},
            {"output-changed /steps/3/action/http/body/reservation",
             R"([{"op": "remove", "path": "/steps/0/output"}])"},
            {"new-input /output/c",
             R"([{"op": "add", "path": "/output/c", "value": "$input.country"}])"},
            {"new-input /output/c",
             R"([{"op": "add", "path": "/output/c", "value": "$input.order_id.part"}])"},
        }) {
        const DefinitionDiff diff = diff_after(row.patch);
        EXPECT_THAT(obstacle_lines(diff), ElementsAre(row.obstacle)) << row.patch;
        EXPECT_FALSE(diff.changes.empty()) << row.patch;
    }
}

/// Those from the tour to the tour after `patch`.
std::vector<std::string> tour_obstacles(const std::string& patch) {
    return obstacle_lines(diff_of(tour_document(), tour_with(patch)));
}

TEST(DiffVerdict, LetsLiveSagasWaitAsTheyBegan) {
    for (const char* patch : {
             R"([{"op": "replace", "path": "/steps/0/max_parallel", "value": 1}])",
             R"([{"op": "replace", "path": "/steps/1/callback_timeout", "value": "1d"}])",
             R"([{"op": "replace", "path": "/steps/1/compensation/callback_timeout",
                  "value": "1d"}])",
             R"([{"op": "replace", "path": "/steps/4/action/wait/for", "value": "2d"}])",
             R"([{"op": "replace", "path": "/steps/6/action/wait", "value": {"for": "2d"}}])",
         }) {
        EXPECT_THAT(tour_obstacles(patch), IsEmpty()) << patch;
    }
}

TEST(DiffVerdict, MindsWhatWaitsRepeatsOrCallsOtherSagas) {
    struct Row {
        const char* obstacle;
        const char* patch;
    };
    for (
        const Row& row : std::vector<Row>{
            {"lock-changed /lock", R"([{"op": "remove", "path": "/lock"}])"},
            {"lock-changed /lock", R"([{"op": "replace", "path": "/lock", "value": "one"}])"},
            {"for-each-changed /steps/3/for_each",
             R"([{"op": "replace", "path": "/steps/3/for_each", "value": "$input.rooms"}])"},
            {"reply-changed /steps/1/action/http/reply",
             R"([{"op": "remove", "path": "/steps/1/action/http/reply"},
                  {"op": "remove", "path": "/steps/1/callback_timeout"}])"},
            {"reply-changed /steps/1/compensation/http/reply",
             R"([{"op": "remove", "path": "/steps/1/compensation/http/reply"},
                  {"op": "remove", "path": "/steps/1/compensation/callback_timeout"}])"},
            {"action-changed /steps/2/action",
             R"([{"op": "replace", "path": "/steps/2/action/saga/definition", "value": "x"}])"},
            {"action-changed /steps/2/action",
             R"([{"op": "remove", "path": "/steps/2/action/saga/input"}])"},
            {"action-changed /steps/7/action",
             R"([{"op": "replace", "path": "/steps/7/action", "value": {"wait": {"for": "1s"}}}])"},
            {"compensation-changed /steps/3/compensation",
             R"([{"op": "remove", "path": "/steps/3/compensation"}])"},
            {"compensation-changed /steps/2/compensation",
             R"([{"op": "add", "path": "/steps/2/compensation", "value":
                   {"saga": {"definition": "x", "input": "$action_key"}}}])"},
            {"compensation-removed /steps/2/compensation",
             R"([{"op": "add", "path": "/steps/2/compensation", "value": "none"}])"},
            {"output-changed /steps/4/when",
             R"([{"op": "replace", "path": "/steps/0/output/kind", "value": "$response.body.kind"},
                  {"op": "add", "path": "/steps/4/when", "value": "$steps.rooms.output[1].kind? == 1"}])"},
            {"new-input /steps/6/action/wait/until",
             R"([{"op": "replace", "path": "/steps/6/action/wait/until", "value": "$input.now"}])"},
        }) {
        EXPECT_THAT(tour_obstacles(row.patch), Contains(row.obstacle)) << row.patch;
    }
}

/// Those from the parcel to the parcel after `patch`.
std::vector<std::string> parcel_obstacles(const std::string& patch) {
    return obstacle_lines(diff_of(parcel_document(), parcel_with(patch)));
}

TEST(DiffVerdict, LetsEventsTakeLonger) {
    for (const char* patch : {
             R"([{"op": "add", "path": "/steps/0/action/event/reply/timeout", "value": "1m"}])",
             R"([{"op": "add", "path": "/steps/0/compensation/event/reply/timeout",
                  "value": "2m"}])",
             R"([{"op": "add", "path": "/steps/2/action/wait/event/timeout", "value": "1d"}])",
             R"([{"op": "add", "path": "/steps/0/retry", "value": {"maximum_attempts": 9}}])",
         }) {
        EXPECT_THAT(parcel_obstacles(patch), IsEmpty()) << patch;
    }
    const DefinitionDiff diff =
        diff_of(parcel_document(),
                parcel_with(R"([{"op": "add", "path": "/steps/0/action/event/reply/success/type",
                         "value": ["stock.reserved"]},
                        {"op": "add", "path": "/steps/0/action/event/reply/timeout",
                         "value": "30000ms"}])"));
    EXPECT_THAT(change_lines(diff), IsEmpty());
    EXPECT_TRUE(diff.only_text_differs);
}

// They start sagas, and are nothing to those that run.
TEST(DiffVerdict, DoesNotMindTriggers) {
    for (const char* patch :
         {R"([{"op": "remove", "path": "/triggers"}])",
          R"([{"op": "remove", "path": "/triggers/0"}])",
          R"([{"op": "add", "path": "/triggers/0/topic", "value": "others"}])",
          R"([{"op": "add", "path": "/triggers/0/input", "value": "$event.data"}])"}) {
        EXPECT_THAT(obstacle_lines(diff_of(parcel_document(), parcel_with(patch))), IsEmpty())
            << patch;
        EXPECT_THAT(obstacle_lines(diff_of(parcel_with(patch), parcel_document())), IsEmpty())
            << patch;
    }
}

TEST(DiffVerdict, MindsWhatIsPublishedAndAnswered) {
    struct Row {
        const char* obstacle;
        const char* patch;
    };
    for (const Row& row : std::vector<Row>{
             {"action-changed /steps/0/action",
              R"([{"op": "add", "path": "/steps/0/action/event/topic", "value": "stock"}])"},
             {"action-changed /steps/0/action",
              R"([{"op": "add", "path": "/steps/0/action/event/type", "value": "stock.take"}])"},
             {"action-changed /steps/0/action",
              R"([{"op": "remove", "path": "/steps/0/action/event/subject"}])"},
             {"action-changed /steps/4/action",
              R"([{"op": "add", "path": "/steps/4/action/event/data", "value": 1}])"},
             {"action-changed /steps/4/action",
              R"([{"op": "add", "path": "/steps/4/action", "value": {"wait": {"for": "1s"}}}])"},
             {"action-changed /steps/2/action",
              R"([{"op": "add", "path": "/steps/2/action/wait/event/topic", "value": "x"}])"},
             {"action-changed /steps/2/action",
              R"([{"op": "remove", "path": "/steps/2/action/wait/event/failure"}])"},
             {"reply-changed /steps/0/action/event/reply",
              R"([{"op": "add", "path": "/steps/0/action/event/reply/topic", "value": "x"}])"},
             {"reply-changed /steps/0/action/event/reply",
              R"([{"op": "remove", "path": "/steps/0/action/event/reply/failure"}])"},
             {"reply-changed /steps/1/action/event/reply",
              R"([{"op": "remove", "path": "/steps/1/action/event/reply/match"}])"},
             {"reply-changed /steps/4/action/event/reply",
              R"([{"op": "add", "path": "/steps/4/action/event/reply", "value":
                   {"topic": "news", "success": {"type": "read"}}}])"},
             {"reply-changed /steps/1/compensation/event/reply",
              R"([{"op": "add", "path": "/steps/1/compensation/event/reply", "value":
                   {"topic": "packing", "success": {"type": "parcel.unpacked"}}}])"},
             {"compensation-changed /steps/0/compensation",
              R"([{"op": "add", "path": "/steps/0/compensation/event/data", "value": 1}])"},
         }) {
        EXPECT_THAT(parcel_obstacles(row.patch), ElementsAre(row.obstacle)) << row.patch;
    }
}

TEST(DiffVerdict, MindsOutputsThatAreNewlyTakenForGranted) {
    const DefinitionDiff diff = diff_after(
        R"([{"op": "remove", "path": "/steps/2/when"}, {"op": "remove", "path": "/steps/2/optional"},
            {"op": "replace", "path": "/steps/3/action/http/body/mail",
             "value": "$steps.notify.output.id"}])");
    EXPECT_THAT(obstacle_lines(diff),
                Contains("output-may-be-null /steps/3/action/http/body/mail"));
}

TEST(DiffVerdict, MindsTheOwnOutputOfACompensation) {
    const Json older = order_with(R"([{"op": "replace", "path": "/steps/0/compensation/http/url",
                                       "value": "http://127.0.0.1:9001/r/{$output.id}"},
                                      {"op": "remove", "path": "/steps/3/action/http/body"}])");
    Json newer = older;
    newer["steps"][0]["output"]["id"] = "$response.body.id";
    EXPECT_THAT(obstacle_lines(diff_of(older, newer)),
                ElementsAre("output-changed /steps/0/compensation/http/url"));
}

// Nothing after the pivot is ever undone.
TEST(DiffVerdict, DoesNotMindCompensationsThatNeverRun) {
    const Json older = order_with(
        R"([{"op": "add", "path": "/steps/4/compensation", "value":
             {"http": {"method": "POST", "url": "http://127.0.0.1/{$action_key}"}}}])");
    EXPECT_THAT(obstacle_lines(diff_of(older, order_document())), IsEmpty());
    EXPECT_THAT(change_lines(diff_of(older, order_document())),
                ElementsAre(HasSubstr("close /compensation")));
}

}  // namespace
}  // namespace skald::sagas
