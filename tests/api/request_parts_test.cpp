#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <thread>

#include "api/cursor.h"
#include "api/idempotency.h"
#include "api/listen_address.h"
#include "api/query_parameters.h"
#include "api/secrets_environment.h"
#include "api/start_request.h"
#include "tests/api/engine_in_memory.h"

namespace skald::api {
namespace {

Request with_key(const std::string& value) {
    Request request;
    request.headers = {{"idempotency-key", value}};
    return request;
}

TEST(IdempotencyKey, IsReadBareAndQuoted) {
    EXPECT_EQ(read_idempotency_key(Request{}).value(), std::nullopt);
    EXPECT_EQ(read_idempotency_key(with_key("k 1")).value(), "k 1");
    EXPECT_EQ(read_idempotency_key(with_key("\"k 1\"")).value(), "k 1");
    EXPECT_EQ(read_idempotency_key(with_key(R"("a\"b\\c")")).value(), "a\"b\\c");
    EXPECT_EQ(read_idempotency_key(with_key(std::string(255, 'k')))->value().size(), 255u);
}

TEST(IdempotencyKey, IsRefusedWhenMalformed) {
    for (const std::string& bad :
         {std::string(), std::string("\""), std::string("\"\""), std::string("\"a\" b"),
          std::string(R"("\x")"), std::string("tab\there"), std::string(256, 'k')}) {
        EXPECT_FALSE(read_idempotency_key(with_key(bad)).has_value()) << bad;
    }
    Request twice = with_key("a");
    twice.headers.emplace_back("idempotency-key", "a");
    EXPECT_FALSE(read_idempotency_key(twice).has_value());
}

TEST(CanonicalHash, IsTheSameForEqualDocuments) {
    const auto one = sagas::parse_json(R"({"a": 1, "b": [true, null]})");
    const auto other = sagas::parse_json(R"({ "b":[true,null], "a":1 })");
    EXPECT_EQ(canonical_hash(*one), canonical_hash(*other));
    EXPECT_NE(canonical_hash(*one), canonical_hash(*sagas::parse_json(R"({"a": 2})")));
    // FIPS 180-4: SHA-256 of "{}".
    EXPECT_EQ(canonical_hash(sagas::Json::object()),
              "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a");
}

TEST(StartRequest, IsHashedWhereARepeatCanBeTold) {
    const auto hash_of = [](const char* body, const std::optional<std::string>& key) {
        return parse_start(*sagas::parse_json(body), key)->body_hash;
    };
    const char* const plain = R"({"definition": "d", "input": {"a": 1}})";
    const char* const with_id = R"({"definition": "d", "id": "s", "input": {"a": 1}})";
    EXPECT_EQ(hash_of(plain, std::nullopt), "");
    EXPECT_EQ(hash_of(plain, "k"), canonical_hash(*sagas::parse_json(plain)));
    EXPECT_EQ(hash_of(with_id, std::nullopt), canonical_hash(*sagas::parse_json(with_id)));
}

TEST(Cursor, IsReadBackForItsListOnly) {
    for (const char* position : {"", "1", "order", "a\nb", "\xff"}) {
        const std::string cursor = make_cursor("sagas", position);
        EXPECT_EQ(cursor.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                           "0123456789-_"),
                  std::string::npos);
        EXPECT_EQ(read_cursor("sagas", cursor), position);
        EXPECT_EQ(read_cursor("definitions", cursor), std::nullopt);
    }
}

TEST(Cursor, IsRefusedWhenChanged) {
    const std::string cursor = make_cursor("sagas", "17");
    for (std::size_t at = 0; at < cursor.size(); ++at) {
        std::string changed = cursor;
        changed[at] = changed[at] == 'A' ? 'B' : 'A';
        EXPECT_EQ(read_cursor("sagas", changed), std::nullopt) << changed;
        EXPECT_EQ(read_cursor("sagas", cursor.substr(0, at)), std::nullopt);
    }
    EXPECT_EQ(read_cursor("sagas", cursor + "="), std::nullopt);
    EXPECT_EQ(read_cursor("sagas", "not a cursor"), std::nullopt);
}

TEST(Uuids, AreOfVersion7AndRise) {
    StandingClock clock;
    UuidSource source(clock);
    std::string last = source.next();
    EXPECT_EQ(last.size(), 36u);
    EXPECT_EQ(last.substr(0, 13), "01a2003d-5060");  // 2026-11-21T22:32:28.000Z
    for (int at = 0; at < 10'000; ++at) {
        const std::string next = source.next();
        ASSERT_LT(last, next);
        ASSERT_EQ(next[14], '7');
        ASSERT_NE(std::string("89ab").find(next[19]), std::string::npos);
        last = next;
    }
}

TEST(Uuids, AreDistinctAcrossThreads) {
    StandingClock clock;
    UuidSource source(clock);
    std::vector<std::string> made[4];
    {
        std::vector<std::jthread> threads;
        for (auto& mine : made) {
            threads.emplace_back([&] {
                for (int at = 0; at < 1'000; ++at) mine.push_back(source.next());
            });
        }
    }
    std::set<std::string> all;
    for (const auto& mine : made) all.insert(mine.begin(), mine.end());
    EXPECT_EQ(all.size(), 4'000u);
}

TEST(Secrets, ComeFromTheEnvironment) {
    const char* const environment[] = {"PATH=/bin", "SKALD_SECRET_CARD=s3=cret", "SKALD_SECRET_",
                                       nullptr};
    const EnvironmentSecrets secrets(environment);
    EXPECT_EQ(secrets.find("CARD"), "s3=cret");
    EXPECT_EQ(secrets.find("PATH"), std::nullopt);
    EXPECT_EQ(secrets.find(""), std::nullopt);
}

TEST(ListenAddress, IsReadWithItsPort) {
    const auto ipv6 = parse_listen_address("[::1]:8080");
    ASSERT_TRUE(ipv6.has_value());
    EXPECT_EQ(ipv6->host, "::1");
    EXPECT_EQ(to_text(*ipv6), "[::1]:8080");
    EXPECT_EQ(parse_listen_address("localhost:0")->port, 0);
    for (const char* bad : {"", "8080", ":8080", "host", "host:", "host:65536", "::1:80", "h:8a"}) {
        EXPECT_FALSE(parse_listen_address(bad).has_value()) << bad;
    }
}

TEST(ListenAddress, KnowsLoopback) {
    for (const char* host : {"127.0.0.1", "127.8.9.1", "::1", "localhost"}) {
        EXPECT_TRUE(is_loopback(host)) << host;
    }
    for (const char* host :
         {"0.0.0.0", "::", "10.0.0.1", "localhost.example", "127.0.0.1.example"}) {
        EXPECT_FALSE(is_loopback(host)) << host;
    }
}

TEST(LabelKeys, AreShortAndPlain) {
    EXPECT_TRUE(is_label_key("team/tenant-1.x_y"));
    EXPECT_FALSE(is_label_key(""));
    EXPECT_FALSE(is_label_key("a b"));
    EXPECT_FALSE(is_label_key(std::string(64, 'a')));
}

}  // namespace
}  // namespace skald::api
