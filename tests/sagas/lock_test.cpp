#include "sagas/lock.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sagas/lint.h"
#include "tests/sagas/order_document.h"

namespace skald::sagas {
namespace {

using testing::HasSubstr;

std::shared_ptr<const Definition> locked(const std::string& lock) {
    Json document = order_document();
    document["lock"] = lock;
    return check_definition(document, std::nullopt).definition;
}

std::string error_of(const std::string& lock, const Json& input) {
    const auto value = render_lock(*locked(lock), input);
    EXPECT_FALSE(value.has_value());
    EXPECT_EQ(value.error().code, ErrorCode::InvalidArgument);
    return value.error().message;
}

TEST(Lock, IsTheTextThatTheInputMakes) {
    const Json input = {{"account", "a1"}, {"n", 7}};
    EXPECT_EQ(render_lock(*locked("{$input.account}/{$input.n}"), input).value(), "a1/7");
    EXPECT_EQ(render_lock(*locked("$input.n"), input).value(), "7");
    EXPECT_EQ(render_lock(*locked("one for all"), input).value(), "one for all");
}

TEST(Lock, IsNoneWhereTheDefinitionHasNone) {
    const auto definition = check_definition(order_document(), std::nullopt).definition;
    EXPECT_EQ(render_lock(*definition, Json::object()).value(), std::nullopt);
}

TEST(Lock, IsRefusedWhereItLocksNothing) {
    EXPECT_EQ(error_of("$input.account?", Json::object()), "lock: the value is null");
    EXPECT_EQ(error_of("$input.account", {{"account", nullptr}}), "lock: the value is null");
    EXPECT_EQ(error_of("$input.account", {{"account", ""}}), "lock: the value is empty");
    EXPECT_THAT(error_of("$input.account", Json::object()), HasSubstr("lock: $input.account: "));
}

TEST(Lock, HasALimitedLength) {
    const auto definition = locked("$input.account");
    EXPECT_TRUE(render_lock(*definition, {{"account", std::string(256, 'x')}}).has_value());
    EXPECT_EQ(error_of("$input.account", {{"account", std::string(257, 'x')}}),
              "lock: longer than 256 bytes");
}

}  // namespace
}  // namespace skald::sagas
