// SPDX-License-Identifier: Apache-2.0
#include "http/request_parser.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <ostream>
#include <random>
#include <string>
#include <vector>

namespace heddle::http {
namespace {

using namespace std::string_literals;

constexpr RequestLimits kLimits{1024, 8, 100, 50};

struct Parsed {
    ParseState state = ParseState::kNeedMore;
    Request request;
    unsigned refused = 0;
    std::size_t left = 0;
};

// Feeds `text` in pieces of `step` bytes, as a session does.
Parsed parse(std::string_view text, std::size_t step) {
    Parsed result;
    RequestParser parser(result.request, kLimits);
    std::string pending;
    while (!text.empty() && result.state == ParseState::kNeedMore) {
        const auto piece = text.substr(0, std::min(step, text.size()));
        text.remove_prefix(piece.size());
        pending += piece;
        std::string_view bytes = pending;
        do {
            result.state = parser.feed(bytes);
        } while (result.state == ParseState::kHeaderDone);
        pending.erase(0, pending.size() - bytes.size());
    }
    result.left = pending.size() + text.size();
    if (result.state == ParseState::kRefused) result.refused = parser.refusal().status;
    return result;
}

// Parsed in one piece, and the same byte by byte.
Parsed parseBoth(std::string_view text) {
    Parsed whole = parse(text, text.size());
    const Parsed bytewise = parse(text, 1);
    EXPECT_EQ(bytewise.state, whole.state) << text;
    EXPECT_EQ(bytewise.refused, whole.refused) << text;
    EXPECT_EQ(bytewise.request.body, whole.request.body) << text;
    return whole;
}

TEST(RequestParser, ReadsARequestWithABody) {
    const auto got =
        parseBoth("POST /a%20b?x=1 HTTP/1.1\r\nHost: h\r\nX-A:  v \r\nContent-Length: 5\r\n\r\nhello");
    EXPECT_EQ(got.state, ParseState::kMessageDone);
    EXPECT_EQ(got.request.method, Method::kPost);
    EXPECT_EQ(got.request.target, "/a%20b?x=1");
    EXPECT_EQ(got.request.path, "/a b");
    EXPECT_EQ(got.request.queryValue("x"), "1");
    EXPECT_EQ(got.request.headers.get("x-a"), "v");
    EXPECT_EQ(got.request.body, "hello");
}

TEST(RequestParser, ReadsChunksWithExtensionsAndTrailers) {
    const auto got = parseBoth(
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
        "3;a=b\r\nabc\r\nA\r\n0123456789\r\n0\r\nX-Trailer: t\r\n\r\n");
    EXPECT_EQ(got.state, ParseState::kMessageDone);
    EXPECT_EQ(got.request.body, "abc0123456789");
    EXPECT_EQ(got.request.headers.get("x-trailer"), std::nullopt);
}

TEST(RequestParser, ReadsAnEmptyChunkedBodyByteByByte) {
    EXPECT_EQ(parseBoth("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n").state,
              ParseState::kMessageDone);
}

TEST(RequestParser, LeavesTheNextRequestAlone) {
    const auto got = parse("GET /1 HTTP/1.1\r\nHost: h\r\n\r\nGET /2 HTTP/1.1\r\n", 1000);
    EXPECT_EQ(got.state, ParseState::kMessageDone);
    EXPECT_EQ(got.left, std::string_view("GET /2 HTTP/1.1\r\n").size());
}

struct Refused {
    std::string name;
    std::string text;
    unsigned status;

    friend void PrintTo(const Refused& row, std::ostream* out) { *out << row.name; }
};

class RequestParserRefuses : public ::testing::TestWithParam<Refused> {};

TEST_P(RequestParserRefuses, InOnePieceAndByteByByte) {
    const auto got = parseBoth(GetParam().text);
    EXPECT_EQ(got.state, ParseState::kRefused);
    EXPECT_EQ(got.refused, GetParam().status);
}

std::string manyFields(int count) {
    std::string text = "GET / HTTP/1.1\r\nHost: h\r\n";
    for (int i = 0; i < count; ++i) text += "a: b\r\n";
    return text + "\r\n";
}

INSTANTIATE_TEST_SUITE_P(
    Inputs, RequestParserRefuses,
    ::testing::Values(
        Refused{"Garbage", "\x16\x03\x01 hello\r\n\r\n", 400},
        Refused{"NoHost", "GET / HTTP/1.1\r\n\r\n", 400},
        Refused{"TwoHosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400},
        Refused{"Http2Preface", "PRI * HTTP/2.0\r\n\r\n", 400},
        Refused{"BadEscape", "GET /%zz HTTP/1.1\r\nHost: h\r\n\r\n", 400},
        Refused{"EscapedNul", "GET /%00 HTTP/1.1\r\nHost: h\r\n\r\n", 400},
        Refused{"SpaceBeforeColon", "GET / HTTP/1.1\r\nHost : h\r\n\r\n", 400},
        Refused{"LengthAndChunks",
                "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
        Refused{"ChunksAndLength",
                "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n", 400},
        Refused{"TwoLengths", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n",
                400},
        Refused{"NegativeLength", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: -3\r\n\r\n", 400},
        Refused{"ChunksInHttp10", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
        Refused{"OtherCoding", "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip\r\n\r\n", 501},
        Refused{"SeveralCodings", "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
                501},
        Refused{"BadChunkSize", "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
                400},
        Refused{"HugeChunkSize",
                "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n", 400},
        Refused{"UnknownExpectation", "POST / HTTP/1.1\r\nHost: h\r\nExpect: money\r\n\r\n", 417},
        Refused{"LongBody", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 51\r\n\r\n", 413},
        Refused{
            "LongChunks",
            "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n33\r\n" + std::string(51, 'x'),
            413},
        Refused{"LongTarget", "GET /" + std::string(100, 'x') + " HTTP/1.1\r\nHost: h\r\n\r\n", 414},
        Refused{"EndlessTarget", "GET /" + std::string(2000, 'x'), 414},
        Refused{"ManyFields", manyFields(8), 431},
        Refused{"LongField", "GET / HTTP/1.1\r\nHost: h\r\nA: " + std::string(2000, 'x'), 431},
        Refused{"EndlessChunkExtension",
                "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3;" + std::string(2000, 'x'),
                431},
        Refused{"EndlessTrailer",
                "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nA: " +
                    std::string(2000, 'x'),
                431}),
    [](const auto& info) { return info.param.name; });

// Mutated requests in pieces of any size: never a crash or an assertion of Beast's, and pieces make no
// difference to what is accepted.
TEST(RequestParser, SurvivesMutatedInputInAnyPieces) {
    const std::vector<std::string> seeds{
        "POST /a%20b?x=1 HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello",
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3;a=\"b\"\r\nabc\r\n0\r\nX-T: "
        "t\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\nA: b\r\n c\r\nConnection: keep-alive, close\r\n\r\n"};
    const std::string bits = "\r\n \t:;0aF,%\"=\x00\x7f\xff"s;
    std::mt19937 random(20'261'123);
    const auto below = [&random](std::size_t end) { return static_cast<std::size_t>(random()) % end; };
    for (int round = 0; round < 2'000; ++round) {
        std::string text = seeds[below(seeds.size())];
        for (auto changes = below(4); changes > 0; --changes) {
            const auto at = below(text.size());
            if (below(2) == 0) {
                text[at] = bits[below(bits.size())];
            } else if (below(2) == 0) {
                text.erase(at, 1 + below(3));
            } else {
                text.insert(at, 1 + below(3), bits[below(bits.size())]);
            }
            if (text.empty()) text = "G";
        }
        const Parsed whole = parse(text, text.size());
        const Parsed pieces = parse(text, 1 + below(7));
        if (whole.state == ParseState::kMessageDone) {
            ASSERT_EQ(pieces.state, whole.state) << text;
            ASSERT_EQ(pieces.request.body, whole.request.body) << text;
            ASSERT_EQ(pieces.request.headers.fields, whole.request.headers.fields) << text;
        } else {
            ASSERT_NE(pieces.state, ParseState::kMessageDone) << text;
        }
    }
}

TEST(RequestParser, RefusesBareLineFeeds) {
    EXPECT_EQ(parse("GET / HTTP/1.1\nHost: h\n\n", 100).refused, 400U);
}

TEST(RequestParser, TakesEverythingUpToItsLimits) {
    const auto got = parseBoth("POST /" + std::string(99, 'x') +
                               " HTTP/1.1\r\nHost: h\r\nContent-Length: 50\r\n\r\n" + std::string(50, 'b'));
    EXPECT_EQ(got.state, ParseState::kMessageDone);
    EXPECT_EQ(parseBoth(manyFields(7)).state, ParseState::kMessageDone);
}

}  // namespace
}  // namespace heddle::http
