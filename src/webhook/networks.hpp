// SPDX-License-Identifier: Apache-2.0
// What kind of network an address belongs to, from the special-purpose registries of IANA.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/address_v6.hpp>

#include <optional>
#include <string_view>

namespace heddle::webhook {

enum class NetworkKind {
    kPublic,
    kLoopback,
    kPrivate,
    // Nothing that a webhook could want, so neither allowed_networks nor --dev allows it: 0.0.0.0/8 and ::,
    // link-local, metadata services of clouds, multicast, broadcast, documentation, benchmarking, discard,
    // reserved, site-local, and every prefix that embeds an IPv4 address for someone else to unwrap (NAT64,
    // 6to4, Teredo, IPv4-compatible and -translated).
    kNever,
};

struct NetworkVerdict {
    NetworkKind kind = NetworkKind::kPublic;
    std::string_view name;  // "loopback", "cloud metadata", …; empty for public ones
};

// IPv4-mapped IPv6 addresses are judged as the IPv4 address they dial.
[[nodiscard]] NetworkVerdict classify(const boost::asio::ip::address& address);

// An address prefix; IPv4 ones are kept in their mapped form.
class Network {
  public:
    // "10.0.0.0/8", "fd00::/8", or a single address. Host bits may be set. Nothing for anything else.
    static std::optional<Network> parse(std::string_view cidr);
    [[nodiscard]] bool contains(const boost::asio::ip::address& address) const;
    // Does it hold any loopback address?
    [[nodiscard]] bool touchesLoopback() const;

  private:
    [[nodiscard]] bool overlaps(const Network& other) const;

    boost::asio::ip::address_v6::bytes_type bytes_{};
    unsigned bits_ = 0;
};

}  // namespace heddle::webhook
