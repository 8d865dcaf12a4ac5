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

struct Accepted {
    std::string text;
    std::string origin;
    std::string host;
    std::string target;
};

const Accepted kAccepted[] = {
    // Scheme, host, port
    {"http://example.com", "http://example.com", "example.com", "/"},
    {"https://example.com/", "https://example.com", "example.com", "/"},
    {"HTTP://Example.COM/Path", "http://example.com", "example.com", "/Path"},
    {"hTTpS://example.com/", "https://example.com", "example.com", "/"},
    {"http://example.com:80/", "http://example.com", "example.com", "/"},
    {"https://example.com:443/", "https://example.com", "example.com", "/"},
    {"http://example.com:443/", "http://example.com:443", "example.com", "/"},
    {"http://example.com:1/", "http://example.com:1", "example.com", "/"},
    {"http://example.com:65535/", "http://example.com:65535", "example.com", "/"},
    {"http://localhost:8080/x", "http://localhost:8080", "localhost", "/x"},
    {"http://a/", "http://a", "a", "/"},
    {"http://my_service:9000/", "http://my_service:9000", "my_service", "/"},
    {"http://_dmarc.example.com/", "http://_dmarc.example.com", "_dmarc.example.com", "/"},
    {"http://r3---sn.example.com/", "http://r3---sn.example.com", "r3---sn.example.com", "/"},
    {"http://example.com./", "http://example.com", "example.com", "/"},
    {"http://LOCALHOST./", "http://localhost", "localhost", "/"},
    {"http://%65xample.com/", "http://example.com", "example.com", "/"},
    {"http://1e100.net/", "http://1e100.net", "1e100.net", "/"},
    {"http://0xcafe.example/", "http://0xcafe.example", "0xcafe.example", "/"},
    {"http://1.2.3.4.example/", "http://1.2.3.4.example", "1.2.3.4.example", "/"},
    // Boost.URL 1.81 reads these as the address and a path
    {"http://127.0.0.1.evil.com/", "http://127.0.0.1.evil.com", "127.0.0.1.evil.com", "/"},
    {"http://127.0.0.1.sslip.io:81/x", "http://127.0.0.1.sslip.io:81", "127.0.0.1.sslip.io", "/x"},
    // Numbers are the address that inet_aton makes of them
    {"http://127.0.0.1/", "http://127.0.0.1", "127.0.0.1", "/"},
    {"http://127.0.0.1./", "http://127.0.0.1", "127.0.0.1", "/"},
    {"http://127.1/", "http://127.0.0.1", "127.0.0.1", "/"},
    {"http://127.0.1/", "http://127.0.0.1", "127.0.0.1", "/"},
    {"http://2130706433/", "http://127.0.0.1", "127.0.0.1", "/"},
    {"http://0x7f000001/", "http://127.0.0.1", "127.0.0.1", "/"},
    {"http://0X7F.1/", "http://127.0.0.1", "127.0.0.1", "/"},
    {"http://0177.0.0.1/", "http://127.0.0.1", "127.0.0.1", "/"},
    {"http://017700000001/", "http://127.0.0.1", "127.0.0.1", "/"},
    {"http://0/", "http://0.0.0.0", "0.0.0.0", "/"},
    {"http://4294967295/", "http://255.255.255.255", "255.255.255.255", "/"},
    {"http://10.65535/", "http://10.0.255.255", "10.0.255.255", "/"},
    {"http://1.2.65535/", "http://1.2.255.255", "1.2.255.255", "/"},
    {"http://0xa9fea9fe/", "http://169.254.169.254", "169.254.169.254", "/"},
    {"http://%31%32%37.0.0.1/", "http://127.0.0.1", "127.0.0.1", "/"},
    {"http://127%2e0%2e0%2e1/", "http://127.0.0.1", "127.0.0.1", "/"},
    {"http://①②⑦.0.0.1/", "http://127.0.0.1", "127.0.0.1", "/"},
    {"http://１２７．０．０．１/", "http://127.0.0.1", "127.0.0.1", "/"},
    {"http://127。0。0。1/", "http://127.0.0.1", "127.0.0.1", "/"},
    // IDNA
    {"http://bücher.example/", "http://xn--bcher-kva.example", "xn--bcher-kva.example", "/"},
    {"http://BÜCHER.example/", "http://xn--bcher-kva.example", "xn--bcher-kva.example", "/"},
    {"http://faß.example/", "http://xn--fa-hia.example", "xn--fa-hia.example", "/"},
    {"http://b%C3%BCcher.example/", "http://xn--bcher-kva.example", "xn--bcher-kva.example", "/"},
    {"http://例え.テスト/", "http://xn--r8jz45g.xn--zckzah", "xn--r8jz45g.xn--zckzah", "/"},
    {"http://xn--bcher-kva.example/", "http://xn--bcher-kva.example", "xn--bcher-kva.example", "/"},
    {"http://ｅｘａｍｐｌｅ.com/", "http://example.com", "example.com", "/"},
    {"http://ⓔxample.com/", "http://example.com", "example.com", "/"},
    {"http://lo\xC2\xAD"
     "calhost/",
     "http://localhost", "localhost", "/"},  // soft hyphen
    // IPv6
    {"http://[::1]/", "http://[::1]", "::1", "/"},
    {"http://[::1]:8080/x", "http://[::1]:8080", "::1", "/x"},
    {"https://[2001:DB8:0:0::1]/", "https://[2001:db8::1]", "2001:db8::1", "/"},
    {"http://[0:0:0:0:0:0:0:1]/", "http://[::1]", "::1", "/"},
    {"http://[::ffff:127.0.0.1]/", "http://[::ffff:127.0.0.1]", "::ffff:127.0.0.1", "/"},
    {"http://[::FFFF:7f00:1]/", "http://[::ffff:127.0.0.1]", "::ffff:127.0.0.1", "/"},
    // Path and query
    {"http://h?token=a", "http://h", "h", "/?token=a"},
    {"http://h/p?token=a%2Fb%2fc==&x=%zz&y=100%", "http://h", "h", "/p?token=a%2Fb%2fc==&x=%zz&y=100%"},
    {"http://h/p?a=1&a=2&&;=", "http://h", "h", "/p?a=1&a=2&&;="},
    {"http://h/a/../b/./c//d", "http://h", "h", "/a/../b/./c//d"},
    {"http://h/p?q=a+b~!$&'()*,:@/?", "http://h", "h", "/p?q=a+b~!$&'()*,:@/?"},
    {"http://h/p?q=[1]", "http://h", "h", "/p?q=[1]"},
    {"http://h/p#fragment", "http://h", "h", "/p"},
    {"http://h#fragment", "http://h", "h", "/"},
    {"http://h/p?q=1#f?g", "http://h", "h", "/p?q=1"},
    {"http://h?q#f", "http://h", "h", "/?q"},
    {"http://h/ü?q=é", "http://h", "h", "/%C3%BC?q=%C3%A9"},
    {"http://h/a|b{c}", "http://h", "h", "/a%7Cb%7Bc%7D"},
    {"http://h/\"<>^`", "http://h", "h", "/%22%3C%3E%5E%60"},
    {"http://h/@:x", "http://h", "h", "/@:x"},
    {"http://h/http://other/", "http://h", "h", "/http://other/"},
    {"http://h?@evil.com", "http://h", "h", "/?@evil.com"},
    {"http://h#@evil.com/", "http://h", "h", "/"},
    {"http://h/?x=#\xC3\xA9", "http://h", "h", "/?x="},
    {"http://@h/", "http://h", "h", "/"},
    // Relative
    {"/hook", "self", "", "/hook"},
    {"/", "self", "", "/"},
    {"/hook?token=a%20b#f", "self", "", "/hook?token=a%20b"},
    {"/a//b", "self", "", "/a//b"},
    {"/@evil.com/", "self", "", "/@evil.com/"},
    {"/ü", "self", "", "/%C3%BC"},
};

TEST(Url, IsSplitAsItWillBeDialled) {
    for (const auto& row : kAccepted) {
        SCOPED_TRACE(row.text);
        const auto url = parseUrl(row.text);
        if (!url) {
            ADD_FAILURE() << url.error().detail;
            continue;
        }
        EXPECT_EQ(url->origin(), row.origin);
        EXPECT_EQ(url->host, row.host);
        EXPECT_EQ(url->target, row.target);
        EXPECT_EQ(laneOf(row.text), row.origin);
    }
}

struct Refused {
    std::string text;
    std::string why;  // part of the refusal
};

const Refused kRefused[] = {
    {"", "is empty"},
    {"example.com", "must start with"},
    {"example.com/hook", "must start with"},
    {"example.com:8080/hook", "must start with"},
    {"user:secret@example.com", "must start with"},
    {"hook", "must start with"},
    {"?x=1", "must start with"},
    {"#", "must start with"},
    {"://h/", "must start with"},
    {"ftp://h/", "'ftp' not allowed"},
    {"file:///etc/passwd", "'file' not allowed"},
    {"gopher://h/", "'gopher' not allowed"},
    {"javascript:alert(1)", "must start with"},
    {"data:text/plain,x", "must start with"},
    {"ws://h/", "'ws' not allowed"},
    {"httpx://h/", "'httpx' not allowed"},
    {"https+unix://h/", "must start with"},
    {"http:/h/", "must start with"},
    {"http:h", "must start with"},
    {"http:", "must start with"},
    {"//h/hook", "must not start with //"},
    {"///h/hook", "must not start with //"},
    // Empty hosts
    {"http://", "no host"},
    {"http:///x", "no host"},
    {"http://?x", "no host"},
    {"http://#x", "no host"},
    {"http://:80/", "no host"},
    {"http://./", "no host"},
    {"http://user@/", "no host"},
    {"http://user@:80/", "no host"},
    // Characters that make parsers disagree
    {" http://h/", "spaces"},
    {"http://h/ ", "spaces"},
    {"http://h /", "spaces"},
    {"http://h/a b", "spaces"},
    {"http://h\\@evil.com/", "backslashes"},
    {"http:\\\\h\\", "backslashes"},
    {"/\\evil.com", "backslashes"},
    {"http://h/\r\nX-Evil: 1", "control"},
    {"http://h/\t", "control"},
    {"http://h\t/", "control"},
    {"ht\ntp://h/", "control"},
    {"http://h/\x7f", "control"},
    {std::string("http://h/\0x", 11), "control"},
    {std::string("http://h\0.evil.com/", 19), "control"},
    {"/x\r\ny", "control"},
    // Hosts
    {"http://h%00.evil.com/", "valid host"},
    {"http://h%0d%0a/", "valid host"},
    {"http://h%2fevil.com/", "valid host"},
    {"http://h%40evil.com/", "valid host"},
    {"http://h%3a80/", "valid host"},
    {"http://h%23.evil.com/", "valid host"},
    {"http://h%3f.evil.com/", "valid host"},
    {"http://h%5c.evil.com/", "valid host"},
    {"http://h%/", "valid host"},
    {"http://h%2/", "valid host"},
    {"http://h%zz/", "valid host"},
    {"http://h%2525/", "valid host"},
    {"http://a..b/", "valid host"},
    {"http://.a/", "valid host"},
    {"http://a../", "valid host"},
    {"http://-a.example/", "valid host"},
    {"http://a-.example/", "valid host"},
    {"http://a,b/", "valid host"},
    {"http://a;b/", "valid host"},
    {"http://a!b/", "valid host"},
    {"http://a*b/", "valid host"},
    {"http://*.example.com/", "valid host"},
    {"http://a(b)/", "valid host"},
    {"http://a'b/", "valid host"},
    {"http://a=b/", "valid host"},
    {"http://a&b/", "valid host"},
    {"http://a$b/", "valid host"},
    {"http://a+b/", "valid host"},
    {"http://a~b/", "valid host"},
    {"http://a\"b/", "valid host"},
    {"http://<b>/", "valid host"},
    {"http://a|b/", "valid host"},
    {"http://a^b/", "valid host"},
    {"http://a`b/", "valid host"},
    {"http://{a}/", "valid host"},
    {"http://a]/", "valid host"},
    {"http://" + std::string(64, 'a') + ".example/", "valid host"},
    {"http://" + std::string(126, 'a') + "/", "valid host"},
    {"http://h\xC3\x28/", "valid host"},         // broken UTF-8
    {"http://\xE2\x80\xAE.com/", "valid host"},  // right-to-left override
    {"http://ex\xEF\xBC\x8F"
     "ample.com/",
     "valid host"},  // full-width solidus maps to /
    {"http://h\xEF\xBC\xA0"
     "evil.com/",
     "valid host"},  // full-width @
    {"http://h\xEF\xBC\x9A"
     "80/",
     "valid host"},                       // full-width :
    {"http://℀.example/", "valid host"},  // maps to a/c
    // Numbers that are no address
    {"http://256.0.0.1/", "IPv4"},
    {"http://1.2.3.4.5/", "IPv4"},
    {"http://1.2.3.256/", "IPv4"},
    {"http://4294967296/", "IPv4"},
    {"http://99999999999999999999/", "IPv4"},
    {"http://127.0.0.08/", "IPv4"},
    {"http://0x/", "IPv4"},
    {"http://0x100000000/", "IPv4"},
    {"http://1.0x1000000/", "IPv4"},
    {"http://foo.1/", "IPv4"},
    {"http://foo.0x1/", "IPv4"},
    {"http://1.2.3.4.09/", "IPv4"},
    {"http://0xg.1/", "IPv4"},
    // IPv6
    {"http://[]/", "IPv6"},
    {"http://[::1/", "IPv6"},
    {"http://[::g]/", "IPv6"},
    {"http://[1:2:3]/", "IPv6"},
    {"http://[::1%25eth0]/", "IPv6"},
    {"http://[fe80::1%eth0]/", "IPv6"},
    {"http://[127.0.0.1]/", "IPv6"},
    {"http://[::1]x/", "valid host"},
    {"http://[::1].evil.com/", "valid host"},
    {"http://[::ffff:127.0.0.1.evil.com]/", "IPv6"},
    {"http://::1/", "no host"},
    {"http://fe80::1/", "port"},
    // Ports
    {"http://h:/", "port"},
    {"http://h:0/", "port"},
    {"http://h:00/", "port"},
    {"http://h:080/", "port"},
    {"http://h:65536/", "port"},
    {"http://h:99999/", "port"},
    {"http://h:4294967376/", "port"},
    {"http://h:+80/", "port"},
    {"http://h:-1/", "port"},
    {"http://h:8o/", "port"},
    {"http://h:80:80/", "port"},
    {"http://h:８０/", "port"},
    {"http://h:%38%30/", "port"},
    {"http://[::1]:/", "port"},
    {"http://[::1]:65536/", "port"},
    // User information
    {"http://a@b@h/", "user information"},
    {"http://good.com@evil.com@h/", "user information"},
    {"http://a:%zz@h/", "user information"},
    {"http://a%3ab:c@h/", "user information"},
    {"http://a%0d%0a:c@h/", "user information"},
    {"http://a:%00@h/", "user information"},
};

TEST(Url, IsRefusedWithTheRule) {
    for (const auto& row : kRefused) {
        SCOPED_TRACE(row.text);
        const auto url = parseUrl(row.text);
        if (url) {
            ADD_FAILURE() << "taken for " << url->origin() << url->target;
            continue;
        }
        EXPECT_EQ(url.error().kind, ProblemKind::kInvalid);
        EXPECT_TRUE(url.error().detail.starts_with("Webhook")) << url.error().detail;
        EXPECT_NE(url.error().detail.find(row.why), std::string::npos) << url.error().detail;
        EXPECT_EQ(laneOf(row.text), "invalid");
    }
}

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

TEST(Url, HasUserinfoDecoded) {
    EXPECT_EQ(parseUrl("http://user:pass@h/")->userinfo, "user:pass");
    EXPECT_EQ(parseUrl("http://user@h/")->userinfo, "user:");
    EXPECT_EQ(parseUrl("http://:pass@h/")->userinfo, ":pass");
    EXPECT_EQ(parseUrl("http://u%40x:p%3Aq%2F@h:81/")->userinfo, "u@x:p:q/");
    EXPECT_EQ(parseUrl("http://u:a:b@h/")->userinfo, "u:a:b");
    EXPECT_EQ(parseUrl("http://@h/")->userinfo, std::nullopt);
    EXPECT_EQ(parseUrl("http://h/")->userinfo, std::nullopt);
    EXPECT_EQ(parseUrl("http://127.0.0.1@evil.com/")->host, "evil.com");
    EXPECT_EQ(parseUrl("http://127.0.0.1:80@evil.com/")->host, "evil.com");
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
    EXPECT_EQ(laneOf("https://user:s3cret@Example.com:8443/s3cret?token=s3cret#s3cret"),
              "https://example.com:8443");
    EXPECT_EQ(laneOf("/hook?token=s3cret"), "self");
}

}  // namespace
}  // namespace heddle::webhook
