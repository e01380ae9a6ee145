#include "sagas/sensitive.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sagas/classify.h"
#include "sagas/lint.h"

namespace skald::sagas {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;
using Paths = std::vector<SensitivePath>;

/// Two steps: `tokenise` is sent the card and gives a token, `charge` gets the token.
Json payment() {
    return Json::parse(R"({
        "name": "payment",
        "sensitive": ["/input/card", "/input/people/*/mail", "/steps/tokenise/output/token"],
        "steps": [
            {"name": "tokenise", "compensation": "none",
             "action": {"http": {"method": "POST", "url": "http://127.0.0.1:1/tokens",
                        "body": {"card": "$input.card", "note": "for {$input.card.number}",
                                 "who": "$input.name"}}}},
            {"name": "charge", "compensation": "none",
             "action": {"http": {"method": "POST", "url": "http://127.0.0.1:1/charges",
                        "body": {"token": "$steps.tokenise.output.token"}}},
             "output": {"id": "$response.body.id", "first": "$input.people[0]",
                        "with": "$steps.tokenise.output"}},
            {"name": "thank", "compensation": "none",
             "action": {"http": {"method": "POST", "url": "http://127.0.0.1:1/mails?id={$input.id}",
                        "body": {"who": "$input.name"}}}}
        ],
        "output": {"charge": "$steps.charge.output", "who": "$input.name"}})");
}

std::shared_ptr<const Definition> defined(const Json& document) {
    Checked checked = check_definition(document, std::nullopt);
    for (const Problem& problem : checked.errors) {
        ADD_FAILURE() << problem.code << " " << problem.pointer << " " << problem.detail;
    }
    return checked.definition;
}

/// "CODE POINTER" of each error.
std::vector<std::string> errors_of(const Json& document) {
    std::vector<std::string> lines;
    for (const Problem& problem : check_definition(document, std::nullopt).errors) {
        EXPECT_FALSE(problem.hint.empty()) << problem.code;
        lines.push_back(problem.code + " " + problem.pointer);
    }
    return lines;
}

Json with_url(const std::string& url) {
    Json document = payment();
    document["steps"][2]["action"]["http"]["url"] = url;
    return document;
}

TEST(SensitivePointer, IsReadAsJsonPointersAre) {
    const auto pointer = read_sensitive_pointer("/steps/pay/output/a~1b~0/*/0");
    ASSERT_TRUE(pointer);
    EXPECT_EQ(pointer->root, SensitivePointer::Root::StepOutput);
    EXPECT_EQ(pointer->step, "pay");
    EXPECT_EQ(pointer->below, (SensitivePath{"a/b~", "*", "0"}));
    EXPECT_EQ(read_sensitive_pointer("/input")->below, SensitivePath{});
    EXPECT_EQ(read_sensitive_pointer("/output/x")->root, SensitivePointer::Root::Output);
}

TEST(SensitivePointer, IsRefusedWhereItLeadsNowhere) {
    for (const char* bad : {"", "/", "input", "/input/~2", "/input/~", "/inputs/a", "/steps",
                            "/steps/pay", "/steps/pay/input/a", "/labels/a", "#/input"}) {
        EXPECT_FALSE(read_sensitive_pointer(bad)) << bad;
    }
}

TEST(Sensitive, IsFollowedThroughTheTemplates) {
    const Sensitive found = defined(payment())->sensitive;
    EXPECT_THAT(found.input,
                ElementsAre(SensitivePath{"card"}, SensitivePath{"people", "*", "mail"}));
    EXPECT_THAT(found.of(StepIndex{0}).body,
                UnorderedElementsAre(SensitivePath{"card"}, SensitivePath{"note"}));
    EXPECT_THAT(found.of(StepIndex{1}).body, ElementsAre(SensitivePath{"token"}));
    EXPECT_THAT(
        found.of(StepIndex{1}).output,
        UnorderedElementsAre(SensitivePath{"first", "mail"}, SensitivePath{"with", "token"}));
    EXPECT_THAT(found.of(StepIndex{2}).body, IsEmpty());
    EXPECT_THAT(found.output, UnorderedElementsAre(SensitivePath{"charge", "first", "mail"},
                                                   SensitivePath{"charge", "with", "token"}));
}

TEST(Sensitive, HidesTheRepliesOfWhoIsToldIt) {
    const auto definition = defined(payment());
    EXPECT_TRUE(definition->sensitive.hides_replies(StepIndex{0}));
    EXPECT_TRUE(definition->sensitive.hides_replies(StepIndex{1}));
    EXPECT_FALSE(definition->sensitive.hides_replies(StepIndex{2}));
    const Saga saga = make_saga(*definition, "s", {}, make_value(Json::object()));
    const auto error = [&](std::uint32_t step, const Json& body) {
        const Reply refusal{402, {}, make_value(body), std::nullopt};
        return classify(*definition, saga, StepIndex{step}, Phase::Action, refusal).error;
    };
    EXPECT_EQ(error(0, {{"no", "4111"}}), "HTTP 402: ***");
    EXPECT_EQ(error(0, nullptr), "HTTP 402");
    EXPECT_EQ(error(2, {{"no", "4111"}}), R"(HTTP 402: {"no":"4111"})");
}

TEST(Sensitive, HidesTheRepliesOfWhoIsToldItOnlyInTheUndo) {
    Json document = payment();
    document["steps"][2]["compensation"] = {{"http",
                                             {{"method", "POST"},
                                              {"url", "http://127.0.0.1:1/x"},
                                              {"headers", {{"X", "{$input.card}"}}}}}};
    EXPECT_TRUE(defined(document)->sensitive.hides_replies(StepIndex{2}));
}

TEST(Sensitive, IsAllOfAValueWithTooManySuchPlaces) {
    Json document = payment();
    for (int i = 0; i < 300; ++i) {
        document["steps"][0]["action"]["http"]["body"]["c" + std::to_string(i)] = "$input.card";
    }
    EXPECT_EQ(defined(document)->sensitive.of(StepIndex{0}).body, Paths{SensitivePath{}});
}

/// The rooms of a tour: a call for each, and children for each and for all.
Json rooms(const std::vector<std::string>& sensitive) {
    return Json{{"name", "rooms"}, {"sensitive", sensitive}, {"steps", Json::parse(R"([
            {"name": "book", "for_each": "$input.rooms", "compensation": "none",
             "action": {"http": {"method": "POST", "url": "http://127.0.0.1:1/rooms",
                        "body": {"guest": "$item.guest", "kind": "$item.kind", "n": "$index"}}},
             "output": {"for": "$item.guest", "code": "$response.body.code"}},
            {"name": "tell", "action": {"saga": {"definition": "mail", "input":
                {"all": "$steps.book.output", "first": "$steps.book.output[0].for"}}}},
            {"name": "each", "for_each": "$steps.book.output", "compensation": "none",
             "action": {"saga": {"definition": "mail", "input": {"code": "$item.code"}}}}])")}};
}

TEST(Sensitive, IsFollowedThroughElements) {
    const auto definition = defined(rooms({"/input/rooms/*/guest", "/steps/book/output/*/code"}));
    const Sensitive& found = definition->sensitive;
    const StepIndex book{0};
    const StepIndex tell{1};
    const StepIndex each{2};
    EXPECT_THAT(found.of(book).items, ElementsAre(SensitivePath{"*", "guest"}));
    EXPECT_THAT(found.of(element_of(book, 4)).items, ElementsAre(SensitivePath{"guest"}));
    EXPECT_THAT(found.of(element_of(book, 4)).body, ElementsAre(SensitivePath{"guest"}));
    EXPECT_THAT(found.of(element_of(book, 4)).output,
                UnorderedElementsAre(SensitivePath{"code"}, SensitivePath{"for"}));
    EXPECT_THAT(found.of(book).output,
                UnorderedElementsAre(SensitivePath{"*", "code"}, SensitivePath{"*", "for"}));
    EXPECT_TRUE(found.hides_replies(element_of(book, 0)));
    EXPECT_THAT(found.of(tell).body,
                UnorderedElementsAre(SensitivePath{"all", "*", "code"},
                                     SensitivePath{"all", "*", "for"}, SensitivePath{"first"}));
    EXPECT_THAT(found.of(element_of(each, 0)).body, ElementsAre(SensitivePath{"code"}));
    EXPECT_THAT(found.of(element_of(tell, 0)).body, found.of(tell).body);
}

TEST(Sensitive, IsAllOfAnItemOfAnArrayThatIs) {
    const Sensitive found = defined(rooms({"/input/rooms", "/steps/book/output"}))->sensitive;
    const StepIndex book{0};
    EXPECT_THAT(found.of(book).items, ElementsAre(SensitivePath{}));
    EXPECT_THAT(found.of(element_of(book, 0)).items, ElementsAre(SensitivePath{}));
    EXPECT_THAT(found.of(book).output, testing::Contains(SensitivePath{}));
    EXPECT_THAT(found.of(element_of(book, 0)).output, testing::Contains(SensitivePath{}));
    EXPECT_THAT(found.of(element_of(book, 0)).body,
                UnorderedElementsAre(SensitivePath{"guest"}, SensitivePath{"kind"}));
}

// What is said of one element is taken for all.
TEST(Sensitive, IsOfEachElementWhatItIsOfOne) {
    const Sensitive found = defined(rooms({"/input/rooms/0/guest"}))->sensitive;
    EXPECT_THAT(found.of(element_of(StepIndex{0}, 3)).body, ElementsAre(SensitivePath{"guest"}));
}

TEST(Sensitive, IsNothingUnlessSaid) {
    Json document = payment();
    document.erase("sensitive");
    EXPECT_EQ(defined(document)->sensitive, Sensitive{});
    document["sensitive"] = Json::array();
    EXPECT_EQ(defined(document)->sensitive, Sensitive{});
}

// An event is how a service by event is told what it needs: in its data, which saga views mask.
TEST(Sensitive, IsFollowedThroughEvents) {
    Json document = payment();
    document["steps"][2] = Json::parse(R"({"name": "tell",
        "action": {"event": {"topic": "cards", "type": "card.used",
            "data": {"card": "$input.card.number", "who": "$input.name"},
            "reply": {"topic": "cards", "success": {"type": "seen"}}}},
        "compensation": "none", "output": {"by": "$input.people[0].mail"}})");
    document["steps"].push_back(Json::parse(R"({"name": "wait",
        "action": {"wait": {"event": {"topic": "cards", "success": {"type": "go"},
            "match": {"event": "$event.subject", "saga": "$input.card.number"},
            "timeout": "1d"}}}})"));
    document["sensitive"].push_back("/steps/wait/output/pin");
    const Sensitive found = defined(document)->sensitive;
    EXPECT_THAT(found.of(StepIndex{2}).body, ElementsAre(SensitivePath{"card"}));
    EXPECT_THAT(found.of(StepIndex{2}).output, ElementsAre(SensitivePath{"by"}));
    EXPECT_TRUE(found.hides_replies(StepIndex{2}));
    EXPECT_THAT(found.of(StepIndex{3}).output, ElementsAre(SensitivePath{"pin"}));
    EXPECT_TRUE(found.hides_replies(StepIndex{3}));
}

TEST(Sensitive, MayNotBeTheSubjectOfAnEvent) {
    Json document = payment();
    document["steps"][2] = Json::parse(R"({"name": "tell", "compensation": "none",
        "action": {"event": {"topic": "cards", "type": "card.used",
                             "subject": "{$input.card.number}"}}})");
    EXPECT_THAT(errors_of(document), ElementsAre("sensitive-shown /steps/2/action/event/subject"));
    document["steps"][2]["action"]["event"]["subject"] = "$input.name";
    EXPECT_THAT(errors_of(document), IsEmpty());
}

TEST(Sensitive, MayNotGoWhereItIsShown) {
    EXPECT_THAT(errors_of(with_url("http://127.0.0.1:1/cards/{$input.card}")),
                ElementsAre("sensitive-shown /steps/2/action/http/url"));
    EXPECT_THAT(errors_of(with_url("http://127.0.0.1:1/{$input.card.number}")),
                ElementsAre("sensitive-shown /steps/2/action/http/url"));
    // What a template made of it is the same value.
    EXPECT_THAT(errors_of(with_url("http://127.0.0.1:1/{$steps.charge.output.with.token}")),
                ElementsAre("sensitive-shown /steps/2/action/http/url"));
    EXPECT_THAT(errors_of(with_url("http://127.0.0.1:1/{$input.name}?card={$input.card}")),
                IsEmpty());
    Json labelled = payment();
    labelled["labels"] = {{"who", "$input.people[3].mail"}, {"name", "$input.name"}};
    EXPECT_THAT(errors_of(labelled), ElementsAre("sensitive-shown /labels/who"));
    labelled["labels"] = {{"all", "{$input}"}};
    EXPECT_THAT(errors_of(labelled), ElementsAre("sensitive-shown /labels/all"));
    Json locked = payment();
    locked["lock"] = "card {$input.card.number}";
    EXPECT_THAT(errors_of(locked), ElementsAre("sensitive-shown /lock"));
    Json waiting = payment();
    waiting["steps"].push_back(
        {{"name", "rest"}, {"action", {{"wait", {{"until", "$input.card.expires"}}}}}});
    EXPECT_THAT(errors_of(waiting), ElementsAre("sensitive-shown /steps/3/action/wait/until"));
    Json repeated = payment();
    repeated["steps"][2]["for_each"] = "$input.people";
    repeated["steps"][2]["action"]["http"]["url"] = "http://127.0.0.1:1/{$item.mail}";
    EXPECT_THAT(errors_of(repeated), ElementsAre("sensitive-shown /steps/2/action/http/url"));
}

}  // namespace
}  // namespace skald::sagas
