// SPDX-License-Identifier: Apache-2.0
// URLs that are refused, by the rule that refuses them.
#include "webhook/url.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace heddle::webhook {
namespace {

constexpr const char* kEmpty = "Webhook URL is empty";
constexpr const char* kNoScheme = "Webhook URL must start with http://, https:// or /";
constexpr const char* kDoubleSlash =
    "Webhook URL must not start with //: write the scheme, or one / for this server";
constexpr const char* kNoHost = "Webhook URL has no host";
constexpr const char* kControl = "Webhook URL must not contain control characters";
constexpr const char* kSpace = "Webhook URL must not contain spaces";
constexpr const char* kBackslash = "Webhook URL must not contain backslashes";
constexpr const char* kUserinfo = "Webhook URL must not contain user information: configure webhooks.headers";
constexpr const char* kHost = "Webhook host is not a valid host name";
constexpr const char* kIpv4 = "Webhook host is not a valid IPv4 address";
constexpr const char* kIpv6 = "Webhook host is not a valid IPv6 address";
constexpr const char* kPort = "Webhook port must be a number from 1 to 65535";

struct Refused {
    const char* why;
    std::vector<std::string> texts;
};

const Refused kRefused[] = {
    {kEmpty, {""}},
    {kNoScheme,
     {"example.com",
      "example.com/hook",
      "example.com:8080/hook",
      "user:secret@example.com",
      "hook",
      "?x=1",
      "#",
      ".",
      "../hook",
      "://h/",
      ":",
      "javascript:alert(1)",
      "data:text/plain,x",
      "mailto:a@b",
      "https+unix://h/",
      "http:/h/",
      "http:/127.0.0.1/",
      "http:h",
      "http:",
      "https:",
      "http",
      "http;//h/",
      "http//h",
      "httphttp:h/",
      "view-source:http://h/",
      "url:http://h/",
      "%68ttp://h/",
      "ｈttp://h/",
      "-http://h/",
      "127.0.0.1",
      "127.0.0.1:80/",
      "[::1]/",
      "localhost:80",
      "h​://h/",
      "http:?x",
      "http:#x",
      "averyveryverylongscheme://h/"}},
    {kDoubleSlash, {"//h/hook", "//", "///h/hook", "//127.0.0.1/", "//h@evil.com/", "//[::1]/"}},
    {kNoHost,
     {"http://", "https://", "http:///x", "http:////evil.com/", "http://?x", "http://#x", "http://:80/",
      "http://./", "http://。/", "http://%2e/", "http://\u00AD/", "http://::1/"}},
    {kControl,
     {"http://h/\r\nX-Evil: 1", "http://h\r\nHost: evil.com/", "http://h/\t", "http://h\t/", "ht\ntp://h/",
      "\nhttp://h/", "http://h/\n", "http://127.0.0.1\n.evil.com/", "http://h/\x7f", "http://h\x01/",
      "/x\r\ny", "/\t/evil.com", "\t//evil.com", "http://h/\x1b[31m", "http://h/?\v"}},
    {kSpace,
     {" http://h/", "http://h/ ", "http://h /", "http:// h/", "http://h/a b", "/ x", " /x", "http ://h/",
      "http://h/ HTTP/1.1"}},
    {kBackslash,
     {"http://h\\@evil.com/", "http:\\\\h\\", "http:/\\h/", "http://h\\.evil.com/",
      "http://evil.com\\@127.0.0.1/", "/\\evil.com", "\\\\evil.com", "\\/evil.com", "http://h/\\..\\x",
      "http://h?\\"}},
    {kUserinfo,
     {"http://user:pass@h/",
      "http://user@h/",
      "http://:pass@h/",
      "http://@h/",
      "http://:@h/",
      "http://user@/",
      "http://user@:80/",
      "http://a@b@h/",
      "http://good.com@evil.com@h/",
      "http://good.com:80@evil.com/",
      "http://127.0.0.1@evil.com/",
      "http://evil.com@127.0.0.1/",
      "http://a:%zz@h/",
      "http://a%0d%0a:c@h/",
      "http://@@h/",
      "http://h@",
      "http://a:b@[::1]/",
      "http://a:b@[::1]:80/x",
      "https://h:443@evil.com:443/",
      "http://user@h#@x",
      "http://1.1.1.1&@2.2.2.2#@3.3.3.3/",
      "http://good.com%2f@evil.com/",
      "http://ü@h/"}},
    {kHost,
     {"http://h%00.evil.com/",
      "http://h%0d%0a/",
      "http://h%2fevil.com/",
      "http://h%40evil.com/",
      "http://h%3a80/",
      "http://h%23.evil.com/",
      "http://h%3f.evil.com/",
      "http://h%5c.evil.com/",
      "http://h%20/",
      "http://%5b::1%5d/",
      "http://h%/",
      "http://h%2/",
      "http://h%zz/",
      "http://h%2525/",
      "http://%25%33%31.0.0.1/",
      "http://a..b/",
      "http://.a/",
      "http://a../",
      "http://../",
      "http://127.0.0.1../",
      "http://-a.example/",
      "http://a-.example/",
      "http://-/",
      "http://xn--/",
      "http://a,b/",
      "http://a;b/",
      "http://a!b/",
      "http://a*b/",
      "http://*.example.com/",
      "http://*/",
      "http://a(b)/",
      "http://a'b/",
      "http://a=b/",
      "http://a&b/",
      "http://a$b/",
      "http://a+b/",
      "http://a~b/",
      "http://a\"b/",
      "http://<b>/",
      "http://a|b/",
      "http://a^b/",
      "http://a`b/",
      "http://{a}/",
      "http://${HOST}/",
      "http://a]/",
      "http://]/",
      "http://[::1]x/",
      "http://[::1].evil.com/",
      "http://[::1]]/",
      "http://[::1][::1]/",
      "http://a[::1]/",
      "http://h\xC3\x28/",
      "http://h\xC0\xAF/",
      "http://\u202E.com/",
      "http://ex\uFF0Fample.com/",
      "http://h\uFF20evil.com/",
      "http://h\uFF1A80/",
      "http://h\uFF1F.evil.com/",
      "http://h\uFF03.evil.com/",
      "http://h\uFF3C.evil.com/",
      "http://h\uFF05.evil.com/",
      "http://evil.c\u2100.example/",
      "http://℀.example/",
      "http://127.0.0.⑴/",
      "http://h\uFE6Bevil.com/",
      "http://h\u2044evil.com/",
      "http://+1/",
      "http://127.0.0.1+/",
      "http://127.0.0.-1/",
      "http://127%2c0.0.1/"}},
    {kIpv4,
     {"http://256.0.0.1/",
      "http://1.2.3.4.5/",
      "http://1.2.3.256/",
      "http://127.0.0.256/",
      "http://383.0.0.1/",
      "http://127.0.0.0x100/",
      "http://127.0.0400.1/",
      "http://1.65536.1/",
      "http://1.2.65536/",
      "http://1.16777216/",
      "http://4294967296/",
      "http://4294967297/",
      "http://6425673729/",
      "http://99999999999999999999/",
      "http://18446744073709551617/",
      "http://127.0.0.08/",
      "http://09/",
      "http://0x/",
      "http://1.0x/",
      "http://0x100000000/",
      "http://0x17f000001/",
      "http://1.0x1000000/",
      "http://foo.1/",
      "http://foo.0x1/",
      "http://evil.com.1/",
      "http://1.2.3.4.09/",
      "http://0xg.1/",
      "http://0x7g.0.0.1/",
      "http://1.2.3.4.0x/",
      "http://_.0/",
      "http://①.②.③.256/",
      "http://0b1.1/",
      "http://1e2.1/"}},
    {kIpv6,
     {"http://[]/",
      "http://[",
      "http://[::1/",
      "http://[::g]/",
      "http://[1:2:3]/",
      "http://[:::]/",
      "http://[::1::]/",
      "http://[1:2:3:4:5:6:7:8:9]/",
      "http://[12345::]/",
      "http://[::1%25eth0]/",
      "http://[::1%eth0]/",
      "http://[fe80::1%eth0]/",
      "http://[fe80::1%251]/",
      "http://[127.0.0.1]/",
      "http://[2130706433]/",
      "http://[localhost]/",
      "http://[::ffff:127.1]/",
      "http://[::ffff:0177.0.0.1]/",
      "http://[::ffff:256.0.0.1]/",
      "http://[::ffff:127.0.0.1.evil.com]/",
      "http://[v1.x]/",
      "http://[%3a%3a1]/",
      "http://[::１]/",
      "http://[::1.]/",
      "http://[[::1]]/"}},
    {kPort,
     {"http://h:/",
      "https://h:/x",
      "http://h:0/",
      "http://h:00/",
      "http://h:080/",
      "http://h:00080/",
      "http://h:65536/",
      "http://h:99999/",
      "http://h:65616/",
      "http://h:4294967376/",
      "http://h:18446744073709551696/",
      "http://h:+80/",
      "http://h:-1/",
      "http://h:8o/",
      "http://h:0x50/",
      "http://h:80:80/",
      "http://h::80/",
      "http://h:80.evil.com/",
      "http://h:８０/",
      "http://h:%38%30/",
      "http://127.0.0.1:127.0.0.1/",
      "http://fe80::1/",
      "http://1::/",
      "http://[::1]:/",
      "http://[::1]:65536/",
      "http://[::1]:0/"}},
};

// Too long to be written out, or with a NUL.
const Refused kMade[] = {
    {kControl,
     {std::string("http://h/\0x", 11), std::string("http://h\0.evil.com/", 19), std::string("/\0", 2)}},
    {kHost,
     {"http://" + std::string(64, 'a') + ".example/", "http://" + std::string(126, 'a') + "/",
      "http://" + std::string(65'000, 'a') + "/", "http://" + std::string(10'000, '.') + "/",
      "http://a" + std::string(600, '\xCC') + "/"}},
    {kPort, {"http://h:" + std::string(10'000, '1') + "/"}},
    {kIpv4, {"http://" + std::string(60, '1') + "/"}},
    {kIpv6, {"http://[" + std::string(10'000, ':') + "]/"}},
};

void expectRefused(const Refused& group) {
    for (const auto& text : group.texts) {
        SCOPED_TRACE(text.substr(0, 200));
        const auto url = parseUrl(text);
        if (url) {
            ADD_FAILURE() << "taken for " << url->origin() << url->target;
            continue;
        }
        EXPECT_EQ(url.error().kind, ProblemKind::kInvalid);
        EXPECT_EQ(url.error().detail, group.why);
        EXPECT_EQ(laneOf(text), "invalid");
        EXPECT_EQ(hostOf(text), "invalid");
    }
}

TEST(UrlRefusals, RefusedUrlsNameTheRule) {
    for (const auto& group : kRefused) expectRefused(group);
    for (const auto& group : kMade) expectRefused(group);
}

TEST(UrlRefusals, OtherSchemesAreNamed) {
    for (const std::string scheme :
         {"ftp", "FTP", "file", "gopher", "dict", "ldap", "tftp", "sftp", "ws", "wss", "httpx", "jar", "phar",
          "expect", "javascript", "ssh", "netdoc", "h"}) {
        const auto url = parseUrl(scheme + "://127.0.0.1/x");
        ASSERT_FALSE(url) << scheme;
        EXPECT_EQ(url.error().detail, "Webhook scheme '" + scheme + "' not allowed, only http and https");
    }
    EXPECT_EQ(parseUrl("file:///etc/passwd").error().detail,
              "Webhook scheme 'file' not allowed, only http and https");
}

}  // namespace
}  // namespace heddle::webhook
