// SPDX-License-Identifier: Apache-2.0
#include "webhook/url.hpp"

#include <gtest/gtest.h>

#include <iterator>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace heddle::webhook {
namespace {

// What any accepted URL must be, whatever the text was: nothing in it can end a header, a host or a request
// line.
void expectWireSafe(const Url& url) {
    for (const char c : url.target) {
        const auto byte = static_cast<unsigned char>(c);
        ASSERT_TRUE(byte > 0x20 && byte < 0x7f && c != '#' && c != '\\') << url.target;
    }
    ASSERT_TRUE(url.target.starts_with("/"));
    for (const char c : url.host) {
        ASSERT_TRUE((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_' ||
                    c == ':')
            << url.host;
    }
    ASSERT_EQ(url.relative, url.host.empty());
    // Read again, it is the same: no parser further on can take it for another.
    const auto again = parseUrl((url.relative ? "" : url.origin()) + url.target);
    ASSERT_TRUE(again || url.target.starts_with("//")) << url.origin() << url.target;
    if (!again) return;
    EXPECT_EQ(again->origin(), url.origin());
    EXPECT_EQ(again->target, url.target);
}

TEST(UrlProperty, WhatIsAcceptedIsSafeOnTheWire) {
    static constexpr std::string_view kPieces[] = {
        "http://", "https://", "HTTP:", "//",   "/",   "\\", "@",  ":",   "?",    "#",    "[",  "]",
        "::1",     "%",        "%2f",   "%00",  "%31", ".",  "..", "127", "0x7f", "0177", "1",  "255",
        "a",       "evil.com", "xn--",  "ü",    "①",   "。", "／", "＠",  "-",    "_",    "80", "0",
        "65536",   "user:pw",  " ",     "\r\n", "\t",  "|",  "{}", "\"",  "\xC3", "\xAD", "=",  "&"};
    std::mt19937_64 engine(20261123);
    int accepted = 0;
    for (int round = 0; round < 50'000; ++round) {
        std::string text = engine() % 4 == 0 ? "" : std::string(kPieces[engine() % 2]);
        const auto pieces = engine() % 8;
        for (std::uint64_t i = 0; i < pieces; ++i) text += kPieces[engine() % std::size(kPieces)];
        SCOPED_TRACE(text);
        const auto url = parseUrl(text);
        if (!url) continue;
        ++accepted;
        expectWireSafe(*url);
        if (testing::Test::HasFailure()) return;
    }
    EXPECT_GT(accepted, 1'000);
}

TEST(Url, OriginsLeaveTheSchemesPortOut) {
    EXPECT_EQ(parseUrl("HTTP://Example.com:80/x")->origin(), "http://example.com");
    EXPECT_EQ(parseUrl("https://example.com:443/x")->origin(), "https://example.com");
    EXPECT_EQ(parseUrl("http://example.com:443/x")->origin(), "http://example.com:443");
    EXPECT_EQ(parseUrl("https://example.com:80/x")->origin(), "https://example.com:80");
    EXPECT_EQ(parseUrl("http://[::1]:81/x")->origin(), "http://[::1]:81");
    EXPECT_EQ(parseUrl("/x")->origin(), "self");
}

TEST(Url, OneDestinationHasOneLaneHoweverItIsSpelled) {
    for (const char* text : {"http://127.0.0.1/", "HTTP://127.1:80?x", "http://2130706433/a",
                             "http://0x7f.1#x", "http://①②⑦.0.0.1./"}) {
        EXPECT_EQ(laneOf(text), "http://127.0.0.1") << text;
    }
    for (const char* text : {"https://bücher.example", "https://xn--bcher-kva.EXAMPLE.:443/"}) {
        EXPECT_EQ(laneOf(text), "https://xn--bcher-kva.example") << text;
    }
}

// A refusal travels in a 422 and in logs.
TEST(Url, RefusalsNeverHoldSecrets) {
    for (const char* text :
         {"http://user:s3cret@ho st/s3cret?token=s3cret", "http://user:s3cret@a@b/?s3cret",
          "http://h:bad/s3cret?s3cret", "s3cret:pw@host/?s3cret", "s3cret", "http://[s3cret]/",
          "http://user:s3cret%zz@h/", "ftp://user:s3cret@h/s3cret", "s3cret-s3cret-s3cret://h/"}) {
        const auto url = parseUrl(text);
        ASSERT_FALSE(url) << text;
        EXPECT_EQ(url.error().detail.find("s3cret"), std::string::npos) << url.error().detail;
    }
}

TEST(Url, OriginsNeverHoldSecrets) {
    EXPECT_EQ(laneOf("https://Example.com:8443/s3cret?token=s3cret#s3cret"), "https://example.com:8443");
    EXPECT_EQ(hostOf("https://Example.com:8443/s3cret?token=s3cret#s3cret"), "example.com");
    EXPECT_EQ(laneOf("https://user:s3cret@example.com/"), "invalid");
    EXPECT_EQ(laneOf("/hook?token=s3cret"), "self");
}

}  // namespace
}  // namespace heddle::webhook
