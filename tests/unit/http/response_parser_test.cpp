// SPDX-License-Identifier: Apache-2.0
#include "http/response_parser.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace heddle::http {
namespace {

using namespace std::string_literals;

using State = ResponseParser::State;

struct Parsed {
    State state = State::kNeedMore;
    unsigned status = 0;
    std::string body;
    bool keep_alive = false;
};

// Feeds `text` in pieces of `step` bytes and then the end of the connection.
Parsed parse(std::string_view text, std::size_t step, std::size_t body_max = 1'000) {
    auto parser = std::make_unique<ResponseParser>(std::size_t{1'024}, body_max);
    State state = State::kNeedMore;
    std::string pending;
    while (!text.empty() && (state == State::kNeedMore || state == State::kInformation)) {
        const auto piece = text.substr(0, std::min(step, text.size()));
        text.remove_prefix(piece.size());
        pending += piece;
        std::string_view bytes = pending;
        state = parser->feed(bytes);
        while (state == State::kInformation) {
            parser = std::make_unique<ResponseParser>(std::size_t{1'024}, body_max);
            state = parser->feed(bytes);
        }
        pending.erase(0, pending.size() - bytes.size());
    }
    if (state == State::kNeedMore) state = parser->finish();
    Parsed result{state, parser->status(), parser->takeBody(), false};
    if (state == State::kDone) result.keep_alive = parser->keepAlive();
    return result;
}

TEST(ResponseParser, PiecesMakeNoDifference) {
    const std::string text =
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200\r\nTransfer-Encoding: chunked\r\n\r\n"
        "3\r\nabc\r\n0\r\nX-T: t\r\n\r\n";
    for (std::size_t step = 1; step <= text.size(); ++step) {
        const Parsed got = parse(text, step);
        EXPECT_EQ(got.state, State::kDone) << step;
        EXPECT_EQ(got.status, 200U);
        EXPECT_EQ(got.body, "abc");
        EXPECT_TRUE(got.keep_alive);
    }
}

TEST(ResponseParser, TheReasonMayBeEmptyOrMissing) {
    for (const std::string_view line :
         {"HTTP/1.1 200", "HTTP/1.1 200 ", "HTTP/1.1 200 OK", "HTTP/1.0 200 Any Text"}) {
        const Parsed got = parse(std::string(line) + "\r\nContent-Length: 2\r\n\r\nok", 1);
        EXPECT_EQ(got.state, State::kDone) << line;
        EXPECT_EQ(got.body, "ok");
    }
}

TEST(ResponseParser, StopsAtTheBodysBound) {
    const std::string head = "HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n";
    EXPECT_EQ(parse(head + std::string(11, 'x'), 1, 11).state, State::kDone);
    const Parsed cut = parse(head + std::string(11, 'x'), 100, 10);
    EXPECT_EQ(cut.state, State::kBodyFull);
    EXPECT_EQ(cut.body, std::string(10, 'x'));
}

TEST(ResponseParser, AcceptsWhatSloppyServersSend) {
    const std::string ok = "HTTP/1.1 200 OK\r\n";
    for (const std::string& text : {
             "HTTP/1.1 200 OK\nContent-Length: 2\n\nok"s,
             ok + "Content-Length: 2, 2\r\nContent-Length: 2\r\n\r\nok",
             ok + "CONTENT-LENGTH:\t 2 \r\n\r\nok",
             ok + "A: b\r\n c\r\n\td\r\nContent-Length: 2\r\n\r\nok",
             ok + "A:\r\nContent-Length: 2\r\n\r\nok",
             ok + "Transfer-Encoding: Chunked\r\n\r\n02 ;x=\"y\"\r\nok\r\n00\r\n\r\n",
             ok + "Transfer-Encoding: chunked\r\n\r\n1\r\no\r\n1\r\nk\r\n0\r\nContent-Length: 9\r\n\r\n",
             "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"s,
             "HTTP/1.2 999 \xE2\x82\xAC\r\nContent-Length: 2\r\n\r\nok"s,
         }) {
        const Parsed got = parse(text, 3);
        EXPECT_EQ(got.state, State::kDone) << text;
        EXPECT_EQ(got.body, "ok") << text;
    }
}

TEST(ResponseParser, RefusesWhatCannotBeTrusted) {
    const std::string ok = "HTTP/1.1 200 OK\r\n";
    for (const std::string& text : {
             "HTTP/2.0 200 OK\r\n\r\n"s,
             "HTTP/1.1  200 OK\r\n\r\n"s,
             "HTTP/1.1 20 OK\r\n\r\n"s,
             "HTTP/1.1 2000 OK\r\n\r\n"s,
             "HTTP/1.1 099 OK\r\n\r\n"s,
             "HTTP/1.1 +20 OK\r\n\r\n"s,
             "\r\nHTTP/1.1 200 OK\r\n\r\n"s,
             "http/1.1 200 OK\r\n\r\n"s,
             "HTTP/1.1 200 a\rb\r\n\r\n"s,
             ok + " folded: first\r\n\r\n",
             ok + "no colon\r\n\r\n",
             ok + "Space : x\r\n\r\n",
             ok + ": no name\r\n\r\n",
             ok + "A: \0\r\n\r\n"s,
             ok + "A: b\rc\r\n\r\n",
             ok + "Content-Length: \r\n\r\n",
             ok + "Content-Length: +2\r\n\r\nok",
             ok + "Content-Length: 0x2\r\n\r\nok",
             ok + "Content-Length: 2,\r\nContent-Length: 3\r\n\r\nok",
             ok + "Content-Length: 9223372036854775808\r\n\r\n",
             ok + "Content-Length: 99999999999999999999999\r\n\r\n",
             ok + "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
             ok + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
             ok + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
             ok + "Transfer-Encoding: identity\r\n\r\nok",
             ok + "Transfer-Encoding: chunked\r\n\r\n2\r\nokay\r\n0\r\n\r\n",
             ok + "Transfer-Encoding: chunked\r\n\r\n-2\r\nok\r\n0\r\n\r\n",
             ok + "Transfer-Encoding: chunked\r\n\r\n\r\nok\r\n0\r\n\r\n",
             ok + "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\nok",
         }) {
        EXPECT_EQ(parse(text, 1).state, State::kMalformed) << text;
        EXPECT_EQ(parse(text, text.size()).state, State::kMalformed) << text;
    }
}

TEST(ResponseParser, SaysAtOnceThatItIsNotHttp) {
    ResponseParser parser(1'024, 1'000);
    std::string_view bytes = "\x15\x03\x01";
    EXPECT_EQ(parser.feed(bytes), State::kMalformed);
}

TEST(ResponseParser, BoundsTheHead) {
    const std::string start = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nA: ";
    const std::string fits = start + std::string(1'024 - start.size() - 4, 'x') + "\r\n\r\n";
    EXPECT_EQ(parse(fits, 7).state, State::kDone);
    EXPECT_EQ(parse(start + "x" + fits.substr(start.size()), 7).state, State::kMalformed);
    EXPECT_EQ(parse("HTTP/1.1 200 " + std::string(2'000, 'x'), 7).state, State::kMalformed);
}

TEST(ResponseParser, BoundsWhatChunksCostBesideTheirData) {
    const std::string head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    EXPECT_EQ(parse(head + "1;" + std::string(2'000, 'x'), 5).state, State::kMalformed);
    EXPECT_EQ(parse(head + "0\r\nT: " + std::string(2'000, 'x'), 5).state, State::kMalformed);
    std::string greedy = head;
    std::string fair = head;
    for (int i = 0; i < 100; ++i) {
        greedy += "1;" + std::string(100, 'x') + "\r\nx\r\n";
        fair += "1\r\nx\r\n";
    }
    EXPECT_EQ(parse(greedy + "0\r\n\r\n", 5).state, State::kMalformed);
    EXPECT_EQ(parse(fair + "0\r\n\r\n", 5).state, State::kDone);
}

TEST(ResponseParser, KeepsAliveAsTheServerSays) {
    const auto kept = [](const std::string& start) {
        return parse(start + "Content-Length: 0\r\n\r\n", 1).keep_alive;
    };
    EXPECT_TRUE(kept("HTTP/1.1 200 OK\r\n"));
    EXPECT_FALSE(kept("HTTP/1.1 200 OK\r\nConnection: foo, Close\r\n"));
    EXPECT_FALSE(kept("HTTP/1.0 200 OK\r\n"));
    EXPECT_TRUE(kept("HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\n"));
    EXPECT_FALSE(kept("HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nConnection: close\r\n"));
}

TEST(ResponseParser, NothingFollowsWhereNoBodyIsAllowed) {
    for (const std::string start : {"HTTP/1.1 204 No\r\n", "HTTP/1.1 304 Same\r\n"}) {
        EXPECT_EQ(parse(start + "Content-Length: 5\r\n\r\n", 1).state, State::kDone);
    }
    ResponseParser parser(1'024, 0, ResponseParser::Body::kNone);
    std::string_view bytes = "HTTP/1.1 200 Connected\r\nContent-Length: 5\r\n\r\nhello";
    EXPECT_EQ(parser.feed(bytes), State::kDone);
    EXPECT_EQ(bytes, "hello");
}

TEST(ResponseParser, DoesNotWaitForWhatItWouldNotKeep) {
    for (const std::string framing :
         {"Content-Length: 11\r\n\r\n", "\r\n", "Transfer-Encoding: chunked\r\n\r\nb\r\n"}) {
        ResponseParser parser(1'024, 10);
        const std::string text = "HTTP/1.1 200 OK\r\n" + framing + std::string(10, 'x');
        std::string_view bytes = text;
        EXPECT_EQ(parser.feed(bytes), State::kBodyFull) << framing;
        EXPECT_EQ(parser.takeBody(), std::string(10, 'x'));
    }
}

// A hostile receiver: never a crash, and how the bytes are cut makes no difference.
TEST(ResponseParser, SurvivesMutatedInputInAnyPieces) {
    const std::vector<std::string> seeds{
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n0\r\nX-T: t\r\n\r\n",
        "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.0 500 Oops\r\nConnection: keep-alive\r\n\r\nbody"};
    const std::string bits = "\r\n \t:;0aF,=1\x00\x7f\xff"s;
    std::mt19937 random(20'261'123);
    const auto below = [&random](std::size_t end) { return static_cast<std::size_t>(random()) % end; };
    for (int round = 0; round < 2'000; ++round) {
        std::string text = seeds[below(seeds.size())];
        for (auto changes = below(4); changes > 0; --changes) {
            const auto at = below(text.size());
            if (below(2) == 0) {
                text[at] = bits[below(bits.size())];
            } else {
                text.insert(at, 1 + below(3), bits[below(bits.size())]);
            }
        }
        const Parsed whole = parse(text, text.size());
        const Parsed pieces = parse(text, 1 + below(7));
        ASSERT_EQ(pieces.state, whole.state) << text;
        ASSERT_EQ(pieces.body, whole.body) << text;
    }
}

}  // namespace
}  // namespace heddle::http
