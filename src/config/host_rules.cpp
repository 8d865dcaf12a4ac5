// SPDX-License-Identifier: Apache-2.0
#include "config/host_rules.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>

namespace heddle::config {
namespace {

struct Address {
    std::array<std::uint8_t, 16> bytes{};
    unsigned bits = 0;  // 32 or 128
};

std::optional<Address> parseAddress(std::string_view text) {
    Address address;
    const std::string zero_ended(text);
    if (inet_pton(AF_INET, zero_ended.c_str(), address.bytes.data()) == 1) {
        address.bits = 32;
        return address;
    }
    if (inet_pton(AF_INET6, zero_ended.c_str(), address.bytes.data()) == 1) {
        address.bits = 128;
        return address;
    }
    return std::nullopt;
}

// The canonical spelling: 0:0:0:0:0:0:0:1 is ::1.
std::string textOf(const Address& address) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    inet_ntop(address.bits == 32 ? AF_INET : AF_INET6, address.bytes.data(), text.data(), text.size());
    return text.data();
}

bool isLabelChar(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
           static_cast<unsigned char>(c) >= 0x80;
}

bool isHostName(std::string_view name) {
    constexpr std::size_t kLongestName = 253, kLongestLabel = 63;
    if (name.size() > kLongestName) return false;
    while (true) {
        const auto label = name.substr(0, name.find('.'));
        if (label.empty() || label.size() > kLongestLabel || label.front() == '-' || label.back() == '-')
            return false;
        if (!std::all_of(label.begin(), label.end(), isLabelChar)) return false;
        if (label.size() == name.size()) return true;
        name.remove_prefix(label.size() + 1);
    }
}

}  // namespace

Result<std::string> hostPattern(std::string_view text) {
    std::string host(text);
    std::transform(host.begin(), host.end(), host.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; });
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    if (const auto address = parseAddress(host)) return textOf(*address);
    if (host.find("://") != std::string::npos) return Problem::invalid("a host without its scheme");
    if (host.find(':') != std::string::npos) return Problem::invalid("a host without its port");
    const bool wildcard = host.starts_with("*.");
    const auto name = std::string_view(host).substr(wildcard ? 2 : 0);
    if (name.find('*') != std::string_view::npos) {
        return Problem::invalid("\"*\" may only stand at the start, as in \"*.example.com\"");
    }
    if (!isHostName(name)) return Problem::invalid("not a host name");
    return host;
}

std::optional<std::string> networkProblem(std::string_view cidr) {
    const auto slash = cidr.find('/');
    const auto address = parseAddress(cidr.substr(0, slash));
    if (slash == std::string_view::npos || !address) return "not a network; write 10.0.0.0/8 or fd00::/8";
    const auto digits = cidr.substr(slash + 1);
    unsigned bits = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
    if (error != std::errc{} || end != digits.data() + digits.size() || bits > address->bits) {
        return "the length after / must be from 0 to " + std::to_string(address->bits);
    }
    for (unsigned bit = bits; bit < address->bits; ++bit) {
        if ((address->bytes[bit / 8] >> (7 - bit % 8) & 1U) != 0)
            return "the address has bits beyond the network's length";
    }
    return std::nullopt;
}

bool isLoopbackHost(std::string_view host) {
    if (host == "localhost") return true;
    const auto address = parseAddress(host);
    if (!address) return false;
    if (address->bits == 32) return address->bytes[0] == 127;
    std::array<std::uint8_t, 16> one{};
    one.back() = 1;
    return address->bytes == one;
}

}  // namespace heddle::config
