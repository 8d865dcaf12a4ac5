// SPDX-License-Identifier: Apache-2.0
#include "base/base64.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace heddle {
namespace {

using namespace std::string_literals;

const std::vector<std::pair<std::string, std::string>> kVectors = {{"", ""},
                                                                   {"f", "Zg=="},
                                                                   {"fo", "Zm8="},
                                                                   {"foo", "Zm9v"},
                                                                   {"foob", "Zm9vYg=="},
                                                                   {"fooba", "Zm9vYmE="},
                                                                   {"foobar", "Zm9vYmFy"},
                                                                   {"\xff\xfe\xfd", "//79"},
                                                                   {"\0\0\0\xfb"s, "AAAA+w=="}};

TEST(Base64, MatchesRfc4648) {
    for (const auto& [bytes, text] : kVectors) {
        EXPECT_EQ(base64Encode(bytes), text);
        EXPECT_EQ(base64Decode(text), bytes) << text;
    }
}

TEST(Base64, ReadsTextWithoutPadding) {
    for (const auto& [bytes, text] : kVectors)
        EXPECT_EQ(base64Decode(text.substr(0, text.find('='))), bytes) << text;
}

TEST(Base64, ReturnsWhatItWasGiven) {
    std::string bytes;
    for (int i = 0; i < 300; ++i) {
        EXPECT_EQ(base64Decode(base64Encode(bytes)), bytes);
        bytes += static_cast<char>(i * 7);
    }
}

TEST(Base64, RefusesAnythingElse) {
    for (const auto* text : {"Z", "Zg=", "Z===", "====", "=", "Zg==Zg==", "Zm9v=", "Zm9v====", "Zm8=\n",
                             " Zm9v", "Zm 9v", "Zm-_", "Zm9\xC3\xA9", "Zh==", "Zm9=", "Zh", "Zm9vZm9"}) {
        EXPECT_EQ(base64Decode(text), std::nullopt) << text;
    }
    EXPECT_EQ(base64Decode("Zm9v\0"s), std::nullopt);
}

}  // namespace
}  // namespace heddle
