#include "engine/resolver.h"

#include <gmock/gmock.h>
#include <netinet/in.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "tests/engine/collected.h"

namespace skald::engine {
namespace {

using sagas::ErrorCode;
using sagas::Milliseconds;
using sagas::Result;
using ::testing::ElementsAre;

Address address(std::uint32_t number) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_addr.s_addr = htonl(number);
    Address made;
    *reinterpret_cast<sockaddr_in*>(&made.storage) = v4;
    made.length = sizeof(v4);
    return made;
}

/// A resolver on a loop of its own, over names that the test makes up.
class ResolverRig {
 public:
    ResolverRig(ResolverOptions options, LookUp look_up)
        : resolver_(std::make_unique<Resolver>(*loop_, options, std::move(look_up))),
          thread_([this] { loop_->run(); }) {}
    ~ResolverRig() {
        loop_->stop();
        thread_.join();
    }
    void resolve(const std::string& host) {
        loop_->post([this, host] {
            resolver_->resolve(host, [this, host](const Resolver::Found& found) {
                found_.add(found ? host + " has " + std::to_string((*found)->size())
                                 : found.error().message);
            });
        });
    }
    void destroy() {
        Collected<int> done;
        loop_->post([&] {
            resolver_.reset();
            done.add(1);
        });
        done.wait_for(1);
    }
    std::vector<std::string> wait_for(std::size_t count) { return found_.wait_for(count); }
    std::size_t found() const { return found_.size(); }

 private:
    const std::unique_ptr<Loop> loop_ = make_loop();
    Collected<std::string> found_;
    std::unique_ptr<Resolver> resolver_;
    std::jthread thread_;
};

TEST(Resolver, ReadsLiteralAddressesWithoutAsking) {
    ResolverRig rig({}, [](const std::string& host) -> Result<std::vector<Address>> {
        return sagas::fail(ErrorCode::Unavailable, "asked for " + host);
    });
    rig.resolve("127.0.0.1");
    rig.resolve("::1");
    rig.resolve("127.1");  // What inet_aton would take for an address is a name.
    EXPECT_THAT(rig.wait_for(3), ElementsAre("127.0.0.1 has 1", "::1 has 1", "asked for 127.1"));
}

TEST(Resolver, AsksOnceForManyAndRemembers) {
    Collected<std::string> asked;
    Collected<int> go;
    ResolverRig rig({}, [&](const std::string& host) -> Result<std::vector<Address>> {
        asked.add(host);
        go.wait_for(1);
        return std::vector<Address>{address(1), address(2)};
    });
    rig.resolve("a.example");
    rig.resolve("a.example");
    asked.wait_for(1);
    rig.resolve("a.example");
    go.add(1);
    rig.wait_for(3);
    rig.resolve("a.example");
    EXPECT_THAT(rig.wait_for(4), ElementsAre("a.example has 2", "a.example has 2",
                                             "a.example has 2", "a.example has 2"));
    EXPECT_EQ(asked.size(), 1u);
}

TEST(Resolver, AsksAgainOnceWhatItKnewIsOld) {
    Collected<std::string> asked;
    const auto look_up = [&](const std::string& host) -> Result<std::vector<Address>> {
        asked.add(host);
        if (host == "dead") return sagas::fail(ErrorCode::Unavailable, "no address of dead: gone");
        return std::vector<Address>{address(1)};
    };
    {
        ResolverRig rig({.found_ttl = Milliseconds(0)}, look_up);
        for (std::size_t i = 1; i <= 3; ++i) {
            rig.resolve("a");
            rig.wait_for(i);
        }
        EXPECT_EQ(asked.size(), 3u);
    }
    ResolverRig rig({.not_found_ttl = Milliseconds(0)}, look_up);
    rig.resolve("dead");
    rig.wait_for(1);
    rig.resolve("dead");
    EXPECT_THAT(rig.wait_for(2),
                ElementsAre("no address of dead: gone", "no address of dead: gone"));
    EXPECT_EQ(asked.size(), 5u);
}

TEST(Resolver, IsNotHeldUpByADeadName) {
    Collected<int> go;
    ResolverRig rig({.threads = 2}, [&](const std::string& host) -> Result<std::vector<Address>> {
        if (host == "dead") go.wait_for(1);
        return std::vector<Address>{address(1)};
    });
    rig.resolve("dead");
    rig.resolve("dead");
    std::size_t count = 0;
    for (const char* const host : {"a", "b", "c"}) {
        rig.resolve(host);
        rig.wait_for(++count);
    }
    EXPECT_EQ(rig.found(), 3u);
    go.add(1);
    EXPECT_EQ(rig.wait_for(5).size(), 5u);
}

TEST(Resolver, ForgetsNamesBeyondItsLimit) {
    Collected<std::string> asked;
    ResolverRig rig({.names_max = 2}, [&](const std::string& host) -> Result<std::vector<Address>> {
        asked.add(host);
        return std::vector<Address>{address(1)};
    });
    std::size_t count = 0;
    for (const char* const host : {"a", "b", "c", "d", "d"}) {
        rig.resolve(host);
        rig.wait_for(++count);
    }
    EXPECT_EQ(asked.size(), 4u);
}

TEST(Resolver, EndsWhileALookUpHangs) {
    // Shared with the thread that is left behind.
    const auto started = std::make_shared<Collected<int>>();
    const auto go = std::make_shared<Collected<int>>();
    const auto ended = std::make_shared<Collected<int>>();
    {
        ResolverRig rig({}, [=](const std::string&) -> Result<std::vector<Address>> {
            started->add(1);
            go->wait_for(1);
            ended->add(1);
            return std::vector<Address>{address(1)};
        });
        rig.resolve("dead");
        started->wait_for(1);
        rig.destroy();
        EXPECT_EQ(rig.found(), 0u);
    }
    go->add(1);
    ended->wait_for(1);
}

TEST(Resolver, FindsNamesThroughTheSystem) {
    ResolverRig rig({}, look_up);
    rig.resolve("localhost");
    EXPECT_THAT(rig.wait_for(1), ElementsAre(::testing::StartsWith("localhost has ")));
}

}  // namespace
}  // namespace skald::engine
