// SPDX-License-Identifier: Apache-2.0
#include "base/utf8.hpp"

#include <gtest/gtest.h>

namespace heddle::utf8 {
namespace {

TEST(Utf8, RoundTripsTheFirstAndLastCodePointOfEachLength) {
    for (const char32_t code :
         {0x0U, 0x7FU, 0x80U, 0x7FFU, 0x800U, 0xD7FFU, 0xE000U, 0xFFFFU, 0x10000U, 0x10FFFFU}) {
        std::string text;
        append(text, code);
        EXPECT_EQ(sequence(text, 0), text.size()) << static_cast<unsigned>(code);
        EXPECT_EQ(length(text), 1U);
    }
}

TEST(Utf8, RefusesWhatIsNotWellFormed) {
    for (const std::string_view text :
         {"", "\x80", "\xC0\xAF", "\xC1\xBF", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xF0\x8F\xBF\xBF",
          "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xE2\x82", "\xC3", "\xC3(", "\xFF"}) {
        EXPECT_EQ(sequence(text, 0), 0U);
    }
}

TEST(Utf8, CountsCodePointsNotBytes) {
    EXPECT_EQ(length("a\xC3\xA9\xF0\x9F\x98\x80"), 3U);
}

}  // namespace
}  // namespace heddle::utf8
