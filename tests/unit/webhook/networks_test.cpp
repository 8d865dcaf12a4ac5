// SPDX-License-Identifier: Apache-2.0
// First, last and one past of every range.
#include "webhook/networks.hpp"

#include <gtest/gtest.h>

#include <ostream>
#include <string>

namespace heddle::webhook {

void PrintTo(NetworkKind kind, std::ostream* out) {
    static constexpr const char* kNames[] = {"public", "loopback", "private", "never"};
    *out << kNames[static_cast<int>(kind)];
}

namespace {

constexpr auto kPublic = NetworkKind::kPublic;
constexpr auto kLoopback = NetworkKind::kLoopback;
constexpr auto kPrivate = NetworkKind::kPrivate;
constexpr auto kNever = NetworkKind::kNever;

struct Row {
    const char* address;
    NetworkKind kind;
    const char* name;
};

const Row kRows[] = {
    {"0.0.0.0", kNever, "reserved"},
    {"0.255.255.255", kNever, "reserved"},
    {"1.0.0.0", kPublic, ""},
    {"9.255.255.255", kPublic, ""},
    {"10.0.0.0", kPrivate, "private"},
    {"10.255.255.255", kPrivate, "private"},
    {"11.0.0.0", kPublic, ""},
    {"100.63.255.255", kPublic, ""},
    {"100.64.0.0", kPrivate, "private"},
    {"100.100.100.199", kPrivate, "private"},
    {"100.100.100.200", kNever, "cloud metadata"},
    {"100.100.100.201", kPrivate, "private"},
    {"100.127.255.255", kPrivate, "private"},
    {"100.128.0.0", kPublic, ""},
    {"126.255.255.255", kPublic, ""},
    {"127.0.0.0", kLoopback, "loopback"},
    {"127.0.0.1", kLoopback, "loopback"},
    {"127.255.255.255", kLoopback, "loopback"},
    {"128.0.0.0", kPublic, ""},
    {"168.63.129.15", kPublic, ""},
    {"168.63.129.16", kNever, "cloud metadata"},
    {"168.63.129.17", kPublic, ""},
    {"169.253.255.255", kPublic, ""},
    {"169.254.0.0", kNever, "link-local"},
    {"169.254.169.253", kNever, "link-local"},
    {"169.254.169.254", kNever, "cloud metadata"},
    {"169.254.170.2", kNever, "cloud metadata"},
    {"169.254.170.23", kNever, "cloud metadata"},
    {"169.254.255.255", kNever, "link-local"},
    {"169.255.0.0", kPublic, ""},
    {"172.15.255.255", kPublic, ""},
    {"172.16.0.0", kPrivate, "private"},
    {"172.31.255.255", kPrivate, "private"},
    {"172.32.0.0", kPublic, ""},
    {"191.255.255.255", kPublic, ""},
    {"192.0.0.0", kNever, "reserved"},
    {"192.0.0.192", kNever, "cloud metadata"},
    {"192.0.0.255", kNever, "reserved"},
    {"192.0.1.0", kPublic, ""},
    {"192.0.1.255", kPublic, ""},
    {"192.0.2.0", kNever, "documentation"},
    {"192.0.2.255", kNever, "documentation"},
    {"192.0.3.0", kPublic, ""},
    {"192.31.195.255", kPublic, ""},
    {"192.31.196.0", kNever, "reserved"},
    {"192.31.197.0", kPublic, ""},
    {"192.52.192.255", kPublic, ""},
    {"192.52.193.255", kNever, "reserved"},
    {"192.52.194.0", kPublic, ""},
    {"192.88.98.255", kPublic, ""},
    {"192.88.99.0", kNever, "tunnel"},
    {"192.88.99.255", kNever, "tunnel"},
    {"192.88.100.0", kPublic, ""},
    {"192.167.255.255", kPublic, ""},
    {"192.168.0.0", kPrivate, "private"},
    {"192.168.255.255", kPrivate, "private"},
    {"192.169.0.0", kPublic, ""},
    {"192.175.47.255", kPublic, ""},
    {"192.175.48.0", kNever, "reserved"},
    {"192.175.49.0", kPublic, ""},
    {"198.17.255.255", kPublic, ""},
    {"198.18.0.0", kNever, "benchmarking"},
    {"198.19.255.255", kNever, "benchmarking"},
    {"198.20.0.0", kPublic, ""},
    {"198.51.99.255", kPublic, ""},
    {"198.51.100.0", kNever, "documentation"},
    {"198.51.100.255", kNever, "documentation"},
    {"198.51.101.0", kPublic, ""},
    {"203.0.112.255", kPublic, ""},
    {"203.0.113.0", kNever, "documentation"},
    {"203.0.113.255", kNever, "documentation"},
    {"203.0.114.0", kPublic, ""},
    {"223.255.255.255", kPublic, ""},
    {"224.0.0.0", kNever, "multicast"},
    {"239.255.255.255", kNever, "multicast"},
    {"240.0.0.0", kNever, "reserved"},
    {"255.255.255.254", kNever, "reserved"},
    {"255.255.255.255", kNever, "broadcast"},
    {"8.8.8.8", kPublic, ""},

    {"::", kNever, "reserved"},
    {"::1", kLoopback, "loopback"},
    {"::2", kNever, "reserved"},
    {"::8.8.8.8", kNever, "reserved"},
    {"::127.0.0.1", kNever, "reserved"},
    {"::ffff:8.8.8.8", kPublic, ""},
    {"::ffff:127.0.0.1", kLoopback, "loopback"},
    {"::ffff:10.0.0.1", kPrivate, "private"},
    {"::ffff:169.254.169.254", kNever, "cloud metadata"},
    {"::ffff:0.0.0.0", kNever, "reserved"},
    {"::ffff:0:8.8.8.8", kNever, "reserved"},
    {"64:ff9b::8.8.8.8", kNever, "tunnel"},
    {"64:ff9b::169.254.169.254", kNever, "tunnel"},
    {"64:ff9b:1::1", kNever, "tunnel"},
    {"64:ff9b:2::", kNever, "reserved"},
    {"100::1", kNever, "reserved"},
    {"1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", kNever, "reserved"},
    {"2000::", kPublic, ""},
    {"2001::", kNever, "tunnel"},
    {"2001:0:ffff:ffff:ffff:ffff:ffff:ffff", kNever, "tunnel"},
    {"2001:1::", kNever, "reserved"},
    {"2001:2::1", kNever, "reserved"},
    {"2001:10::1", kNever, "reserved"},
    {"2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff", kNever, "reserved"},
    {"2001:200::", kPublic, ""},
    {"2001:db7:ffff:ffff:ffff:ffff:ffff:ffff", kPublic, ""},
    {"2001:db8::", kNever, "documentation"},
    {"2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", kNever, "documentation"},
    {"2001:db9::", kPublic, ""},
    {"2001:4860:4860::8888", kPublic, ""},
    {"2002::", kNever, "tunnel"},
    {"2002:7f00:1::", kNever, "tunnel"},
    {"2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff", kNever, "tunnel"},
    {"2003::", kPublic, ""},
    {"2620:4f:8000::1", kNever, "reserved"},
    {"2620:4f:8001::", kPublic, ""},
    {"3ffd:ffff::", kPublic, ""},
    {"3ffe::", kNever, "reserved"},
    {"3fff::", kNever, "documentation"},
    {"3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff", kNever, "documentation"},
    {"3fff:1000::", kPublic, ""},
    {"4000::", kNever, "reserved"},
    {"5f00::1", kNever, "reserved"},
    {"fbff:ffff::", kNever, "reserved"},
    {"fc00::", kPrivate, "private"},
    {"fd00:ec2::253", kPrivate, "private"},
    {"fd00:ec2::254", kNever, "cloud metadata"},
    {"fd00:ec2::23", kNever, "cloud metadata"},
    {"fd20:ce::254", kNever, "cloud metadata"},
    {"fd00:42::42", kNever, "cloud metadata"},
    {"fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", kPrivate, "private"},
    {"fe00::", kNever, "reserved"},
    {"fe80::1", kNever, "link-local"},
    {"febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff", kNever, "link-local"},
    {"fec0::1", kNever, "reserved"},
    {"ff00::", kNever, "multicast"},
    {"ff02::1", kNever, "multicast"},
    {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", kNever, "multicast"},
};

TEST(Networks, AreClassifiedToTheirEdges) {
    for (const Row& row : kRows) {
        SCOPED_TRACE(row.address);
        const auto verdict = classify(boost::asio::ip::make_address(row.address));
        EXPECT_EQ(verdict.kind, row.kind);
        EXPECT_EQ(verdict.name, row.name);
    }
}

TEST(Network, IsReadStrictly) {
    for (const char* good : {"10.0.0.0/8", "10.1.2.3/8", "127.0.0.1", "127.0.0.1/32", "0.0.0.0/0", "fd00::/8",
                             "::1", "::/0", "fd00::1/128"}) {
        EXPECT_TRUE(Network::parse(good)) << good;
    }
    for (const char* bad : {"", "/", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/8 ",
                            "10.0.0/8", "10/8", "10.0.0.0/8/8", "fd00::/129", "fe80::1%eth0", "fe80::%1/10",
                            "localhost", "10.0.0.0/99999999999"}) {
        EXPECT_FALSE(Network::parse(bad)) << bad;
    }
}

TEST(Network, ContainsWhatItsPrefixSays) {
    const auto contains = [](const char* network, const char* address) {
        return Network::parse(network)->contains(boost::asio::ip::make_address(address));
    };
    EXPECT_TRUE(contains("10.1.2.3/8", "10.255.0.1"));
    EXPECT_FALSE(contains("10.0.0.0/8", "11.0.0.0"));
    EXPECT_TRUE(contains("192.168.4.0/22", "192.168.7.255"));
    EXPECT_FALSE(contains("192.168.4.0/22", "192.168.8.0"));
    EXPECT_TRUE(contains("10.0.0.0/8", "::ffff:10.1.1.1"));
    EXPECT_TRUE(contains("0.0.0.0/0", "8.8.8.8"));
    EXPECT_FALSE(contains("0.0.0.0/0", "2000::1"));
    EXPECT_TRUE(contains("::/0", "8.8.8.8"));
    EXPECT_TRUE(contains("127.0.0.1", "127.0.0.1"));
    EXPECT_FALSE(contains("127.0.0.1", "127.0.0.2"));
}

TEST(Network, KnowsWhetherItHoldsLoopback) {
    for (const char* yes :
         {"127.0.0.1", "127.0.0.0/8", "126.0.0.0/7", "0.0.0.0/0", "::1", "::/0", "127.3.0.0/16"}) {
        EXPECT_TRUE(Network::parse(yes)->touchesLoopback()) << yes;
    }
    for (const char* no : {"10.0.0.0/8", "126.0.0.0/8", "::2", "fd00::/8"}) {
        EXPECT_FALSE(Network::parse(no)->touchesLoopback()) << no;
    }
}

}  // namespace
}  // namespace heddle::webhook
