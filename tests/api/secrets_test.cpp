#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "api/callback_tokens.h"
#include "api/secrets_folder.h"
#include "api/secrets_of_calls.h"

namespace skald::api {
namespace {

using sagas::Json;
using testing::HasSubstr;
using testing::Not;
namespace fs = std::filesystem;

class FixedSecrets : public sagas::Secrets {
 public:
    explicit FixedSecrets(std::map<std::string, std::string, std::less<>> values)
        : values_(std::move(values)) {}
    std::optional<std::string> find(std::string_view name) const override {
        const auto found = values_.find(name);
        return found == values_.end() ? std::nullopt : std::optional(found->second);
    }

 private:
    std::map<std::string, std::string, std::less<>> values_;
};

class SecretsInFolder : public testing::Test {
 protected:
    void SetUp() override {
        std::string name = (fs::temp_directory_path() / "skald-secrets-XXXXXX").string();
        ASSERT_NE(mkdtemp(name.data()), nullptr);
        folder_ = name;
    }
    void TearDown() override { fs::remove_all(folder_); }

    void write(const std::string& name, const std::string& bytes) {
        std::ofstream(folder_ / name, std::ios::binary) << bytes;
    }
    std::string find(std::string_view name) { return secrets().find(name).value_or("(none)"); }
    FolderSecrets& secrets() {
        if (!secrets_) {
            secrets_.emplace(folder_.string(), environment_, [this] { return now_; });
        }
        return *secrets_;
    }

    fs::path folder_;
    engine::Instant now_;
    const FixedSecrets environment_{{{"PAYMENT", "from the environment"}, {"MAIL", "of mail"}}};
    std::optional<FolderSecrets> secrets_;
};

TEST_F(SecretsInFolder, WinOverThoseOfTheEnvironment) {
    write("PAYMENT", "from a file");
    EXPECT_EQ(find("PAYMENT"), "from a file");
    EXPECT_EQ(find("MAIL"), "of mail");
    EXPECT_EQ(find("OTHER"), "(none)");
    const FolderSecrets nowhere("", environment_);
    EXPECT_EQ(nowhere.find("PAYMENT"), "from the environment");
}

TEST_F(SecretsInFolder, LieInThatFolderOnly) {
    write("PAYMENT", "from a file");
    fs::create_directories(folder_ / "inner");
    write("inner/PAYMENT", "from another file");
    for (const std::string& name :
         {std::string("inner/PAYMENT"), "../" + folder_.filename().string() + "/PAYMENT",
          std::string("./PAYMENT"), std::string(".."), std::string("PAY\0MENT", 8), std::string(),
          std::string(256, 'A')}) {
        EXPECT_EQ(find(name), "(none)") << name;
    }
}

TEST_F(SecretsInFolder, LoseOneLineEndOnly) {
    for (const auto& [bytes, value] : std::map<std::string, std::string>{
             {"a\n", "a"}, {"b\r\n", "b"}, {"c\n\n", "c\n"}, {" d ", " d "}, {"e\nf\n", "e\nf"}}) {
        write("PAYMENT", bytes);
        EXPECT_EQ(find("PAYMENT"), value);
        now_ += FolderSecrets::kFreshFor;
    }
}

TEST_F(SecretsInFolder, AreReadAgainAfterASecond) {
    write("PAYMENT", "one");
    EXPECT_EQ(find("PAYMENT"), "one");
    write("PAYMENT", "two");
    now_ += FolderSecrets::kFreshFor - std::chrono::milliseconds(1);
    EXPECT_EQ(find("PAYMENT"), "one");
    now_ += std::chrono::milliseconds(1);
    EXPECT_EQ(find("PAYMENT"), "two");
    // One that was taken away is not used any longer.
    fs::remove(folder_ / "PAYMENT");
    now_ += FolderSecrets::kFreshFor;
    EXPECT_EQ(find("PAYMENT"), "from the environment");
}

// As Kubernetes does it: NAME -> ..data/NAME, and ..data is another folder from one moment on.
TEST_F(SecretsInFolder, AreFollowedThroughLinks) {
    fs::create_directories(folder_ / "..one");
    fs::create_directories(folder_ / "..two");
    write("..one/PAYMENT", "one");
    write("..two/PAYMENT", "two");
    fs::create_directory_symlink("..one", folder_ / "..data");
    fs::create_symlink("..data/PAYMENT", folder_ / "PAYMENT");
    EXPECT_EQ(find("PAYMENT"), "one");
    fs::create_directory_symlink("..two", folder_ / "..data_tmp");
    fs::rename(folder_ / "..data_tmp", folder_ / "..data");
    now_ += FolderSecrets::kFreshFor;
    EXPECT_EQ(find("PAYMENT"), "two");
}

TEST_F(SecretsInFolder, HideTheEnvironmentsWhereTheyCannotBeUsed) {
    for (const std::string& bytes : {std::string(), std::string("\n"), std::string("\xFF\xFE"),
                                     std::string(kSecretBytesMax + 1, 'x')}) {
        write("PAYMENT", bytes);
        EXPECT_EQ(find("PAYMENT"), "(none)") << bytes.substr(0, 10);
        now_ += FolderSecrets::kFreshFor;
    }
    write("PAYMENT", std::string(kSecretBytesMax, 'x'));
    EXPECT_EQ(find("PAYMENT").size(), kSecretBytesMax);
    fs::create_directory(folder_ / "MAIL");
    EXPECT_EQ(find("MAIL"), "(none)");
    // Nobody writes to it: it must not be waited for.
    ASSERT_EQ(mkfifo((folder_ / "PIPE").c_str(), 0600), 0);
    EXPECT_EQ(find("PIPE"), "(none)");
}

sagas::Answer answer_with(const Json& body, std::vector<sagas::Header> headers = {}) {
    return sagas::Reply{200, std::move(headers), sagas::make_value(body), std::nullopt};
}
Json value_of(const sagas::Answer& answer) {
    return *std::get<sagas::Value>(std::get<sagas::Reply>(answer).body);
}

TEST(Scrubbed, FindsASecretHoweverItIsWritten) {
    const std::vector<std::string> secrets{"p\"ss w/rd", "1234567890"};
    const Json body = {{"error", "no p\"ss w/rd, p%22ss%20w%2Frd, p\\\"ss w/rd!"},
                       {"list", {1234567890, "1234567890", 12345678901, true, nullptr}},
                       {"x 1234567890", {{"deep", "11234567890"}}}};
    EXPECT_EQ(value_of(scrubbed(answer_with(body), secrets)),
              Json::parse(R"({"error": "no ***, ***, ***!",
                              "list": ["***", "***", 12345678901, true, null],
                              "x ***": {"deep": "1***"}})"));
    const sagas::Answer answer =
        scrubbed(answer_with("x", {{"set-cookie", "k=1234567890"}}), secrets);
    EXPECT_EQ(std::get<sagas::Reply>(answer).headers[0].value, "k=***");
    EXPECT_EQ(std::get<sagas::Lost>(scrubbed(sagas::Lost{"at 1234567890"}, secrets)).reason,
              "at ***");
}

TEST(Scrubbed, LeavesNoRestOfALongerSecret) {
    EXPECT_EQ(value_of(scrubbed(answer_with("abcdefghij"), {"abcdefgh", "abcdefghij"})), "***");
}

TEST(Scrubbed, LeavesWhatStandsThereByChance) {
    const Json body = {{"region", "eu"}, {"n", 7}};
    EXPECT_EQ(value_of(scrubbed(answer_with(body), {"eu", "7", "seven c"})), body);
}

TEST(SecretsOfCalls, AreScrubbedFromTheAnswersToTheirCallOnly) {
    const FixedSecrets fixed({{"A", "secret-of-a"}, {"B", "secret-of-b"}});
    SecretsOfCalls secrets(fixed);
    const Json echo = {"secret-of-a", "secret-of-b"};
    EXPECT_EQ(secrets.find("A"), "secret-of-a");
    EXPECT_EQ(secrets.find("C"), std::nullopt);
    secrets.call_leaves(engine::CallId{1});
    EXPECT_EQ(secrets.find("B"), "secret-of-b");
    secrets.call_leaves(engine::CallId{2});
    secrets.call_leaves(engine::CallId{3});
    EXPECT_EQ(value_of(secrets.answered(engine::CallId{2}, answer_with(echo))),
              Json({"secret-of-a", "***"}));
    EXPECT_EQ(value_of(secrets.answered(engine::CallId{1}, answer_with(echo))),
              Json({"***", "secret-of-b"}));
    EXPECT_EQ(value_of(secrets.answered(engine::CallId{3}, answer_with(echo))), echo);
}

TEST(SecretsOfCalls, AreTheTokensOfCallbacksToo) {
    const FixedSecrets none({});
    SecretsOfCalls secrets(none);
    const CallbackTokens tokens(CallbackKey{7}, "https://skald.example");
    const CallbackUrlsOfCalls urls(tokens, secrets);
    const std::string url = urls.url("a", sagas::StepIndex{1}, sagas::Phase::Action);
    EXPECT_EQ(url, tokens.url("a", sagas::StepIndex{1}, sagas::Phase::Action));
    secrets.call_leaves(engine::CallId{1});
    EXPECT_EQ(value_of(secrets.answered(engine::CallId{1}, answer_with({{"later", url}}))),
              Json::parse(R"({"later": "https://skald.example/v1/callbacks/***"})"));
}

}  // namespace
}  // namespace skald::api
