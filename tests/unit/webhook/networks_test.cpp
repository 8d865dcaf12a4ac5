// SPDX-License-Identifier: Apache-2.0
// First, last and one past of every range.
#include "webhook/networks.hpp"

#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <string_view>

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

// Every range of networks.cpp: what the addresses before it, at its two ends and past it are. "" where there
// is none: 0.0.0.0 has no address before it.
struct Range {
    const char* first;
    const char* last;
    std::string_view before;
    std::string_view at_first;
    std::string_view at_last;
    std::string_view past;
};

const Range kRanges[] = {
    {"169.254.169.254", "169.254.169.254", "link-local", "cloud metadata", "cloud metadata", "link-local"},
    {"169.254.170.2", "169.254.170.2", "link-local", "cloud metadata", "cloud metadata", "link-local"},
    {"169.254.170.23", "169.254.170.23", "link-local", "cloud metadata", "cloud metadata", "link-local"},
    {"100.100.100.200", "100.100.100.200", "private", "cloud metadata", "cloud metadata", "private"},
    {"168.63.129.16", "168.63.129.16", "public", "cloud metadata", "cloud metadata", "public"},
    {"192.0.0.192", "192.0.0.192", "reserved", "cloud metadata", "cloud metadata", "reserved"},
    {"fd00:ec2::254", "fd00:ec2::254", "private", "cloud metadata", "cloud metadata", "private"},
    {"fd00:ec2::23", "fd00:ec2::23", "private", "cloud metadata", "cloud metadata", "private"},
    {"fd20:ce::254", "fd20:ce::254", "private", "cloud metadata", "cloud metadata", "private"},
    {"fd00:42::42", "fd00:42::42", "private", "cloud metadata", "cloud metadata", "private"},
    {"fd00:c1::a9fe:a9fe", "fd00:c1::a9fe:a9fe", "private", "cloud metadata", "cloud metadata", "private"},
    {"fd00:a9fe:a9fe::1", "fd00:a9fe:a9fe::1", "private", "cloud metadata", "cloud metadata", "private"},
    {"0.0.0.0", "0.255.255.255", "", "reserved", "reserved", "public"},
    {"10.0.0.0", "10.255.255.255", "public", "private", "private", "public"},
    {"100.64.0.0", "100.127.255.255", "public", "private", "private", "public"},
    {"127.0.0.0", "127.255.255.255", "public", "loopback", "loopback", "public"},
    {"169.254.0.0", "169.254.255.255", "public", "link-local", "link-local", "public"},
    {"172.16.0.0", "172.31.255.255", "public", "private", "private", "public"},
    {"192.0.0.0", "192.0.0.255", "public", "reserved", "reserved", "public"},
    {"192.0.2.0", "192.0.2.255", "public", "documentation", "documentation", "public"},
    {"192.31.196.0", "192.31.196.255", "public", "reserved", "reserved", "public"},
    {"192.52.193.0", "192.52.193.255", "public", "reserved", "reserved", "public"},
    {"192.88.99.0", "192.88.99.255", "public", "tunnel", "tunnel", "public"},
    {"192.168.0.0", "192.168.255.255", "public", "private", "private", "public"},
    {"192.175.48.0", "192.175.48.255", "public", "reserved", "reserved", "public"},
    {"198.18.0.0", "198.19.255.255", "public", "benchmarking", "benchmarking", "public"},
    {"198.51.100.0", "198.51.100.255", "public", "documentation", "documentation", "public"},
    {"203.0.113.0", "203.0.113.255", "public", "documentation", "documentation", "public"},
    {"224.0.0.0", "239.255.255.255", "public", "multicast", "multicast", "reserved"},
    {"255.255.255.255", "255.255.255.255", "reserved", "broadcast", "broadcast", ""},
    {"240.0.0.0", "255.255.255.255", "multicast", "reserved", "broadcast", ""},
    {"::1", "::1", "reserved", "loopback", "loopback", "reserved"},
    {"::", "::", "", "reserved", "reserved", "loopback"},
    {"::", "::ffff:ffff", "", "reserved", "reserved", "reserved"},
    {"::ffff:0:0:0", "::ffff:0:ffff:ffff", "reserved", "tunnel", "tunnel", "reserved"},
    {"64:ff9b::", "64:ff9b::ffff:ffff", "reserved", "tunnel", "tunnel", "reserved"},
    {"64:ff9b:1::", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff", "reserved", "tunnel", "tunnel", "reserved"},
    {"100::", "100::ffff:ffff:ffff:ffff", "reserved", "discard", "discard", "reserved"},
    {"100:0:0:1::", "100::1:ffff:ffff:ffff:ffff", "discard", "reserved", "reserved", "reserved"},
    {"2001::", "2001:0:ffff:ffff:ffff:ffff:ffff:ffff", "public", "tunnel", "tunnel", "reserved"},
    {"2001:2::", "2001:2:0:ffff:ffff:ffff:ffff:ffff", "reserved", "benchmarking", "benchmarking", "reserved"},
    {"2001:10::", "2001:1f:ffff:ffff:ffff:ffff:ffff:ffff", "reserved", "reserved", "reserved", "reserved"},
    {"2001:20::", "2001:2f:ffff:ffff:ffff:ffff:ffff:ffff", "reserved", "reserved", "reserved", "reserved"},
    {"2001::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff", "public", "tunnel", "reserved", "public"},
    {"2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "public", "documentation", "documentation",
     "public"},
    {"2002::", "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "public", "tunnel", "tunnel", "public"},
    {"2620:4f:8000::", "2620:4f:8000:ffff:ffff:ffff:ffff:ffff", "public", "reserved", "reserved", "public"},
    {"3ffe::", "3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "public", "reserved", "reserved", "documentation"},
    {"3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff", "reserved", "documentation", "documentation",
     "public"},
    {"5f00::", "5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "reserved", "reserved", "reserved", "reserved"},
    {"fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "reserved", "private", "private", "reserved"},
    {"fe80::", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "reserved", "link-local", "link-local", "reserved"},
    {"fec0::", "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "link-local", "reserved", "reserved", "multicast"},
    {"ff00::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "reserved", "multicast", "multicast", ""},
    {"2000::", "3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "reserved", "public", "public", "reserved"},
    {"::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "", "reserved", "multicast", ""},
};

// Addresses that mean another one.
const struct {
    const char* address;
    std::string_view verdict;
} kForms[] = {
    {"::ffff:8.8.8.8", "public"},
    {"::ffff:127.0.0.1", "loopback"},
    {"::ffff:127.255.255.255", "loopback"},
    {"::ffff:10.0.0.1", "private"},
    {"::ffff:100.64.0.1", "private"},
    {"::ffff:169.254.169.254", "cloud metadata"},
    {"::ffff:168.63.129.16", "cloud metadata"},
    {"::ffff:0.0.0.0", "reserved"},
    {"::ffff:255.255.255.255", "broadcast"},
    {"::8.8.8.8", "reserved"},
    {"::127.0.0.1", "reserved"},
    {"::169.254.169.254", "reserved"},
    {"::ffff:0:8.8.8.8", "tunnel"},
    {"::ffff:0:127.0.0.1", "tunnel"},
    {"64:ff9b::8.8.8.8", "tunnel"},
    {"64:ff9b::127.0.0.1", "tunnel"},
    {"64:ff9b::169.254.169.254", "tunnel"},
    {"64:ff9b:1::10.0.0.1", "tunnel"},
    {"2002:7f00:1::", "tunnel"},
    {"2002:a9fe:a9fe::", "tunnel"},
    {"2001:0:53aa:64c:0:0:80ff:fffe", "tunnel"},  // Teredo of 127.0.0.1
    {"fe80::1%1", "link-local"},
    {"::1%1", "loopback"},
    {"8.8.8.8", "public"},
    {"2001:4860:4860::8888", "public"},
    {"2606:4700:4700::1111", "public"},
};

// "public", or the name of the range. Names and kinds go together.
std::string verdictOf(const boost::asio::ip::address& address) {
    const auto verdict = classify(address);
    const auto kind = verdict.name.empty()         ? kPublic
                      : verdict.name == "loopback" ? kLoopback
                      : verdict.name == "private"  ? kPrivate
                                                   : kNever;
    EXPECT_EQ(verdict.kind, kind) << address.to_string();
    return verdict.name.empty() ? "public" : std::string(verdict.name);
}

// The address `step` (1 or -1) further on, of the same family.
boost::asio::ip::address neighbour(const boost::asio::ip::address& address, int step) {
    const auto shift = [step](auto bytes) {
        const int carry = step > 0 ? 0x00 : 0xff;  // a byte that became this one has the next change, too
        for (auto byte = bytes.rbegin(); byte != bytes.rend(); ++byte) {
            *byte = static_cast<unsigned char>(*byte + step);
            if (*byte != carry) break;
        }
        return bytes;
    };
    if (address.is_v4()) return boost::asio::ip::address_v4(shift(address.to_v4().to_bytes()));
    return boost::asio::ip::address_v6(shift(address.to_v6().to_bytes()));
}

TEST(Networks, AreClassifiedToTheirEdges) {
    for (const Range& range : kRanges) {
        SCOPED_TRACE(range.first);
        const auto first = boost::asio::ip::make_address(range.first);
        const auto last = boost::asio::ip::make_address(range.last);
        EXPECT_EQ(verdictOf(first), range.at_first);
        EXPECT_EQ(verdictOf(last), range.at_last);
        if (!range.before.empty()) EXPECT_EQ(verdictOf(neighbour(first, -1)), range.before);
        if (!range.past.empty()) EXPECT_EQ(verdictOf(neighbour(last, 1)), range.past);
    }
}

TEST(Networks, KnowAddressesThatMeanAnother) {
    for (const auto& form : kForms) {
        EXPECT_EQ(verdictOf(boost::asio::ip::make_address(form.address)), form.verdict) << form.address;
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
