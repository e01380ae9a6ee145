#include "api/callback_tokens.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "api/base64url.h"

namespace skald::api {
namespace {

using sagas::element_of;
using sagas::Phase;
using sagas::StepIndex;
using Call = CallbackTokens::Call;

CallbackKey key(unsigned char first) {
    CallbackKey key{};
    key[0] = first;
    return key;
}

std::string token_of(const std::string& url) { return url.substr(url.rfind('/') + 1); }

TEST(CallbackTokens, LeadBackToTheirCall) {
    const CallbackTokens tokens(key(7), "https://skald.example/api/");
    std::set<std::string> all;
    for (const std::string& saga : {std::string("order-4711"), std::string("a.b~undo"),
                                    std::string(128, 'x'), std::string("x")}) {
        for (const StepIndex step : {StepIndex{0}, StepIndex{199}, element_of(StepIndex{3}, 0),
                                     element_of(StepIndex{199}, 999)}) {
            for (const Phase phase : {Phase::Action, Phase::Compensation}) {
                const std::string url = tokens.url(saga, step, phase);
                EXPECT_TRUE(url.starts_with("https://skald.example/api/v1/callbacks/")) << url;
                const std::string token = token_of(url);
                EXPECT_LE(token.size(), 200u);
                EXPECT_EQ(token.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrst"
                                                  "uvwxyz0123456789-_"),
                          std::string::npos);
                EXPECT_EQ(tokens.read(token), (Call{saga, step, phase}));
                EXPECT_TRUE(all.insert(token).second);
            }
        }
    }
}

/// Tokens outlive the process that made them: their form must not change.
TEST(CallbackTokens, StayTheSame) {
    EXPECT_EQ(CallbackTokens(key(7), "http://a").url("order-4711", StepIndex{1}, Phase::Action),
              "http://a/v1/callbacks/AQAAAAABb3JkZXItNDcxMctb540Iw1Ye9dVuGrGGS9g");
}

TEST(CallbackTokens, AreRefusedWhereTheyWereMadeUp) {
    const CallbackTokens tokens(key(7), "http://a");
    const std::string token = token_of(tokens.url("order-4711", StepIndex{1}, Phase::Action));
    for (std::size_t at = 0; at < token.size(); ++at) {
        std::string other = token;
        other[at] = other[at] == 'A' ? 'B' : 'A';
        EXPECT_EQ(tokens.read(other), std::nullopt) << other;
        EXPECT_EQ(tokens.read(token.substr(0, at)), std::nullopt);
    }
    for (const std::string& other :
         {token + "A", token + "=", "=" + token, token + token, std::string(10'000, 'A')}) {
        EXPECT_EQ(tokens.read(other), std::nullopt) << other;
    }
    EXPECT_EQ(CallbackTokens(key(8), "http://a").read(token), std::nullopt);
    EXPECT_TRUE(CallbackTokens(key(7), "http://b").read(token).has_value());
}

TEST(Base64Url, ReadsWhatItWritesAndNothingElse) {
    for (const std::string& bytes : {std::string(), std::string("f"), std::string("fo"),
                                     std::string("foo"), std::string("\xff\xfe\0\x01", 4)}) {
        EXPECT_EQ(from_base64url(to_base64url(bytes)), bytes);
    }
    EXPECT_EQ(to_base64url("\xff\xef"), "_-8");
    for (const char* other : {"_-9", "_-8=", "_-8 ", "A", "+/8", "Zm9v\n"}) {
        EXPECT_EQ(from_base64url(other), std::nullopt) << other;
    }
}

class CallbackKeyFile : public testing::Test {
 protected:
    void SetUp() override {
        folder_ = std::filesystem::path(testing::TempDir()) /
                  testing::UnitTest::GetInstance()->current_test_info()->name();
        std::filesystem::remove_all(folder_);
        std::filesystem::create_directory(folder_);
    }
    void TearDown() override { std::filesystem::remove_all(folder_); }
    std::string file() const { return (folder_ / "skald.db.callback-key").string(); }
    void expect_refused(const std::string& why) const {
        const auto loaded = load_callback_key(file());
        ASSERT_FALSE(loaded.has_value());
        EXPECT_EQ(loaded.error().code, sagas::ErrorCode::InvalidArgument);
        EXPECT_NE(loaded.error().message.find(why), std::string::npos) << loaded.error().message;
    }

    std::filesystem::path folder_;
};

TEST_F(CallbackKeyFile, IsMadeOnceAndForItsOwnerAlone) {
    const auto made = load_callback_key(file());
    ASSERT_TRUE(made.has_value()) << made.error().message;
    EXPECT_NE(*made, CallbackKey{});
    struct stat found {};
    ASSERT_EQ(::stat(file().c_str(), &found), 0);
    EXPECT_EQ(found.st_mode & 07777, 0600u);
    EXPECT_EQ(found.st_size, 32);
    EXPECT_EQ(load_callback_key(file()), *made);
    std::filesystem::remove(file());
    EXPECT_NE(load_callback_key(file()), *made);
    // What a process that was killed left is no key.
    std::filesystem::remove(file());
    std::ofstream(file() + ".new") << "half";
    ASSERT_TRUE(load_callback_key(file()).has_value());
    EXPECT_FALSE(std::filesystem::exists(file() + ".new"));
}

TEST_F(CallbackKeyFile, IsRefusedWhereItIsNoKeyOrOthersMayReadIt) {
    std::ofstream(file()) << "short";
    expect_refused("32 bytes");
    std::ofstream(file()) << std::string(33, 'x');
    expect_refused("32 bytes");
    std::ofstream(file()) << std::string(32, 'x');
    for (const mode_t mode : {0640u, 0604u, 0602u}) {
        ASSERT_EQ(::chmod(file().c_str(), mode), 0);
        expect_refused("chmod 600");
    }
    ASSERT_EQ(::chmod(file().c_str(), 0600), 0);
    EXPECT_TRUE(load_callback_key(file()).has_value());
    std::filesystem::remove(file());
    std::filesystem::create_directory(file());
    expect_refused("32 bytes");
    EXPECT_FALSE(load_callback_key((folder_ / "nowhere" / "key").string()).has_value());
}

}  // namespace
}  // namespace skald::api
