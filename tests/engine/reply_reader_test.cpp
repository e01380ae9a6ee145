#include "engine/reply_reader.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "tests/engine/caller_rig.h"

namespace skald::engine {
namespace {

constexpr sagas::Timestamp kNow{sagas::Milliseconds{1'700'000'000'000}};
constexpr ReplyReader::Limits kLimits{.header_bytes = 1'000, .header_count = 10, .body_bytes = 100};

enum class Then : std::uint8_t { More, End };

/// What was read: "200 {…} reuse", "200 … close", "broken: …" or "more".
std::string text(const ReplyReader::Progress& progress) {
    if (const auto* const broken = std::get_if<ReplyReader::Broken>(&progress)) {
        return "broken: " + broken->why;
    }
    if (const auto* const whole = std::get_if<ReplyReader::Whole>(&progress)) {
        return said(whole->reply) + (whole->reuse == ReplyReader::Reuse::Yes ? " reuse" : " close");
    }
    return "more";
}

/// Reads `bytes` in pieces of `size`, until something is known.
std::string read_in_pieces(std::string_view bytes, std::size_t size, Then then) {
    ReplyReader reader(kLimits);
    while (!bytes.empty()) {
        // A copy of its own, so that a sanitizer sees a read beyond it.
        const std::string piece(bytes.substr(0, size));
        bytes.remove_prefix(piece.size());
        const ReplyReader::Progress progress = reader.read(piece, kNow);
        if (!std::holds_alternative<ReplyReader::NeedMore>(progress)) return text(progress);
    }
    return then == Then::End ? text(reader.read_end(kNow)) : "more";
}

struct Case {
    const char* name;
    std::string bytes;
    const char* expected;
    Then then = Then::More;
};

const std::string kOk = "HTTP/1.1 200 OK\r\n";

std::string many_headers(int count) {
    std::string text;
    for (int i = 0; i < count; ++i) text += "X-" + std::to_string(i) + ": v\r\n";
    return text;
}

std::vector<Case> cases() {
    const std::string chunked = kOk + "Transfer-Encoding: chunked\r\n";
    std::string interims;
    for (int i = 0; i < 9; ++i) interims += "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";
    return {
        {"Plain", kOk + "Content-Type: application/json\r\nContent-Length: 2\r\n\r\n[]",
         "200 [] reuse"},
        {"Text", kOk + "Content-Type: text/plain\r\nContent-Length: 2\r\n\r\nhi",
         "200 \"hi\" reuse"},
        {"EmptyIsNull", kOk + "Content-Length: 0\r\n\r\n", "200 null reuse"},
        {"NoContent", "HTTP/1.1 204 No Content\r\n\r\n", "204 null reuse"},
        {"NotModifiedHasNoBody", "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n",
         "304 null reuse"},
        {"NoReason", "HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n", "200 null reuse"},
        {"ConnectionClose", kOk + "Connection: close\r\nContent-Length: 0\r\n\r\n",
         "200 null close"},
        {"Http10Closes", "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", "200 null close"},
        {"Http10KeepAlive",
         "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n",
         "200 null reuse"},
        {"UntilTheEnd", kOk + "\r\nwords", "200 \"words\" close", Then::End},
        {"UntilTheEndEmpty", kOk + "\r\n", "200 null close", Then::End},
        {"BrokenJson", kOk + "Content-Type: application/json\r\nContent-Length: 1\r\n\r\n{",
         nullptr},
        {"Chunked", chunked + "\r\n2\r\nab\r\n3;x=y\r\ncde\r\n0\r\n\r\n", "200 \"abcde\" reuse"},
        {"TrailersAreIgnored",
         chunked + "\r\n1\r\na\r\n0\r\nRetry-After: 9\r\nContent-Type: application/json\r\n\r\n",
         "200 \"a\" reuse"},
        {"Interim",
         "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nX-A: 1\r\n\r\n" + kOk +
             "Content-Length: 1\r\n\r\n7",
         "200 \"7\" reuse"},
        {"TooManyInterims", interims, "broken: more than 8 interim replies (1xx)"},
        {"SwitchesProtocols", "HTTP/1.1 101 Switching Protocols\r\n\r\n",
         "broken: the reply switches protocols (101), which nobody asked for"},
        {"BytesBehind", kOk + "Content-Length: 1\r\n\r\n77", nullptr},
        {"BodyTooLarge", kOk + "Content-Length: 101\r\n\r\n" + std::string(101, 'x'),
         "200 !the reply's body is larger than 100 bytes close"},
        {"ChunksTooLarge", chunked + "\r\n40\r\n" + std::string(64, 'x') + "\r\n40\r\n",
         "200 !the reply's body is larger than 100 bytes close"},
        {"HugeChunk", chunked + "\r\nFFFFFFFFFFFFFFFF\r\nx",
         "200 !the reply's body is larger than 100 bytes close"},
        {"EndlessBodyTooLarge", kOk + "\r\n" + std::string(101, 'x'),
         "200 !the reply's body is larger than 100 bytes close"},
        {"LargestBody", kOk + "Content-Length: 100\r\n\r\n" + std::string(100, '7'), nullptr},
        {"Encoded", kOk + "Content-Encoding: gzip\r\nContent-Length: 1\r\n\r\nx", nullptr},
        {"OtherTransferCoding", kOk + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
         "200 !the reply's body has a Transfer-Encoding other than chunked close"},
        {"TooManyHeaders", kOk + many_headers(11) + "\r\n",
         "broken: the reply has more than 10 headers or 0 KiB of them"},
        {"LargeHeader", kOk + "X-A: " + std::string(1'100, 'a') + "\r\n\r\n",
         "broken: the reply has more than 10 headers or 0 KiB of them"},
        {"LargeTrailer", chunked + "\r\n0\r\nX-A: " + std::string(1'100, 'a') + "\r\n\r\n",
         "broken: the reply has more than 10 headers or 0 KiB of them"},
        {"LargeChunkExtension",
         chunked + "\r\n1;x=" + std::string(1'100, 'a') + "\r\na\r\n0\r\n\r\n", nullptr},
        {"TwoLengths", kOk + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab", nullptr},
        {"LengthAndChunks", kOk + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
         nullptr},
        {"BadLength", kOk + "Content-Length: -1\r\n\r\n", nullptr},
        {"BadChunk", chunked + "\r\nxyz\r\n", nullptr},
        {"BadStatus", "HTTP/1.1 2000 OK\r\n\r\n", nullptr},
        {"StatusTooHigh", "HTTP/1.1 600 Odd\r\n\r\n", nullptr},
        {"OtherVersion", "HTTP/2.0 200 OK\r\n\r\n", nullptr},
        {"BareLineFeeds", "HTTP/1.1 200 OK\nContent-Length: 0\n\n", nullptr},
        {"HeaderWithoutColon", kOk + "nonsense\r\n\r\n", nullptr},
        {"CutInBody", kOk + "Content-Length: 5\r\n\r\nabc", "broken: the reply was cut short",
         Then::End},
        {"CutInChunk", chunked + "\r\n5\r\nabc", "broken: the reply was cut short", Then::End},
        {"CutInHead", kOk + "Conte", "broken: the reply was cut short", Then::End},
        {"Nothing", "", "broken: the connection was closed without a reply", Then::End},
    };
}

/// What the cases without an expected text have to come to: where Beast or another folder words it,
/// only the beginning counts.
std::string expected_beginning(const Case& test) {
    if (test.expected != nullptr) return test.expected;
    const std::string name = test.name;
    if (name == "BrokenJson" || name == "Encoded") return "200 !the reply's body is ";
    if (name == "BytesBehind") return "200 \"7\" close";
    if (name == "LargestBody") return "200 \"7777777777";
    if (name == "LargeChunkExtension") return "";
    return "broken: the reply is no valid HTTP/1.1: ";
}

TEST(ReplyReader, ReadsWhatIsThere) {
    for (const Case& test : cases()) {
        SCOPED_TRACE(test.name);
        const std::string seen = read_in_pieces(test.bytes, test.bytes.size() + 1, test.then);
        EXPECT_EQ(seen.substr(0, expected_beginning(test).size()), expected_beginning(test))
            << seen;
    }
}

TEST(ReplyReader, ReadsTheSameInPiecesOfAnySize) {
    for (const Case& test : cases()) {
        SCOPED_TRACE(test.name);
        const std::string whole = read_in_pieces(test.bytes, test.bytes.size() + 1, test.then);
        // A reply that is whole is given before the bytes behind it come; these end the reuse
        // later.
        if (std::string(test.name) == "BytesBehind") continue;
        // Refused for its size where it comes at once; read where each piece is small enough.
        if (std::string(test.name) == "LargeChunkExtension") continue;
        // Nobody knows that it is wrong before a CR comes, or the end.
        if (std::string(test.name) == "BareLineFeeds") continue;
        for (std::size_t size = 1; size < test.bytes.size(); ++size) {
            ASSERT_EQ(read_in_pieces(test.bytes, size, test.then), whole) << "pieces of " << size;
        }
    }
}

TEST(ReplyReader, GivesHeadersInLowerCaseAndWhatRetryAfterAsksFor) {
    ReplyReader reader(kLimits);
    const auto progress =
        reader.read(kOk + "X-Kind:  A b \r\nRETRY-AFTER: 3\r\nContent-Length: 0\r\n\r\n", kNow);
    const auto* const whole = std::get_if<ReplyReader::Whole>(&progress);
    ASSERT_NE(whole, nullptr);
    ASSERT_EQ(whole->reply.headers.size(), 3u);
    EXPECT_EQ(whole->reply.headers[0].name, "x-kind");
    EXPECT_EQ(whole->reply.headers[0].value, "A b");
    EXPECT_EQ(whole->reply.headers[1].name, "retry-after");
    EXPECT_EQ(whole->reply.retry_after, sagas::Milliseconds(3'000));
}

TEST(ReplyReader, LeavesTrailersOut) {
    ReplyReader reader(kLimits);
    const auto progress =
        reader.read(kOk + "Transfer-Encoding: chunked\r\n\r\n0\r\nX-Late: 1\r\n\r\n", kNow);
    const auto* const whole = std::get_if<ReplyReader::Whole>(&progress);
    ASSERT_NE(whole, nullptr);
    ASSERT_EQ(whole->reply.headers.size(), 1u);
    EXPECT_EQ(whole->reply.headers[0].name, "transfer-encoding");
}

TEST(ReplyReader, ReadsOneReplyAfterAnother) {
    ReplyReader reader(kLimits);
    for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(text(reader.read(kOk + "Content-Length: 1\r\n\r\n7", kNow)), "200 \"7\" reuse");
    }
}

TEST(ReplyReader, BoundsAHeadThatComesInPieces) {
    ReplyReader reader({.header_bytes = 1'000, .header_count = 1'000'000, .body_bytes = 100});
    EXPECT_EQ(text(reader.read(kOk, kNow)), "more");
    int pieces = 0;
    while (text(reader.read("X-A: 12345\r\n", kNow)) == "more") ASSERT_LT(++pieces, 1'000);
    EXPECT_LT(pieces, 100);
}

/// Whatever comes, it ends, stays in bounds (the sanitizers watch) and doesn't take broken bytes
/// for more than one reply.
TEST(ReplyReader, SurvivesDamagedReplies) {
    std::mt19937 random(20'261'121);
    const std::vector<Case> all = cases();
    for (int round = 0; round < 20'000; ++round) {
        std::string bytes = all[random() % all.size()].bytes;
        for (unsigned changes = random() % 4; changes > 0 && !bytes.empty(); --changes) {
            const std::size_t at = random() % bytes.size();
            switch (random() % 4) {
                case 0:
                    bytes[at] = static_cast<char>(random());
                    break;
                case 1:
                    bytes.erase(at, random() % 8);
                    break;
                case 2:
                    bytes.insert(at, bytes.substr(random() % bytes.size(), random() % 16));
                    break;
                default:
                    bytes.insert(at, 1, "\r\n:;0 \t,"[random() % 8]);
                    break;
            }
        }
        const std::string seen = read_in_pieces(bytes, 1 + random() % 40, Then::End);
        ASSERT_NE(seen, "more") << "round " << round;
    }
}

}  // namespace
}  // namespace skald::engine
