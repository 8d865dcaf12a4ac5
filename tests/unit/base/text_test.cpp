// SPDX-License-Identifier: Apache-2.0
#include "base/text.hpp"

#include <gtest/gtest.h>

#include <array>
#include <vector>

namespace heddle {
namespace {

TEST(Text, OnlyAsciiLettersHaveTwoCases) {
    EXPECT_EQ(lowerCase("AbZ@[`{ÄÉ"), "abz@[`{ÄÉ");
    EXPECT_TRUE(isSameName("Content-Type", "cONTENT-tYPE"));
    EXPECT_FALSE(isSameName("Content-Type", "Content-Typ"));
    EXPECT_FALSE(isSameName("@", "`"));
    EXPECT_FALSE(isSameName("Ä", "ä"));
    EXPECT_TRUE(isSameName("", ""));
}

TEST(Text, BytesHaveTwoDigitsEach) {
    constexpr std::array<std::uint8_t, 4> kBytes{0x00, 0x0f, 0xa0, 0xff};
    EXPECT_EQ(hexDigits(kBytes), "000fa0ff");
    EXPECT_EQ(hexDigits({}), "");
}

TEST(Text, ALongListEndsInAnEllipsis) {
    const std::vector<std::string> names{"a", "b", "c"};
    EXPECT_EQ(listed(names, 3), "a, b, c");
    EXPECT_EQ(listed(names, 2), "a, b, …");
    EXPECT_EQ(listed(names, 3, "'"), "'a', 'b', 'c'");
    EXPECT_EQ(listed({}, 3), "");
}

}  // namespace
}  // namespace heddle
