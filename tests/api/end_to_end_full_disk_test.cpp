#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <string>

#include "tests/api/running_skald.h"

namespace skald::end_to_end {
namespace {

using testing::HasSubstr;

/// A small disk of its own (tmpfs), which only this process and its children see.
class SmallDisk {
 public:
    explicit SmallDisk(const std::filesystem::path& path) : path_(path) {
        std::filesystem::create_directory(path);
        // Root may; others get a user namespace in which they may, where the system allows that.
        if (::unshare(CLONE_NEWNS) != 0 && ::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) {
            why_not_ = std::string("unshare: ") + std::strerror(errno);
        } else if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
                   ::mount("tmpfs", path.c_str(), "tmpfs", 0, "size=100m") != 0) {
            why_not_ = std::string("mount: ") + std::strerror(errno);
        }
    }
    ~SmallDisk() {
        if (why_not_.empty()) ::umount2(path_.c_str(), MNT_DETACH);
    }

    /// Empty: it is mounted.
    const std::string& why_not() const { return why_not_; }
    std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

    /// Takes every block that is left.
    void fill() {
        const int file =
            ::open((path_ / "filler").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_APPEND, 0600);
        for (std::size_t bytes = 1u << 20; bytes > 0;) {
            if (::write(file, std::string(bytes, 'x').data(), bytes) <= 0) bytes /= 2;
        }
        EXPECT_EQ(errno, ENOSPC);
        ::close(file);
    }
    void free() { std::filesystem::remove(path_ / "filler"); }

 private:
    std::filesystem::path path_;
    std::string why_not_;
};

/// Asks until it is answered so; false after 30 s.
bool await_ready_status(RunningSkald& skald, int status) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (skald.get("/readyz").status != status) {
        if (std::chrono::steady_clock::now() > until) return false;
    }
    return true;
}

TEST(EndToEndFullDisk, RefusesStartsLosesNothingAndGoesOnByItself) {
    Folder folder;
    SmallDisk disk(folder / "disk");
    ASSERT_EQ(disk.why_not(), "");
    Participants participants;
    participants.answer("POST /reserve", 503, {});
    RunningSkald skald(disk / "skald.db");
    Json order = definition("order", {"reserve", "charge"}, participants.port());
    order["steps"][0]["retry"] = {
        {"maximum_attempts", 1'000'000}, {"initial_interval", "1ms"}, {"maximum_interval", "10ms"}};
    ASSERT_EQ(skald.send("PUT", "/v1/definitions/order", order.dump()).status, 201);
    ASSERT_EQ(skald.send("POST", "/v1/sagas", R"({"definition": "order", "id": "a", "input": {}})")
                  .status,
              201);
    ASSERT_TRUE(participants.await_calls("POST /reserve", 1));

    disk.fill();
    ASSERT_TRUE(await_ready_status(skald, 503));
    const auto refused =
        skald.send("POST", "/v1/sagas", R"({"definition": "order", "id": "b", "input": {}})");
    EXPECT_EQ(refused.status, 503) << refused.text;
    EXPECT_EQ(refused.body["type"], "urn:skald:problem:store-unavailable");
    EXPECT_THAT(refused.headers, HasSubstr("Retry-After: 5"));
    EXPECT_EQ(skald.get("/v1/sagas/a").body["status"], "running");
    EXPECT_EQ(skald.get("/v1/sagas/b").status, 404);

    participants.answer("POST /reserve", 200, Json::object());
    disk.free();
    ASSERT_TRUE(await_ready_status(skald, 200));
    EXPECT_EQ(skald.get("/v1/sagas/a?wait=30s").body["status"], "completed");
    EXPECT_EQ(skald
                  .send("POST", "/v1/sagas?wait=30s",
                        R"({"definition": "order", "id": "b", "input": {}})")
                  .body["status"],
              "completed");
}

TEST(EndToEndFullDisk, ASagaSurvivesAKillOnAFullDisk) {
    Folder folder;
    SmallDisk disk(folder / "disk");
    ASSERT_EQ(disk.why_not(), "");
    Participants participants;
    participants.answer("POST /reserve", 503, {});
    {
        RunningSkald skald(disk / "skald.db");
        Json order = definition("order", {"reserve"}, participants.port());
        order["steps"][0]["retry"] = {{"maximum_attempts", 1'000'000},
                                      {"initial_interval", "1ms"},
                                      {"maximum_interval", "10ms"}};
        skald.send("PUT", "/v1/definitions/order", order.dump());
        ASSERT_EQ(
            skald.send("POST", "/v1/sagas", R"({"definition": "order", "id": "a", "input": {}})")
                .status,
            201);
        ASSERT_TRUE(participants.await_calls("POST /reserve", 1));
        disk.fill();
        ASSERT_TRUE(await_ready_status(skald, 503));
        skald.process().kill();
    }
    participants.answer("POST /reserve", 200, Json::object());
    disk.free();
    RunningSkald skald(disk / "skald.db");
    EXPECT_EQ(skald.get("/v1/sagas/a?wait=30s").body["status"], "completed");
}

}  // namespace
}  // namespace skald::end_to_end
