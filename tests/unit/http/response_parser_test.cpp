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

// A hostile receiver: never a crash or an assertion of Beast's.
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
        if (whole.state == State::kDone && pieces.state == State::kDone) {
            ASSERT_EQ(pieces.body, whole.body) << text;
        }
    }
}

}  // namespace
}  // namespace heddle::http
