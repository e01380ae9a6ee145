#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "tests/api/cli/command_line_fixture.h"

namespace skald::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class ServeFlags : public CommandLineTest {
 protected:
    /// The name of a new file that holds `text`.
    std::string file_with(const std::string& text) {
        const std::string name = testing::TempDir() + "skald_serve_flags_test." +
                                 testing::UnitTest::GetInstance()->current_test_info()->name() +
                                 ".toml";
        std::ofstream(name) << text;
        return name;
    }
    void TearDown() override { std::filesystem::remove(file_with("")); }
};

TEST_F(ServeFlags, HaveDefaults) {
    EXPECT_EQ(run({"serve"}), Exit::Done);
    ASSERT_TRUE(served);
    EXPECT_EQ(served->db, "skald.db");
    EXPECT_EQ(served->backup_dir, ".");
    EXPECT_EQ(api::to_text(served->listen), "127.0.0.1:8080");
    EXPECT_EQ(served->retention.completed, std::nullopt);
    EXPECT_EQ(served->threads, 64u);
}

TEST_F(ServeFlags, SayHowToServe) {
    EXPECT_EQ(run({"serve", "--db", "x/y.db", "--listen", "[::1]:0", "--retain", "completed=7d",
                   "--retain", "compensated=1h", "--synchronous", "normal", "--allow-host", "a,b",
                   "--ops-listen", "127.0.0.1:0", "--log-format", "json"}),
              Exit::Done)
        << take_error();
    ASSERT_TRUE(served);
    EXPECT_EQ(served->db, "x/y.db");
    EXPECT_EQ(served->backup_dir, "x");
    EXPECT_EQ(served->retention.completed, sagas::Milliseconds{7 * 86'400'000ll});
    EXPECT_EQ(served->retention.compensated, sagas::Milliseconds{3'600'000});
    EXPECT_EQ(served->synchronous, api::Synchronous::Normal);
    EXPECT_THAT(served->allow_hosts, ElementsAre("a", "b"));
    EXPECT_EQ(served->ops_listen->port, 0);
    EXPECT_EQ(served->log_format, api::LogFormat::Json);
    EXPECT_EQ(run({"serve", "--secrets-dir", "/run/secrets"}), Exit::Done);
    EXPECT_EQ(served->secrets_dir, "/run/secrets");
    EXPECT_EQ(served->credentials_dir, "");
    environment["CREDENTIALS_DIRECTORY"] = "/run/credentials/skald";
    EXPECT_EQ(run({"serve", "--backup-dir", "/b"}), Exit::Done);
    EXPECT_EQ(served->secrets_dir, "");
    EXPECT_EQ(served->credentials_dir, "/run/credentials/skald");
    EXPECT_EQ(served->backup_dir, "/b");
}

TEST_F(ServeFlags, AskForATokenWhereOthersCanCome) {
    EXPECT_EQ(run({"serve", "--listen", "0.0.0.0:8080"}), Exit::BadUsage);
    EXPECT_THAT(take_error(), HasSubstr("SKALD_TOKEN"));
    EXPECT_EQ(run({"serve", "--listen", "0.0.0.0:8080", "--insecure"}), Exit::Done);
    environment["SKALD_TOKEN"] = "t0ken";
    EXPECT_EQ(run({"serve", "--listen", "0.0.0.0:8080"}), Exit::Done);
    EXPECT_EQ(served->token, "t0ken");
}

TEST_F(ServeFlags, RefuseWhatIsWrong) {
    for (const std::vector<std::string>& bad :
         {std::vector<std::string>{"serve", "--listen", "8080"},
          {"serve", "--retain", "stuck=7d"},
          {"serve", "--retain", "completed=soon"},
          {"serve", "--public-url", "skald.example"},
          {"serve", "--log-level", "loud"},
          {"serve", "--threads", "1"},
          {"serve", "--threads", "99999999999999999999"},
          {"serve", "--synchronous", "off"}}) {
        EXPECT_EQ(run(bad), Exit::BadUsage) << bad[2];
        EXPECT_THAT(take_error(), HasSubstr(bad[1]));
    }
    EXPECT_FALSE(served);
}

TEST_F(ServeFlags, WinOverTheEnvironmentAndThatOverTheFile) {
    const std::string file = file_with(
        "threads = 10\ncalls-per-origin = 20\nlog-level = \"warn\"\nretain = [\"completed=1d\"]\n");
    environment["SKALD_CALLS_PER_ORIGIN"] = "30";
    environment["SKALD_LOG_LEVEL"] = "error";
    EXPECT_EQ(run({"serve", "--config", file, "--log-level", "debug"}), Exit::Done) << take_error();
    EXPECT_EQ(served->threads, 10u);
    EXPECT_EQ(served->calls_per_origin, 30u);
    EXPECT_EQ(served->log_level, api::LogLevel::Debug);
    EXPECT_EQ(served->retention.completed, sagas::Milliseconds{86'400'000});

    environment["SKALD_CONFIG"] = file;
    environment["SKALD_RETAIN"] = "compensated=2d,abandoned=3d";
    EXPECT_EQ(run({"serve"}), Exit::Done) << take_error();
    EXPECT_EQ(served->threads, 10u);
    EXPECT_EQ(served->retention.completed, std::nullopt);
    EXPECT_EQ(served->retention.abandoned, sagas::Milliseconds{3 * 86'400'000ll});
}

TEST_F(ServeFlags, OfTheEnvironmentAreNamedWhereTheyAreWrong) {
    const std::tuple<const char*, const char*, const char*> cases[] = {
        {"SKALD_THREADS", "many", "skald: SKALD_THREADS: "},
        {"SKALD_INSECURE", "maybe", "skald: SKALD_INSECURE: "},
        {"SKALD_LISTEN", "8080", "skald: --listen: "},
        {"SKALD_CONFIG", "/nowhere.toml", "skald: /nowhere.toml: can't be read"}};
    for (const auto& [name, value, told] : cases) {
        environment = {{name, value}, {"NO_COLOR", "1"}};
        EXPECT_EQ(run({"serve"}), Exit::BadUsage) << name;
        EXPECT_THAT(take_error(), StartsWith(told));
    }
    environment["SKALD_LISTEN"] = "8080";
    environment.erase("SKALD_CONFIG");
    EXPECT_EQ(run({"serve"}), Exit::BadUsage);
    EXPECT_THAT(take_error(), HasSubstr("(from SKALD_LISTEN)"));
    // They are serve's alone.
    answer(200, R"({"items": []})");
    environment["SKALD_THREADS"] = "many";
    EXPECT_EQ(run({"ls"}), Exit::Done);
}

TEST_F(ServeFlags, OfTheFileAreNamedWhereTheyAreWrong) {
    const std::pair<const char*, const char*> cases[] = {
        {"threads = 10\nthread = 5\n", ":2: there is no setting \"thread\"; did you mean"},
        {"\nthreads = 1\n", ":2: --threads: \"1\" must be a whole number from 2 to 10000"},
        {"listen = \"8080\"\n", ":1)"},
        {"token = \"s3cret\"\n", ":1: there is no setting \"token\"; secrets come from the"},
        {"config = \"other.toml\"\n", ":1: there is no setting \"config\""},
        {"db = [\"a\", \"b\"]\n", ":1: "},
        {"db = []\n", ":1: "},
        {"accept-clock = perhaps\n", ":1: "}};
    for (const auto& [text, told] : cases) {
        const std::string file = file_with(text);
        EXPECT_EQ(run({"serve", "--config", file}), Exit::BadUsage) << text;
        const std::string shown = take_error();
        EXPECT_THAT(shown, HasSubstr(file + told)) << text;
        EXPECT_THAT(shown, Not(HasSubstr("s3cret")));
    }
    EXPECT_EQ(run({"serve", "--config", testing::TempDir()}), Exit::BadUsage);
    EXPECT_THAT(take_error(), HasSubstr("can't be read"));
    EXPECT_FALSE(served);
}

TEST_F(ServeFlags, CanBePrintedWithWhereTheyComeFrom) {
    environment["SKALD_CALLS_PER_ORIGIN"] = "30";
    environment["SKALD_TOKEN"] = "s3cret";
    const std::string file = file_with("[serve]\nlog-level = warn\n");
    EXPECT_EQ(run({"serve", "--config", file, "--print-config", "--threads", "64", "--retain",
                   "completed=7d"}),
              Exit::Done)
        << take_error();
    EXPECT_FALSE(served);
    const std::string printed = take_out();
    EXPECT_THAT(printed, HasSubstr("\ndb = \"skald.db\"  # default\n"));
    EXPECT_THAT(printed, HasSubstr("\nthreads = 64  # flag\n"));
    EXPECT_THAT(printed, HasSubstr("\nretain = [\"completed=7d\"]  # flag\n"));
    EXPECT_THAT(printed, HasSubstr("\ncalls-per-origin = 30  # SKALD_CALLS_PER_ORIGIN\n"));
    EXPECT_THAT(printed, HasSubstr("\nlog-level = \"warn\"  # " + file + ":2\n"));
    EXPECT_THAT(printed, HasSubstr("\ninsecure = false  # default\n"));
    EXPECT_THAT(printed, HasSubstr("\n# ca-file is not set\n"));
    EXPECT_THAT(printed, HasSubstr("\n# SKALD_TOKEN = ***\n"));
    EXPECT_THAT(printed, Not(HasSubstr("s3cret")));

    EXPECT_EQ(run({"-o", "json", "serve", "--print-config", "--threads", "64"}), Exit::Done);
    const auto document = api::Document::parse(take_out());
    EXPECT_EQ(document["settings"]["threads"], (api::Document{{"value", "64"}, {"from", "flag"}}));
    EXPECT_EQ(document["token"], "***");
    EXPECT_EQ(run({"serve", "--print-config", "--listen", "8080"}), Exit::BadUsage);
}

TEST_F(ServeFlags, AreReadBackAsTheyWerePrinted) {
    EXPECT_EQ(run({"serve", "--print-config", "--db", "/var/lib/my \"sagas\" #1\\x\n.db",
                   "--backup-dir", "/b", "--retain", "completed=7d", "--retain", "abandoned=1h",
                   "--allow-host", "a.example", "--insecure", "--listen", "0.0.0.0:1", "--ca-file",
                   "123", "--synchronous", "normal"}),
              Exit::Done);
    const std::string printed = take_out();
    const std::string file = file_with(printed);
    EXPECT_EQ(run({"serve", "--config", file}), Exit::Done) << take_error();
    EXPECT_EQ(served->db, "/var/lib/my \"sagas\" #1\\x\n.db");
    EXPECT_EQ(served->backup_dir, "/b");
    EXPECT_EQ(served->retention.completed, sagas::Milliseconds{7 * 86'400'000ll});
    EXPECT_EQ(served->retention.abandoned, sagas::Milliseconds{3'600'000});
    EXPECT_THAT(served->allow_hosts, ElementsAre("a.example"));
    EXPECT_EQ(api::to_text(served->listen), "0.0.0.0:1");
    EXPECT_EQ(served->ca_file, "123");
    EXPECT_EQ(served->synchronous, api::Synchronous::Normal);

    EXPECT_EQ(run({"serve", "--config", file, "--print-config"}), Exit::Done);
    const auto without_comments = [](const std::string& text) {
        std::istringstream lines(text);
        std::string all;
        for (std::string line; std::getline(lines, line);) {
            all += line.substr(0, line.rfind("  # ")) + "\n";
        }
        return all;
    };
    EXPECT_EQ(without_comments(take_out()), without_comments(printed));
}

}  // namespace
}  // namespace skald::cli
