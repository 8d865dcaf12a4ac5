// SPDX-License-Identifier: Apache-2.0
// What becomes of a URL that is accepted: the host, port and request target that are dialled. Those that are
// not are in url_refusals_test.cpp.
#include "webhook/url.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

namespace heddle::webhook {
namespace {

struct Accepted {
    std::string text;
    std::string host;  // "" and port 0: relative
    std::uint16_t port;
    std::string target;
};

const Accepted kAccepted[] = {
    // Scheme, host, port
    {"http://example.com", "example.com", 80, "/"},
    {"https://example.com/", "example.com", 443, "/"},
    {"HTTP://Example.COM/Path", "example.com", 80, "/Path"},
    {"hTTpS://example.com/", "example.com", 443, "/"},
    {"http://example.com:80/", "example.com", 80, "/"},
    {"https://example.com:443/", "example.com", 443, "/"},
    {"http://example.com:443/", "example.com", 443, "/"},
    {"http://example.com:1/", "example.com", 1, "/"},
    {"http://example.com:65535/", "example.com", 65535, "/"},
    {"http://localhost:8080/x", "localhost", 8080, "/x"},
    {"http://a/", "a", 80, "/"},
    {"http://my_service:9000/", "my_service", 9000, "/"},
    {"http://_dmarc.example.com/", "_dmarc.example.com", 80, "/"},
    {"http://r3---sn.example.com/", "r3---sn.example.com", 80, "/"},
    {"http://example.com./", "example.com", 80, "/"},
    {"http://LOCALHOST./", "localhost", 80, "/"},
    {"http://%65xample.com/", "example.com", 80, "/"},
    {"http://1e100.net/", "1e100.net", 80, "/"},
    {"http://0xcafe.example/", "0xcafe.example", 80, "/"},
    {"http://1.2.3.4.example/", "1.2.3.4.example", 80, "/"},
    // Boost.URL 1.81 reads these as the address and a path
    {"http://127.0.0.1.evil.com/", "127.0.0.1.evil.com", 80, "/"},
    {"http://127.0.0.1.sslip.io:81/x", "127.0.0.1.sslip.io", 81, "/x"},
    // Numbers are the address that inet_aton makes of them
    {"http://127.0.0.1/", "127.0.0.1", 80, "/"},
    {"http://127.0.0.1./", "127.0.0.1", 80, "/"},
    {"http://127.1/", "127.0.0.1", 80, "/"},
    {"http://127.0.1/", "127.0.0.1", 80, "/"},
    {"http://2130706433/", "127.0.0.1", 80, "/"},
    {"http://0x7f000001/", "127.0.0.1", 80, "/"},
    {"http://0X7F.1/", "127.0.0.1", 80, "/"},
    {"http://0177.0.0.1/", "127.0.0.1", 80, "/"},
    {"http://017700000001/", "127.0.0.1", 80, "/"},
    {"http://0/", "0.0.0.0", 80, "/"},
    {"http://4294967295/", "255.255.255.255", 80, "/"},
    {"http://10.65535/", "10.0.255.255", 80, "/"},
    {"http://1.2.65535/", "1.2.255.255", 80, "/"},
    {"http://0xa9fea9fe/", "169.254.169.254", 80, "/"},
    {"http://%31%32%37.0.0.1/", "127.0.0.1", 80, "/"},
    {"http://127%2e0%2e0%2e1/", "127.0.0.1", 80, "/"},
    {"http://①②⑦.0.0.1/", "127.0.0.1", 80, "/"},
    {"http://１２７．０．０．１/", "127.0.0.1", 80, "/"},
    {"http://127。0。0。1/", "127.0.0.1", 80, "/"},
    {"http://127.0.0.1%2e/", "127.0.0.1", 80, "/"},
    {"http://0x7F.0x0.0x0.0x1/", "127.0.0.1", 80, "/"},
    {"http://0177.0.0x1/", "127.0.0.1", 80, "/"},
    {"http://00000177.0.0.1/", "127.0.0.1", 80, "/"},
    {"http://0x00000000000000007f000001/", "127.0.0.1", 80, "/"},
    {"http://000000000000017700000001/", "127.0.0.1", 80, "/"},
    {"http://127.0x000001/", "127.0.0.1", 80, "/"},
    {"http://2852039166/", "169.254.169.254", 80, "/"},
    {"http://169.16689662/", "169.254.169.254", 80, "/"},
    {"http://0251.0376.0251.0376/", "169.254.169.254", 80, "/"},
    {"http://0251.254.0xa9.0376:81/", "169.254.169.254", 81, "/"},
    {"http://2130706434/", "127.0.0.2", 80, "/"},
    {"http://00/", "0.0.0.0", 80, "/"},
    {"http://0x0/", "0.0.0.0", 80, "/"},
    {"http://0.0/", "0.0.0.0", 80, "/"},
    {"http://%30x7f.1/", "127.0.0.1", 80, "/"},
    {"http://⑯⑨.②⑤④.⑯⑨。②⑤④/", "169.254.169.254", 80, "/"},
    {"http://０ｘ7f.1/", "127.0.0.1", 80, "/"},
    {"http://𝟏𝟐𝟕.𝟎.𝟎.𝟏/", "127.0.0.1", 80, "/"},
    {"http://127｡0｡0｡1/", "127.0.0.1", 80, "/"},
    {"http://1²7.0.0.1/", "127.0.0.1", 80, "/"},
    // IDNA
    {"http://bücher.example/", "xn--bcher-kva.example", 80, "/"},
    {"http://BÜCHER.example/", "xn--bcher-kva.example", 80, "/"},
    {"http://faß.example/", "xn--fa-hia.example", 80, "/"},
    {"http://b%C3%BCcher.example/", "xn--bcher-kva.example", 80, "/"},
    {"http://例え.テスト/", "xn--r8jz45g.xn--zckzah", 80, "/"},
    {"http://xn--bcher-kva.example/", "xn--bcher-kva.example", 80, "/"},
    {"http://ｅｘａｍｐｌｅ.com/", "example.com", 80, "/"},
    {"http://ⓔxample.com/", "example.com", 80, "/"},
    {"http://lo\u00ADcalhost/", "localhost", 80, "/"},  // soft hyphen
    {"http://ｌｏｃａｌｈｏｓｔ/", "localhost", 80, "/"},
    {"http://ℒocalhost./", "localhost", 80, "/"},
    {"http://ex\u200Bample.com/", "example.com", 80, "/"},  // zero-width space
    {"http://EXAMPLE。COM。/", "example.com", 80, "/"},
    {"http://еxample.com/", "xn--xample-2of.com", 80, "/"},  // Cyrillic е: another name, and it shows
    {"http://gооgle.com/", "xn--ggle-55da.com", 80, "/"},    // Cyrillic о
    // Names that look like addresses: what they resolve to is judged at the attempt
    {"http://127.0.0.1.nip.io/", "127.0.0.1.nip.io", 80, "/"},
    {"http://7f000001.nip.io/", "7f000001.nip.io", 80, "/"},
    {"http://169-254-169-254.sslip.io/", "169-254-169-254.sslip.io", 80, "/"},
    {"http://0x7f000001.evil.com/", "0x7f000001.evil.com", 80, "/"},
    {"http://2130706433.evil.com/", "2130706433.evil.com", 80, "/"},
    {"http://localhost.evil.com/", "localhost.evil.com", 80, "/"},
    {"http://127.0.0.1x/", "127.0.0.1x", 80, "/"},
    {"http://0xg/", "0xg", 80, "/"},
    // IPv6
    {"http://[::]/", "::", 80, "/"},
    {"http://[0:0:0:0:0:ffff:127.0.0.2]/", "::ffff:127.0.0.2", 80, "/"},
    {"http://[::127.0.0.1]/", "::127.0.0.1", 80, "/"},
    {"http://[::7f00:1]/", "::127.0.0.1", 80, "/"},
    {"http://[64:ff9b::7f00:1]/", "64:ff9b::7f00:1", 80, "/"},
    {"http://[2002:7F00:0001::]/", "2002:7f00:1::", 80, "/"},
    {"http://[FD00:EC2::254]/", "fd00:ec2::254", 80, "/"},
    {"https://[fe80::1]/", "fe80::1", 443, "/"},
    {"https://[::1]:8443?x", "::1", 8443, "/?x"},
    {"http://[::1]/", "::1", 80, "/"},
    {"http://[::1]:8080/x", "::1", 8080, "/x"},
    {"https://[2001:DB8:0:0::1]/", "2001:db8::1", 443, "/"},
    {"http://[0:0:0:0:0:0:0:1]/", "::1", 80, "/"},
    {"http://[::ffff:127.0.0.1]/", "::ffff:127.0.0.1", 80, "/"},
    {"http://[::FFFF:7f00:1]/", "::ffff:127.0.0.1", 80, "/"},
    // Path and query
    {"http://h?token=a", "h", 80, "/?token=a"},
    {"http://h/p?token=a%2Fb%2fc==&x=%zz&y=100%", "h", 80, "/p?token=a%2Fb%2fc==&x=%zz&y=100%"},
    {"http://h/p?a=1&a=2&&;=", "h", 80, "/p?a=1&a=2&&;="},
    {"http://h/a/../b/./c//d", "h", 80, "/a/../b/./c//d"},
    {"http://h/p?q=a+b~!$&'()*,:@/?", "h", 80, "/p?q=a+b~!$&'()*,:@/?"},
    {"http://h/p?q=[1]", "h", 80, "/p?q=[1]"},
    {"http://h/p#fragment", "h", 80, "/p"},
    {"http://h#fragment", "h", 80, "/"},
    {"http://h/p?q=1#f?g", "h", 80, "/p?q=1"},
    {"http://h?q#f", "h", 80, "/?q"},
    {"http://h/ü?q=é", "h", 80, "/%C3%BC?q=%C3%A9"},
    {"http://h/a|b{c}", "h", 80, "/a%7Cb%7Bc%7D"},
    {"http://h/\"<>^`", "h", 80, "/%22%3C%3E%5E%60"},
    {"http://h/@:x", "h", 80, "/@:x"},
    {"http://h/http://other/", "h", 80, "/http://other/"},
    {"http://h?@evil.com", "h", 80, "/?@evil.com"},
    {"http://h#@evil.com/", "h", 80, "/"},
    {"http://h/?x=#\xC3\xA9", "h", 80, "/?x="},
    {"http://h:8080?x=1", "h", 8080, "/?x=1"},
    {"http://h:8080#x", "h", 8080, "/"},
    {"http://h/%00%0d%0a", "h", 80, "/%00%0d%0a"},  // stays encoded
    {"http://h/?u=http://127.0.0.1/", "h", 80, "/?u=http://127.0.0.1/"},
    {"http://h//evil.com/x", "h", 80, "//evil.com/x"},
    {"http://h/a;b=c", "h", 80, "/a;b=c"},
    // Relative
    {"/hook", "", 0, "/hook"},
    {"/", "", 0, "/"},
    {"/hook?token=a%20b#f", "", 0, "/hook?token=a%20b"},
    {"/a//b", "", 0, "/a//b"},
    {"/@evil.com/", "", 0, "/@evil.com/"},
    {"/ü", "", 0, "/%C3%BC"},
    {"/x?a=1&b=//c#d", "", 0, "/x?a=1&b=//c"},
    {"/.//evil.com", "", 0, "/.//evil.com"},
    {"/%2fevil.com", "", 0, "/%2fevil.com"},
    {"/http://evil.com", "", 0, "/http://evil.com"},
};

bool startsWithNoCase(const std::string& text, std::string_view lower) {
    return std::equal(lower.begin(), lower.end(), text.begin(),
                      [](char a, char b) { return a == b || a - 'a' + 'A' == b; });
}

TEST(UrlTable, AcceptedUrlsAreSplitAsTheyAreDialled) {
    for (const auto& row : kAccepted) {
        SCOPED_TRACE(row.text);
        const auto url = parseUrl(row.text);
        if (!url) {
            ADD_FAILURE() << url.error().detail;
            continue;
        }
        EXPECT_EQ(url->host, row.host);
        EXPECT_EQ(url->port, row.port);
        EXPECT_EQ(url->target, row.target);
        EXPECT_EQ(url->relative, row.port == 0);
        EXPECT_EQ(url->tls, startsWithNoCase(row.text, "https:"));
        EXPECT_EQ(laneOf(row.text), url->origin());
        EXPECT_EQ(hostOf(row.text), url->relative ? "self" : row.host);
    }
}

}  // namespace
}  // namespace heddle::webhook
