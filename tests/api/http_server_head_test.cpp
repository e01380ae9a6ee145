#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/http/head.h"

namespace skald::api::http {
namespace {

constexpr HeadLimits kLimits{100, 400, 5};

/// Feeds `bytes` one by one, as a slow client would, then parses.
Parsed<RequestHead> read(std::string& bytes, const HeadLimits& limits = kLimits) {
    HeadScanner scanner(limits);
    for (std::size_t size = 1; size <= bytes.size(); ++size) {
        const Parsed<std::size_t> scanned = scanner.scan(std::string_view(bytes).substr(0, size));
        if (!scanned) return tl::unexpected(scanned.error());
        if (*scanned == 0) continue;
        EXPECT_EQ(*scanned, size);
        return parse_head(std::span(bytes).first(size), limits);
    }
    return refuse(ProblemType::RequestTimeout, "incomplete");
}

TEST(Head, IsReadWhole) {
    std::string bytes =
        "POST /a/b?x=1&y HTTP/1.1\r\nHOST: h:1\r\nContent-Length:3\r\nX-Odd_Name: \t a\x80 b \t\r\n"
        "Expect: 100-Continue\r\n\r\n";
    const auto head = read(bytes);
    ASSERT_TRUE(head.has_value()) << head.error().detail;
    EXPECT_EQ(head->method, "POST");
    EXPECT_EQ(head->path, "/a/b");
    EXPECT_EQ(head->query, "x=1&y");
    EXPECT_EQ(head->authority, "");
    EXPECT_EQ(head->version, HttpVersion::Http11);
    EXPECT_EQ(head->content_length, 3U);
    EXPECT_TRUE(head->is_persistent);
    EXPECT_TRUE(head->awaits_continue);
    EXPECT_EQ(head->field("host"), "h:1");
    EXPECT_EQ(head->field("x-odd_name"), "a\x80 b");
    EXPECT_EQ(head->field("x"), std::nullopt);
}

TEST(Head, TellsWhetherTheClientStays) {
    const auto stays = [](std::string rest) {
        std::string bytes = "GET / " + rest + "\r\n\r\n";
        const auto head = read(bytes);
        EXPECT_TRUE(head.has_value()) << head.error().detail;
        return head && head->is_persistent;
    };
    EXPECT_TRUE(stays("HTTP/1.1\r\nHost: a"));
    EXPECT_FALSE(stays("HTTP/1.1\r\nHost: a\r\nConnection: Close"));
    EXPECT_FALSE(stays("HTTP/1.1\r\nHost: a\r\nConnection: x\r\nConnection: keep-alive , close,"));
    EXPECT_FALSE(stays("HTTP/1.0"));
    EXPECT_TRUE(stays("HTTP/1.0\r\nConnection: keep-alive"));
}

TEST(Head, TakesTargetsInAbsoluteForm) {
    const std::vector<std::array<std::string, 4>> cases{
        {"http://h:1/a?b", "h:1", "/a", "b"}, {"HTTPS://h", "h", "/", ""},
        {"http://h?b", "h", "/", "b"},        {"/http://h/a", "", "/http://h/a", ""},
        {"//h/a", "", "//h/a", ""},           {"/a?b?c", "", "/a", "b?c"}};
    for (const auto& [target, authority, path, query] : cases) {
        std::string bytes = "GET " + target + " HTTP/1.1\r\nHost: a\r\n\r\n";
        const auto head = read(bytes);
        ASSERT_TRUE(head.has_value()) << target;
        EXPECT_EQ(head->authority, authority) << target;
        EXPECT_EQ(head->path, path) << target;
        EXPECT_EQ(head->query, query) << target;
    }
}

TEST(Head, IgnoresOneEmptyLineBeforeTheRequest) {
    std::string bytes = "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n";
    EXPECT_TRUE(read(bytes).has_value());
}

TEST(Head, IsRefusedWhenReadersCouldDiffer) {
    using enum ProblemType;
    const std::string host = "Host: a\r\n";
    const std::vector<std::pair<std::string, ProblemType>> cases{
        {"\r\n\r\nGET / HTTP/1.1\r\n" + host, InvalidRequest},
        {"\nGET / HTTP/1.1\r\n" + host, InvalidRequest},
        {"\x16\x03\x01\x02", InvalidRequest},
        {" GET / HTTP/1.1\r\n" + host, InvalidRequest},
        {"GET  / HTTP/1.1\r\n" + host, InvalidRequest},
        {"GET /  HTTP/1.1\r\n" + host, InvalidRequest},
        {"GET / HTTP/1.1 \r\n" + host, InvalidRequest},
        {"GET\t/ HTTP/1.1\r\n" + host, InvalidRequest},
        {"GET /\r\n" + host, InvalidRequest},
        {"GET\r\n" + host, InvalidRequest},
        {"G(T / HTTP/1.1\r\n" + host, InvalidRequest},
        {"GET / http/1.1\r\n" + host, InvalidRequest},
        {"GET / HTTP/11\r\n" + host, InvalidRequest},
        {"GET / HTTP/1.2\r\n" + host, HttpVersionNotSupported},
        {"GET / HTTP/0.9\r\n" + host, HttpVersionNotSupported},
        {"PRI * HTTP/2.0\r\n", HttpVersionNotSupported},
        {"GET a HTTP/1.1\r\n" + host, InvalidRequest},
        {"GET * HTTP/1.1\r\n" + host, InvalidRequest},
        {"CONNECT a:443 HTTP/1.1\r\n" + host, InvalidRequest},
        {"GET ftp://a/ HTTP/1.1\r\n" + host, InvalidRequest},
        {"GET http:///a HTTP/1.1\r\n" + host, InvalidRequest},
        {"GET /a#b HTTP/1.1\r\n" + host, InvalidRequest},
        {"GET /\x7f HTTP/1.1\r\n" + host, InvalidRequest},
        {"GET /\xc3\xa9 HTTP/1.1\r\n" + host, InvalidRequest},
        {std::string("GET /\0 HTTP/1.1\r\n", 17) + host, InvalidRequest},
        {"GET /\r HTTP/1.1\r\n" + host, InvalidRequest},
        {"GET / HTTP/1.1\n" + host, InvalidRequest},
        {"GET / HTTP/1.1\r\nHost: a\n", InvalidRequest},
        {"GET / HTTP/1.1\r\n", InvalidRequest},
        {"GET / HTTP/1.1\r\n" + host + "Host: a\r\n", InvalidRequest},
        {"GET / HTTP/1.0\r\n" + host + "Host: a\r\n", InvalidRequest},
        {"GET / HTTP/1.1\r\n" + host + "A : b\r\n", InvalidRequest},
        {"GET / HTTP/1.1\r\n" + host + " b\r\n", InvalidRequest},
        {"GET / HTTP/1.1\r\n b: c\r\n" + host, InvalidRequest},
        {"GET / HTTP/1.1\r\n" + host + "A: b\r\n\tc\r\n", InvalidRequest},
        {"GET / HTTP/1.1\r\n" + host + "A\r\n", InvalidRequest},
        {"GET / HTTP/1.1\r\n" + host + ": b\r\n", InvalidRequest},
        {"GET / HTTP/1.1\r\n" + host + "A\xc3\xa9: b\r\n", InvalidRequest},
        {"GET / HTTP/1.1\r\n" + host + "A: b\rc\r\n", InvalidRequest},
        {"GET / HTTP/1.1\r\n" + host + "A: b\x1b\r\n", InvalidRequest},
        {"GET / HTTP/1.1\r\n" + host + std::string("A: b\0c\r\n", 8), InvalidRequest},
        {"GET / HTTP/1.1\r\n" + host + std::string("A\0: c\r\n", 7), InvalidRequest},
        {"POST / HTTP/1.1\r\n" + host + "Content-Length: 1\r\nContent-Length: 1\r\n",
         InvalidRequest},
        {"POST / HTTP/1.1\r\n" + host + "Content-Length: 1, 1\r\n", InvalidRequest},
        {"POST / HTTP/1.1\r\n" + host + "Content-Length: +1\r\n", InvalidRequest},
        {"POST / HTTP/1.1\r\n" + host + "Content-Length: -1\r\n", InvalidRequest},
        {"POST / HTTP/1.1\r\n" + host + "Content-Length: 0x1\r\n", InvalidRequest},
        {"POST / HTTP/1.1\r\n" + host + "Content-Length: 1 1\r\n", InvalidRequest},
        {"POST / HTTP/1.1\r\n" + host + "Content-Length:\r\n", InvalidRequest},
        {"POST / HTTP/1.1\r\n" + host + "Content-Length: 99999999999999999999\r\n", InvalidRequest},
        {"POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n", LengthRequired},
        {"POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: x\r\nContent-Length: 1\r\n",
         LengthRequired},
        {"POST / HTTP/1.1\r\n" + host + "transfer-encoding:\r\n", LengthRequired},
        {"POST / HTTP/1.0\r\n" + host + "Transfer-Encoding: chunked\r\n", LengthRequired},
        {"POST / HTTP/1.1\r\n" + host + "Content-Encoding: gzip\r\n", UnsupportedMediaType},
        {"GET / HTTP/1.1\r\n" + host + "Content-Length: 1\r\n", InvalidRequest},
        {"HEAD / HTTP/1.1\r\n" + host + "Content-Length: 1\r\n", InvalidRequest},
        {"POST / HTTP/1.1\r\n" + host + "Expect: wonders\r\n", InvalidRequest},
        {"GET / HTTP/1.1\r\n" + host + "Origin: a\r\nOrigin: b\r\n", InvalidRequest},
        {"GET / HTTP/1.1\r\n" + host + "Authorization: a\r\nauthorization: b\r\n", InvalidRequest},
    };
    for (const auto& [bytes, type] : cases) {
        std::string request = bytes + "\r\n";
        const auto head = read(request);
        ASSERT_FALSE(head.has_value()) << bytes;
        EXPECT_EQ(head.error().type, type) << bytes << head.error().detail;
    }
}

TEST(Head, IsRefusedOverItsLimitsBeforeItIsWhole) {
    using enum ProblemType;
    const std::string start = "GET / HTTP/1.1\r\nHost: a\r\n";
    std::string fields;
    for (int i = 0; i < 5; ++i) fields += "A: b\r\n";
    const std::vector<std::pair<std::string, ProblemType>> endless{
        {"GET /" + std::string(200, 'a'), TargetTooLong},
        {std::string(200, 'A'), TargetTooLong},
        {start + "A: " + std::string(400, 'a'), HeadersTooLarge},
        {start + std::string(500, 'a'), HeadersTooLarge},
        {start + fields, HeadersTooLarge}};
    for (auto [bytes, type] : endless) {
        const auto head = read(bytes);
        ASSERT_FALSE(head.has_value());
        EXPECT_EQ(head.error().type, type) << bytes;
    }
}

TEST(Head, IsTakenAtItsLimits) {
    std::string bytes = "GET /" + std::string(99, 'a') + " HTTP/1.1\r\n" + "Host: a\r\n";
    for (int i = 0; i < 4; ++i) bytes += "A: b\r\n";
    bytes += "\r\n";
    EXPECT_TRUE(read(bytes).has_value());
    bytes.insert(5, "a");
    const auto too_long = read(bytes);
    ASSERT_FALSE(too_long.has_value());
    EXPECT_EQ(too_long.error().type, ProblemType::TargetTooLong);
}

}  // namespace
}  // namespace skald::api::http
