#include "sagas/children.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace skald::sagas {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

/// Definitions by name, each of version 7.
class ChildCatalog {
 public:
    void add(const Json& document) {
        Checked checked = check_definition(document, std::nullopt);
        for (const Problem& problem : checked.errors) {
            ADD_FAILURE() << problem.pointer << ' ' << problem.detail << ' ' << document;
        }
        const std::string name = document.at("name");
        known_[name] = std::move(checked.definition);
    }

    const Definition& of(const std::string& name) const { return *known_.at(name); }
    const std::map<std::string, int>& asked() const { return asked_; }

    FindLatest finder() {
        return [this](std::string_view name) -> Result<KnownDefinition> {
            ++asked_[std::string(name)];
            if (name == "unreadable") return fail(ErrorCode::Unavailable, "the disk is slow");
            const auto found = known_.find(std::string(name));
            if (found == known_.end()) return fail(ErrorCode::NotFound, "no such definition");
            return KnownDefinition{found->second, 7};
        };
    }

    /// "CODE POINTER" of each problem of `name`.
    std::vector<std::string> problems_of(const std::string& name) {
        std::vector<std::string> lines;
        for (const Problem& problem : check_children(of(name), finder())) {
            EXPECT_FALSE(problem.detail.empty() || problem.hint.empty());
            lines.push_back(problem.code + ' ' + problem.pointer);
        }
        return lines;
    }

    std::string detail_of(const std::string& name) {
        return check_children(of(name), finder()).at(0).detail;
    }

 private:
    std::map<std::string, std::shared_ptr<const Definition>> known_;
    std::map<std::string, int> asked_;
};

/// Named `name`, with a step for each of `children`, which are run one behind the other.
Json calling(const std::string& name, const std::vector<std::string>& children) {
    Json document{{"name", name}, {"steps", Json::array()}};
    for (const std::string& child : children) {
        document["steps"].push_back(
            {{"name", "to-" + child}, {"action", {{"saga", {{"definition", child}}}}}});
    }
    if (children.empty()) {
        document["steps"].push_back({{"name", "rest"}, {"action", {{"wait", {{"for", "1s"}}}}}});
    }
    return document;
}

Json with_pivot(Json document) {
    document["steps"][0]["pivot"] = true;
    return document;
}

TEST(Children, MayHaveChildren) {
    ChildCatalog catalog;
    catalog.add(calling("mail", {}));
    catalog.add(calling("payment", {"mail"}));
    Json order = calling("order", {"payment", "mail"});
    order["steps"][1]["compensation"] = {{"saga", {{"definition", "mail"}}}};
    catalog.add(order);
    EXPECT_THAT(catalog.problems_of("order"), IsEmpty());
    EXPECT_THAT(catalog.asked(),
                UnorderedElementsAre(testing::Pair("payment", 1), testing::Pair("mail", 1)));
}

TEST(Children, MustBeKnown) {
    ChildCatalog catalog;
    catalog.add(calling("payment", {"mail"}));
    Json order = calling("order", {"payment", "stock"});
    order["steps"][1]["compensation"] = {{"saga", {{"definition", "stcok"}}}};
    catalog.add(order);
    EXPECT_THAT(catalog.problems_of("order"),
                ElementsAre("unknown-definition /steps/0/action/saga/definition",
                            "unknown-definition /steps/1/action/saga/definition",
                            "unknown-definition /steps/1/compensation/saga/definition"));
    EXPECT_EQ(catalog.detail_of("order"), "in payment: there is no definition \"mail\"");
}

TEST(Children, MustBeReadable) {
    ChildCatalog catalog;
    catalog.add(calling("order", {"unreadable"}));
    EXPECT_THAT(catalog.problems_of("order"),
                ElementsAre("internal-error /steps/0/action/saga/definition"));
    EXPECT_EQ(catalog.detail_of("order"), "the disk is slow");
}

TEST(Children, MustNotCallEachOther) {
    ChildCatalog catalog;
    catalog.add(calling("own", {"own"}));
    EXPECT_THAT(catalog.problems_of("own"),
                ElementsAre("child-cycle /steps/0/action/saga/definition"));
    catalog.add(calling("order", {"payment"}));
    catalog.add(calling("payment", {"mail"}));
    catalog.add(calling("mail", {"order"}));
    EXPECT_THAT(catalog.problems_of("order"),
                ElementsAre("child-cycle /steps/0/action/saga/definition"));
    EXPECT_THAT(catalog.detail_of("order"), HasSubstr("order -> payment -> mail -> order"));
    // Below it: the topmost one is not of the circle.
    catalog.add(calling("mail", {"payment"}));
    EXPECT_THAT(catalog.detail_of("order"), HasSubstr("order -> payment -> mail -> payment"));
}

TEST(Children, HaveThreeLevelsAtMost) {
    ChildCatalog catalog;
    catalog.add(calling("d", {}));
    catalog.add(calling("c", {"d"}));
    catalog.add(calling("b", {"c"}));
    catalog.add(calling("a", {"d", "b"}));
    EXPECT_THAT(catalog.problems_of("b"), IsEmpty());
    EXPECT_THAT(catalog.problems_of("a"),
                ElementsAre("child-depth /steps/1/action/saga/definition"));
    EXPECT_THAT(catalog.detail_of("a"), HasSubstr("a -> b -> c -> d: more than 3 levels"));
    // Known by a shorter way before.
    catalog.add(calling("a", {"c", "b"}));
    EXPECT_THAT(catalog.problems_of("a"),
                ElementsAre("child-depth /steps/1/action/saga/definition"));
}

TEST(Children, HaveNoLock) {
    ChildCatalog catalog;
    Json mail = calling("mail", {});
    mail["lock"] = "one";
    catalog.add(mail);
    catalog.add(calling("payment", {"mail"}));
    Json order = calling("order", {"payment"});
    order["steps"][0]["compensation"] = {{"saga", {{"definition", "mail"}}}};
    catalog.add(order);
    EXPECT_THAT(catalog.problems_of("payment"),
                ElementsAre("child-lock /steps/0/action/saga/definition"));
    EXPECT_THAT(catalog.problems_of("order"),
                ElementsAre("child-lock /steps/0/action/saga/definition",
                            "child-lock /steps/0/compensation/saga/definition"));
}

TEST(Children, WithAPivotAreCalledWhereNothingTurnsThem) {
    ChildCatalog catalog;
    catalog.add(with_pivot(calling("ship", {})));
    catalog.add(calling("order", {"ship"}));
    EXPECT_THAT(catalog.problems_of("order"),
                ElementsAre("child-pivot /steps/0/action/saga/definition"));
    for (const char* undo : {R"("none")", R"({"saga": {"definition": "ship"}})"}) {
        Json order = calling("order", {"ship"});
        order["steps"][0]["compensation"] = Json::parse(undo);
        catalog.add(order);
        EXPECT_THAT(catalog.problems_of("order"), IsEmpty()) << undo;
    }
    catalog.add(with_pivot(calling("order", {"ship"})));
    EXPECT_THAT(catalog.problems_of("order"), IsEmpty());
    Json after = with_pivot(calling("order", {"mail", "ship"}));
    catalog.add(calling("mail", {}));
    catalog.add(after);
    EXPECT_THAT(catalog.problems_of("order"), IsEmpty());
    after["steps"][0].erase("pivot");
    after["steps"].push_back(
        {{"name", "end"}, {"pivot", true}, {"action", {{"wait", {{"for", "1s"}}}}}});
    catalog.add(after);
    EXPECT_THAT(catalog.problems_of("order"),
                ElementsAre("child-pivot /steps/1/action/saga/definition"));
}

// A child may have got a pivot since its caller was registered.
TEST(Children, AreCheckedDownToTheLastLevel) {
    ChildCatalog catalog;
    catalog.add(with_pivot(calling("ship", {})));
    catalog.add(calling("parcel", {"ship"}));
    catalog.add(calling("order", {"parcel"}));
    EXPECT_THAT(catalog.problems_of("order"),
                ElementsAre("child-pivot /steps/0/action/saga/definition"));
    EXPECT_THAT(catalog.detail_of("order"), HasSubstr("in parcel: \"ship\" has a pivot"));
}

TEST(Children, ShowNothingThatTheirParentHides) {
    ChildCatalog catalog;
    Json mail = calling("mail", {});
    catalog.add(mail);
    Json order = calling("order", {"mail"});
    order["sensitive"] = {"/input/card/number"};
    order["steps"][0]["action"]["saga"]["input"] = {{"pay", {{"by", "$input.card"}}}};
    catalog.add(order);
    EXPECT_THAT(catalog.problems_of("order"),
                ElementsAre("sensitive-shown /steps/0/action/saga/input"));
    for (const char* pointer : {"/input/pay/by/number", "/input/pay", "/input/*/by"}) {
        mail["sensitive"] = {pointer};
        catalog.add(mail);
        EXPECT_THAT(catalog.problems_of("order"), IsEmpty()) << pointer;
    }
    mail["sensitive"] = {"/input/pay/by/name"};
    catalog.add(mail);
    EXPECT_THAT(catalog.problems_of("order"),
                ElementsAre("sensitive-shown /steps/0/action/saga/input"));
    order["steps"][0]["action"]["saga"]["input"] = {{"amount", "$input.amount"}};
    order["steps"][0]["compensation"] = {
        {"saga", {{"definition", "mail"}, {"input", "{$input.card.number}"}}}};
    catalog.add(order);
    EXPECT_THAT(catalog.problems_of("order"),
                ElementsAre("sensitive-shown /steps/0/compensation/saga/input"));
}

TEST(Children, HideNothingThatTheirParentShows) {
    ChildCatalog catalog;
    Json mail = calling("mail", {});
    mail["sensitive"] = {"/output/token"};
    catalog.add(mail);
    Json order = calling("order", {"mail"});
    const auto problems = [&] {
        catalog.add(order);
        return catalog.problems_of("order");
    };
    EXPECT_THAT(problems(), ElementsAre("sensitive-shown /steps/0/action/saga/definition"));
    order["steps"][0]["output"] = {{"id", "$response.body.id"}};
    EXPECT_THAT(problems(), IsEmpty());
    order["steps"][0]["output"]["auth"] = "Bearer {$response.body.token}";
    EXPECT_THAT(problems(), ElementsAre("sensitive-shown /steps/0/action/saga/definition"));
    order["sensitive"] = {"/steps/to-mail/output/auth"};
    EXPECT_THAT(problems(), IsEmpty());
    order["steps"][0]["for_each"] = "$input.all";
    order["sensitive"] = {"/steps/to-mail/output/*/auth"};
    EXPECT_THAT(problems(), IsEmpty());
}

TEST(Children, ArePinnedWithTheirVersions) {
    ChildCatalog catalog;
    catalog.add(calling("mail", {}));
    catalog.add(calling("payment", {"mail"}));
    Json order = calling("order", {"payment"});
    order["steps"][0]["compensation"] = {{"saga", {{"definition", "refund"}}}};
    catalog.add(order);
    const auto missing = pin_children(catalog.of("order"), catalog.finder());
    ASSERT_FALSE(missing.has_value());
    EXPECT_EQ(missing.error().code, ErrorCode::NotFound);
    catalog.add(calling("refund", {}));
    EXPECT_EQ(pin_children(catalog.of("order"), catalog.finder()).value(),
              (Pins{{"mail", 7}, {"payment", 7}, {"refund", 7}}));
    EXPECT_EQ(pin_children(catalog.of("mail"), catalog.finder()).value(), Pins{});
}

// Each level of a wide family is looked at once.
TEST(Children, AreAskedForOnce) {
    ChildCatalog catalog;
    std::vector<std::string> names;
    for (int i = 0; i < 60; ++i) {
        names.push_back("leaf-" + std::to_string(i));
        catalog.add(calling(names.back(), {}));
    }
    std::vector<std::string> middle;
    for (int i = 0; i < 60; ++i) {
        middle.push_back("node-" + std::to_string(i));
        catalog.add(calling(middle.back(), names));
    }
    catalog.add(calling("top", middle));
    EXPECT_THAT(catalog.problems_of("top"), IsEmpty());
    EXPECT_EQ(catalog.asked().size(), 120u);
    for (const auto& [name, count] : catalog.asked()) EXPECT_EQ(count, 1) << name;
}

}  // namespace
}  // namespace skald::sagas
