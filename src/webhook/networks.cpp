// SPDX-License-Identifier: Apache-2.0
#include "webhook/networks.hpp"

#include <boost/asio/ip/address_v4.hpp>

#include <algorithm>
#include <charconv>
#include <string>
#include <vector>

namespace heddle::webhook {
namespace {

using boost::asio::ip::address;
using boost::asio::ip::address_v6;
using Bytes = address_v6::bytes_type;

struct Row {
    const char* cidr;
    NetworkKind kind;
    const char* name;
};

constexpr auto kLoopback = NetworkKind::kLoopback;
constexpr auto kPrivate = NetworkKind::kPrivate;
constexpr auto kNever = NetworkKind::kNever;
constexpr auto kPublic = NetworkKind::kPublic;

// The first row that holds the address decides: the particular stand before the general.
constexpr Row kRows[] = {
    // Metadata services of clouds: they hand credentials to whoever can reach them.
    {"169.254.169.254/32", kNever, "cloud metadata"},      // AWS, GCP, Azure, Oracle, DigitalOcean, …
    {"169.254.170.2/32", kNever, "cloud metadata"},        // AWS ECS task credentials
    {"169.254.170.23/32", kNever, "cloud metadata"},       // AWS EKS pod identity
    {"100.100.100.200/32", kNever, "cloud metadata"},      // Alibaba
    {"168.63.129.16/32", kNever, "cloud metadata"},        // Azure wire server
    {"192.0.0.192/32", kNever, "cloud metadata"},          // Oracle classic
    {"fd00:ec2::254/128", kNever, "cloud metadata"},       // AWS
    {"fd00:ec2::23/128", kNever, "cloud metadata"},        // AWS EKS pod identity
    {"fd20:ce::254/128", kNever, "cloud metadata"},        // GCP
    {"fd00:42::42/128", kNever, "cloud metadata"},         // Scaleway
    {"fd00:c1::a9fe:a9fe/128", kNever, "cloud metadata"},  // Oracle
    {"fd00:a9fe:a9fe::1/128", kNever, "cloud metadata"},   // Linode

    {"0.0.0.0/8", kNever, "reserved"},             // RFC 791: this network; 0.0.0.0 dials loopback on Linux
    {"10.0.0.0/8", kPrivate, "private"},           // RFC 1918
    {"100.64.0.0/10", kPrivate, "private"},        // RFC 6598: carrier-grade NAT
    {"127.0.0.0/8", kLoopback, "loopback"},        // RFC 1122
    {"169.254.0.0/16", kNever, "link-local"},      // RFC 3927
    {"172.16.0.0/12", kPrivate, "private"},        // RFC 1918
    {"192.0.0.0/24", kNever, "reserved"},          // RFC 6890: IETF protocol assignments
    {"192.0.2.0/24", kNever, "documentation"},     // RFC 5737
    {"192.31.196.0/24", kNever, "reserved"},       // RFC 7535: AS112
    {"192.52.193.0/24", kNever, "reserved"},       // RFC 7450: AMT
    {"192.88.99.0/24", kNever, "tunnel"},          // RFC 7526: 6to4 relays
    {"192.168.0.0/16", kPrivate, "private"},       // RFC 1918
    {"192.175.48.0/24", kNever, "reserved"},       // RFC 7534: AS112
    {"198.18.0.0/15", kNever, "benchmarking"},     // RFC 2544
    {"198.51.100.0/24", kNever, "documentation"},  // RFC 5737
    {"203.0.113.0/24", kNever, "documentation"},   // RFC 5737
    {"224.0.0.0/4", kNever, "multicast"},          // RFC 5771
    {"255.255.255.255/32", kNever, "broadcast"},   // RFC 919
    {"240.0.0.0/4", kNever, "reserved"},           // RFC 1112: class E
    {"::ffff:0:0/96", kPublic, ""},                // every other IPv4 address (in mapped form)

    {"::1/128", kLoopback, "loopback"},          // RFC 4291
    {"::/128", kNever, "reserved"},              // RFC 4291: unspecified, dials loopback on Linux
    {"::/96", kNever, "reserved"},               // RFC 4291: IPv4-compatible, deprecated
    {"::ffff:0:0:0/96", kNever, "tunnel"},       // RFC 2765: IPv4-translated
    {"64:ff9b::/96", kNever, "tunnel"},          // RFC 6052: NAT64, embeds any IPv4 address
    {"64:ff9b:1::/48", kNever, "tunnel"},        // RFC 8215: local NAT64
    {"100::/64", kNever, "discard"},             // RFC 6666
    {"100:0:0:1::/64", kNever, "reserved"},      // RFC 9780: dummy prefix
    {"2001::/32", kNever, "tunnel"},             // RFC 4380: Teredo
    {"2001:2::/48", kNever, "benchmarking"},     // RFC 5180
    {"2001:10::/28", kNever, "reserved"},        // RFC 4843: ORCHID, deprecated
    {"2001:20::/28", kNever, "reserved"},        // RFC 7343: ORCHIDv2
    {"2001::/23", kNever, "reserved"},           // RFC 2928: IETF protocol assignments
    {"2001:db8::/32", kNever, "documentation"},  // RFC 3849
    {"2002::/16", kNever, "tunnel"},             // RFC 3056: 6to4, embeds any IPv4 address
    {"2620:4f:8000::/48", kNever, "reserved"},   // RFC 7534: AS112
    {"3ffe::/16", kNever, "reserved"},           // RFC 3701: 6bone, returned
    {"3fff::/20", kNever, "documentation"},      // RFC 9637
    {"5f00::/16", kNever, "reserved"},           // RFC 9602: SRv6 segments
    {"fc00::/7", kPrivate, "private"},           // RFC 4193: unique local
    {"fe80::/10", kNever, "link-local"},         // RFC 4291
    {"fec0::/10", kNever, "reserved"},           // RFC 3879: site-local, deprecated
    {"ff00::/8", kNever, "multicast"},           // RFC 4291
    {"2000::/3", kPublic, ""},                   // RFC 4291: global unicast
    {"::/0", kNever, "reserved"},                // nothing else has been assigned for use
};

struct Compiled {
    Network network;
    NetworkVerdict verdict;
};

const std::vector<Compiled>& table() {
    static const std::vector<Compiled> compiled = [] {
        std::vector<Compiled> rows;
        for (const Row& row : kRows) rows.push_back({Network::parse(row.cidr).value(), {row.kind, row.name}});
        return rows;
    }();
    return compiled;
}

Bytes mappedBytes(const address& value) {
    if (value.is_v6()) return value.to_v6().to_bytes();
    return boost::asio::ip::make_address_v6(boost::asio::ip::v4_mapped, value.to_v4()).to_bytes();
}

bool samePrefix(const Bytes& a, const Bytes& b, unsigned bits) {
    const unsigned whole = bits / 8;
    if (!std::equal(a.begin(), a.begin() + whole, b.begin())) return false;
    const unsigned rest = bits % 8;
    if (rest == 0) return true;
    const unsigned differing =
        (static_cast<unsigned>(a[whole]) ^ static_cast<unsigned>(b[whole])) >> (8 - rest);
    return differing == 0;
}

}  // namespace

std::optional<Network> Network::parse(std::string_view cidr) {
    const auto slash = cidr.find('/');
    const std::string text(cidr.substr(0, slash));
    // No zones: they would make a prefix of one interface only.
    if (text.find('%') != std::string::npos) return std::nullopt;
    boost::system::error_code error;
    const auto parsed = boost::asio::ip::make_address(text, error);
    if (error) return std::nullopt;
    const unsigned width = parsed.is_v4() ? 32 : 128;
    unsigned bits = width;
    if (slash != std::string_view::npos) {
        const auto digits = cidr.substr(slash + 1);
        const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
        if (digits.empty() || failure != std::errc() || end != digits.data() + digits.size())
            return std::nullopt;
        if (bits > width) return std::nullopt;
    }
    Network network;
    network.bytes_ = mappedBytes(parsed);
    network.bits_ = bits + (128 - width);
    return network;
}

bool Network::contains(const address& value) const {
    return samePrefix(mappedBytes(value), bytes_, bits_);
}

bool Network::overlaps(const Network& other) const {
    return samePrefix(bytes_, other.bytes_, std::min(bits_, other.bits_));
}

bool Network::touchesLoopback() const {
    return std::any_of(table().begin(), table().end(), [this](const Compiled& row) {
        return row.verdict.kind == kLoopback && overlaps(row.network);
    });
}

NetworkVerdict classify(const address& value) {
    const auto found = std::find_if(table().begin(), table().end(),
                                    [&value](const Compiled& row) { return row.network.contains(value); });
    return found->verdict;  // the last row holds everything
}

}  // namespace heddle::webhook
