// SPDX-License-Identifier: Apache-2.0
#include "base/ids.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <stdexcept>

namespace heddle {
namespace {

constexpr std::string_view kHex = "0123456789abcdef";

int hexValue(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

bool dashAt(std::size_t i) {
    return i == 8 || i == 13 || i == 18 || i == 23;
}

Uuid stamped(Uuid::Bytes bytes, unsigned version) {
    bytes[6] = static_cast<std::uint8_t>((bytes[6] & 0x0f) | version << 4);
    bytes[8] = static_cast<std::uint8_t>((bytes[8] & 0x3f) | 0x80);
    return Uuid(bytes);
}

}  // namespace

std::optional<Uuid> Uuid::parse(std::string_view text) {
    if (text.size() != 36) return std::nullopt;
    Bytes bytes{};
    std::size_t nibble = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (dashAt(i)) {
            if (text[i] != '-') return std::nullopt;
            continue;
        }
        const int value = hexValue(text[i]);
        if (value < 0) return std::nullopt;
        bytes[nibble / 2] = static_cast<std::uint8_t>(bytes[nibble / 2] << 4 | value);
        ++nibble;
    }
    return Uuid(bytes);
}

Uuid Uuid::v7(Timestamp now, Random& random) {
    Bytes bytes{};
    random.fill(bytes);
    const auto micros = static_cast<std::uint64_t>(now.micros());
    const auto millis = micros / 1000;
    for (int i = 0; i < 6; ++i)
        bytes[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(millis >> (40 - 8 * i));
    // RFC 9562 §6.2 method 3: sub-millisecond precision in rand_a keeps ids of one millisecond in order.
    const auto fraction = (micros % 1000) * 4096 / 1000;
    bytes[6] = static_cast<std::uint8_t>(fraction >> 8);
    bytes[7] = static_cast<std::uint8_t>(fraction);
    return stamped(bytes, 7);
}

Uuid Uuid::v4(Random& random) {
    Bytes bytes{};
    random.fill(bytes);
    return stamped(bytes, 4);
}

Uuid Uuid::v5(const Uuid& space, std::string_view name) {
    std::string text(reinterpret_cast<const char*>(space.bytes().data()), space.bytes().size());
    text += name;
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    if (EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha1(), nullptr) != 1 || size < 16) {
        throw std::runtime_error("SHA-1 is not available");
    }
    Bytes bytes{};
    std::copy_n(digest.begin(), bytes.size(), bytes.begin());
    return stamped(bytes, 5);
}

std::string Uuid::str() const {
    std::string out;
    out.reserve(36);
    for (std::size_t i = 0; i < bytes_.size(); ++i) {
        if (i == 4 || i == 6 || i == 8 || i == 10) out += '-';
        out += kHex[bytes_[i] >> 4];
        out += kHex[bytes_[i] & 15];
    }
    return out;
}

}  // namespace heddle
