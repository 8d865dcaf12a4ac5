// SPDX-License-Identifier: Apache-2.0
#include "config/host_rules.hpp"
#include "config/nearest.hpp"

#include <gtest/gtest.h>

#include <array>

namespace heddle::config {
namespace {

TEST(HostPattern, IsANameOrAddressInLowerCase) {
    struct Case {
        std::string_view text;
        std::string_view pattern;
    };
    for (const auto& [text, pattern] : {
             Case{"API.Trusted-Service.com", "api.trusted-service.com"},
             Case{"*.MyCompany.com", "*.mycompany.com"},
             Case{"localhost", "localhost"},
             Case{"127.0.0.1", "127.0.0.1"},
             Case{"[::1]", "::1"},
             Case{"FD00::1", "fd00::1"},
             Case{"0:0:0:0:0:0:0:1", "::1"},
             Case{"[fd00:0::0001]", "fd00::1"},
             Case{"b\xC3\xBC"
                  "cher.example",
                  "b\xC3\xBC"
                  "cher.example"},
         }) {
        const auto host = hostPattern(text);
        ASSERT_TRUE(host) << text;
        EXPECT_EQ(*host, pattern);
    }
}

TEST(HostPattern, SaysWhatToWriteInstead) {
    struct Case {
        std::string_view text;
        std::string_view why;
    };
    constexpr std::string_view kStar = "\"*\" may only stand at the start, as in \"*.example.com\"";
    for (const auto& [text, why] : {
             Case{"https://example.com", "a host without its scheme"},
             Case{"example.com:443", "a host without its port"},
             Case{"a*.com", kStar},
             Case{"*", kStar},
             Case{"*.*.com", kStar},
             Case{"a.*.com", kStar},
             Case{"example.com/path", "not a host name"},
             Case{"user@example.com", "not a host name"},
             Case{"a..b", "not a host name"},
             Case{".example.com", "not a host name"},
             Case{"example.com.", "not a host name"},
             Case{"-a.com", "not a host name"},
             Case{"*.", "not a host name"},
             Case{"a b", "not a host name"},
         }) {
        const auto host = hostPattern(text);
        ASSERT_FALSE(host) << text;
        EXPECT_EQ(host.error().detail, why) << text;
    }
    EXPECT_FALSE(hostPattern(std::string(64, 'a') + ".com"));
}

TEST(Network, IsAnAddressWithALengthAndNoBitsBeyondIt) {
    for (const auto* good :
         {"10.0.0.0/8", "127.0.0.0/8", "192.168.1.7/32", "0.0.0.0/0", "fd00::/8", "::1/128"}) {
        EXPECT_FALSE(networkProblem(good)) << good;
    }
    for (const auto* bad : {"10.0.0.0", "10.0.0.1/8", "10.0.0.0/33", "fd00::1/64", "::/129", "10.0.0.0/",
                            "10.0.0.0/ 8", "10.0.0.0/-1", "10.0.0/8", "example.com/8", "/8", ""}) {
        EXPECT_TRUE(networkProblem(bad)) << bad;
    }
}

TEST(LoopbackHost, IsLocalhostOrALiteralAddress) {
    for (const auto* host : {"localhost", "127.0.0.1", "127.9.9.9", "::1"})
        EXPECT_TRUE(isLoopbackHost(host)) << host;
    for (const auto* host : {"0.0.0.0", "::", "10.0.0.1", "localhost.example.com", "fd00::1"}) {
        EXPECT_FALSE(isLoopbackHost(host)) << host;
    }
}

TEST(Nearest, FindsTheNameThatWasMeant) {
    constexpr std::array<std::string_view, 5> kKnown = {"graphs", "webhooks", "http", "allowed_domains",
                                                        "allowed_ports"};
    EXPECT_EQ(nearest("grahps", kKnown), "graphs");
    EXPECT_EQ(nearest("webhook", kKnown), "webhooks");
    EXPECT_EQ(nearest("allow_domains", kKnown), "allowed_domains");
    EXPECT_EQ(nearest("allowed_port", kKnown), "allowed_ports");
    EXPECT_EQ(nearest("something_else", kKnown), std::nullopt);
    EXPECT_EQ(nearest("", kKnown), std::nullopt);
    EXPECT_EQ(nearest(std::string(100'000, 'x'), kKnown), std::nullopt);
}

}  // namespace
}  // namespace heddle::config
