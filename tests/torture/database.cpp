#include "tests/torture/database.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

#include "tests/outside/sqlite_file.h"

namespace skald::torture {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kLostMin = 20;

fs::path with(const fs::path& database, const std::string& suffix) {
    return database.string() + suffix;
}

}  // namespace

std::uint64_t bytes_on_disk(const fs::path& database) {
    std::uint64_t bytes = 0;
    for (const char* suffix : {"", "-wal"}) {
        std::error_code missing;
        const std::uintmax_t size = fs::file_size(with(database, suffix), missing);
        bytes += missing ? 0 : size;
    }
    return bytes;
}

std::string integrity_of(const fs::path& database) {
    std::string answer = outside::ask(database, "PRAGMA integrity_check");
    if (const std::string keys =
            outside::ask(database, "SELECT count(*) FROM pragma_foreign_key_check");
        keys != "0") {
        answer += ", foreign keys: " + keys;
    }
    return answer;
}

int run_doctor(const fs::path& skald, std::uint16_t port, const fs::path& output) {
    std::vector<std::string> words = {skald.string(),
                                      "doctor",
                                      "--deep",
                                      "-o",
                                      "json",
                                      "--server",
                                      "http://127.0.0.1:" + std::to_string(port)};
    std::vector<char*> arguments;
    for (std::string& word : words) {
        arguments.push_back(word.data());
    }
    arguments.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, output.c_str(),
                                       O_WRONLY | O_CREAT | O_TRUNC, 0644);
    ::posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
    pid_t pid = 0;
    const int error =
        ::posix_spawn(&pid, arguments[0], &actions, nullptr, arguments.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    if (error != 0) {
        return -1;
    }
    int status = 0;
    while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

void Rollback::on_killed(std::uint64_t settled) {
    if (is_done_ || (is_copied_ && settled < settled_ + kLostMin)) {
        return;
    }
    for (const char* suffix : {"", "-wal"}) {
        const fs::path file = with(database_, suffix);
        const fs::path copy = with(database_, std::string(".old") + suffix);
        const fs::path& from = is_copied_ ? copy : file;
        const fs::path& to = is_copied_ ? file : copy;
        fs::remove(to);
        if (fs::exists(from)) {
            fs::copy_file(from, to);
        }
    }
    fs::remove(with(database_, "-shm"));
    is_done_ = is_copied_;
    is_copied_ = true;
    settled_ = settled;
}

}  // namespace skald::torture
