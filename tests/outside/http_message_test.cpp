#include "tests/outside/http_message.h"

#include <gtest/gtest.h>

namespace skald::outside {
namespace {

constexpr std::string_view kReply =
    "HTTP/1.1 201 Created\r\nLocation: /v1/sagas/x\r\ncontent-length:  4 \r\n\r\nbodyHTTP/1.1 ";

TEST(HttpMessage, TakesOneMessageAndLeavesTheRest) {
    HttpMessage message;
    ASSERT_EQ(parse_message(kReply, message), Parsed::Whole);
    EXPECT_EQ(message.body, "body");
    EXPECT_EQ(message.size, kReply.size() - 9);
    EXPECT_EQ(status_code(message.start_line), 201);
    EXPECT_EQ(find_header(message.headers, "LOCATION"), "/v1/sagas/x");
    EXPECT_EQ(find_header(message.headers, "loc"), std::nullopt);
    EXPECT_FALSE(message.is_closing);
}

TEST(HttpMessage, IsPartialUntilItsLastByte) {
    HttpMessage message;
    for (std::size_t size = 0; size < kReply.size() - 9; ++size) {
        EXPECT_EQ(parse_message(kReply.substr(0, size), message), Parsed::Partial) << size;
    }
}

TEST(HttpMessage, RefusesATransferEncodingAndABadLength) {
    HttpMessage message;
    EXPECT_EQ(parse_message("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", message),
              Parsed::Broken);
    EXPECT_EQ(parse_message("HTTP/1.1 200 OK\r\nContent-Length: 1x\r\n\r\n", message),
              Parsed::Broken);
}

}  // namespace
}  // namespace skald::outside
