// SPDX-License-Identifier: Apache-2.0
#include "http/response_reader.hpp"

#include "base/limits.hpp"

#include <gtest/gtest.h>

#include <string>

namespace heddle::http {
namespace {

using State = ResponseReader::State;

constexpr std::string_view kFinal = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

std::string interim(int count) {
    std::string text;
    for (int i = 0; i < count; ++i) text += "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n";
    return text;
}

TEST(ResponseReader, SkipsInterimResponsesInOneOrManyPieces) {
    const std::string text = interim(limits::kClientInterim) + std::string(kFinal);
    for (const std::size_t step : {std::size_t{1}, std::size_t{50}, text.size()}) {
        ResponseReader reader(100);
        State state = State::kNeedMore;
        for (std::size_t at = 0; at < text.size(); at += step) {
            ASSERT_EQ(state, State::kNeedMore);
            state = reader.take(std::string_view(text).substr(at, step));
        }
        EXPECT_EQ(state, State::kDone);
        EXPECT_EQ(reader.response().takeBody(), "ok");
        EXPECT_FALSE(reader.response().takeHeaders().get("Link"));
        EXPECT_FALSE(reader.hasSurplus());
    }
}

TEST(ResponseReader, OneInterimResponseMoreIsTooMany) {
    ResponseReader reader(100);
    EXPECT_EQ(reader.take(interim(limits::kClientInterim + 1) + std::string(kFinal)), State::kTooManyInterim);
}

TEST(ResponseReader, BoundsAllHeadsTogether) {
    const std::string half = "HTTP/1.1 103 x\r\nA: " + std::string(limits::kClientHead / 2, 'x') + "\r\n\r\n";
    ResponseReader two(100);
    EXPECT_EQ(two.take(half + half), State::kMalformed);
    ResponseReader one(100);
    EXPECT_EQ(one.take(half + std::string(kFinal)), State::kDone);
}

TEST(ResponseReader, SaysWhenMoreCameThanTheResponse) {
    ResponseReader reader(100);
    EXPECT_EQ(reader.take(std::string(kFinal) + "x"), State::kDone);
    EXPECT_TRUE(reader.hasSurplus());
}

}  // namespace
}  // namespace heddle::http
