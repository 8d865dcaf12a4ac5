// SPDX-License-Identifier: Apache-2.0
#include "webhook/host.hpp"

#include <boost/asio/ip/address_v4.hpp>
#include <boost/asio/ip/address_v6.hpp>
#include <idn2.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <optional>
#include <vector>

namespace heddle::webhook {
namespace {

constexpr std::size_t kNameMax = 253;
constexpr std::size_t kLabelMax = 63;
constexpr std::size_t kUnmappedMax = 4 * kNameMax;  // bytes; what is longer cannot become a name

bool isDigit(char c) {
    return c >= '0' && c <= '9';
}

int hexValue(char c) {
    if (isDigit(c)) return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> parts;
    for (;;) {
        const auto end = text.find(separator);
        parts.push_back(text.substr(0, end));
        if (end == std::string_view::npos) return parts;
        text.remove_prefix(end + 1);
    }
}

// Decodes %hh; false when one is malformed.
bool percentDecode(std::string_view text, std::string& out) {
    out.clear();
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            out += text[i];
            continue;
        }
        if (i + 2 >= text.size()) return false;
        const int high = hexValue(text[i + 1]);
        const int low = hexValue(text[i + 2]);
        if (high < 0 || low < 0) return false;
        out += static_cast<char>(high * 16 + low);
        i += 2;
    }
    return true;
}

// One part of a numeric address: decimal, 0octal or 0xhex, at most 2^32 - 1.
std::optional<std::uint64_t> numericPart(std::string_view text) {
    unsigned base = 10;
    if (text.size() > 1 && text[0] == '0') {
        const bool hex = text[1] == 'x' || text[1] == 'X';
        base = hex ? 16 : 8;
        text.remove_prefix(hex ? 2 : 1);
    }
    if (text.empty()) return std::nullopt;
    std::uint64_t value = 0;
    for (const char c : text) {
        const int digit = hexValue(c);
        if (digit < 0 || static_cast<unsigned>(digit) >= base) return std::nullopt;
        value = value * base + static_cast<std::uint64_t>(digit);
        if (value > 0xffffffffULL) return std::nullopt;
    }
    return value;
}

// WHATWG "ends in a number": whoever resolves such a host takes it for an address, so it must be a valid one.
bool endsInNumber(const std::vector<std::string_view>& labels) {
    const auto last = labels.back();
    if (std::all_of(last.begin(), last.end(), isDigit)) return true;
    return last.size() >= 2 && last[0] == '0' && last[1] == 'x' &&
           std::all_of(last.begin() + 2, last.end(), [](char c) { return hexValue(c) >= 0; });
}

// a, a.b, a.b.c or a.b.c.d as inet_aton: the last part fills what is left of the 32 bits.
std::optional<std::uint32_t> numericAddress(const std::vector<std::string_view>& parts) {
    if (parts.size() > 4) return std::nullopt;
    std::uint64_t address = 0;
    for (std::size_t i = 0; i + 1 < parts.size(); ++i) {
        const auto value = numericPart(parts[i]);
        if (!value || *value > 255) return std::nullopt;
        address |= *value << (24 - 8 * i);
    }
    const auto last = numericPart(parts.back());
    if (!last || *last >= 1ULL << (8 * (5 - parts.size()))) return std::nullopt;
    return static_cast<std::uint32_t>(address | *last);
}

// UTS #46 (non-transitional) to ASCII; NFC, case and full-width forms are mapped by it. Not with libidn2's
// STD3 rules: 2.3.3 then drops a full-width "/" or "@" where it should refuse it. isLabel() is our STD3.
std::optional<std::string> idnaMapped(const std::string& utf8) {
    // The C interface ends at a NUL; the caller has refused control characters, but not before decoding.
    if (utf8.find('\0') != std::string::npos) return std::nullopt;
    std::uint8_t* out = nullptr;
    const int rc = idn2_lookup_u8(reinterpret_cast<const std::uint8_t*>(utf8.c_str()), &out,
                                  IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
    const std::unique_ptr<std::uint8_t, decltype(&idn2_free)> owner(out, &idn2_free);
    if (rc != IDN2_OK) return std::nullopt;
    return std::string(reinterpret_cast<const char*>(out));
}

bool isLabel(std::string_view label) {
    if (label.empty() || label.size() > kLabelMax) return false;
    if (label.front() == '-' || label.back() == '-') return false;
    // Underscores are no host names in DNS, but container networks are full of them.
    return std::all_of(label.begin(), label.end(),
                       [](char c) { return isDigit(c) || (c >= 'a' && c <= 'z') || c == '-' || c == '_'; });
}

Problem invalidHost() {
    return Problem::invalid("Webhook host is not a valid host name");
}

}  // namespace

Result<std::string> canonicalHost(std::string_view text) {
    std::string host;
    if (text.size() > 3 * kUnmappedMax || !percentDecode(text, host)) return invalidHost();
    if (host.size() > kUnmappedMax) return invalidHost();
    const auto is_ascii = [](char c) { return static_cast<unsigned char>(c) < 0x80; };
    if (!std::all_of(host.begin(), host.end(), is_ascii)) {
        auto mapped = idnaMapped(host);
        if (!mapped) return invalidHost();
        host = std::move(*mapped);
    }
    for (char& c : host) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    if (!host.empty() && host.back() == '.') host.pop_back();
    if (host.empty()) return Problem::invalid("Webhook URL has no host");
    if (host.size() > kNameMax) return invalidHost();
    const auto labels = split(host, '.');
    if (!std::all_of(labels.begin(), labels.end(), isLabel)) return invalidHost();
    if (!endsInNumber(labels)) return host;
    const auto address = numericAddress(labels);
    if (!address) return Problem::invalid("Webhook host is not a valid IPv4 address");
    return boost::asio::ip::address_v4(*address).to_string();
}

Result<std::string> canonicalIpv6(std::string_view text) {
    boost::system::error_code error;
    const bool zone = text.find('%') != std::string_view::npos;
    const auto address = boost::asio::ip::make_address_v6(std::string(text), error);
    if (zone || error) return Problem::invalid("Webhook host is not a valid IPv6 address");
    return address.to_string();
}

bool fitsHost(std::string_view pattern, std::string_view host) {
    if (!pattern.starts_with("*.")) return host == pattern;
    const auto suffix = pattern.substr(1);  // with its dot
    return host.size() > suffix.size() && host.ends_with(suffix);
}

}  // namespace heddle::webhook
