// SPDX-License-Identifier: Apache-2.0
#include "domain/webhook_secret.hpp"

#include "base/base64.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace heddle {
namespace {

constexpr std::string_view kPrefix = "whsec_";
constexpr std::size_t kLeastBytes = 24, kMostBytes = 64;

}  // namespace

Result<Secret> parseWebhookSecret(std::string_view text) {
    if (!text.starts_with(kPrefix)) {
        return Problem::invalid("a secret must start with whsec_; `heddle secret` prints a new one");
    }
    auto key = base64Decode(text.substr(kPrefix.size()));
    if (!key) return Problem::invalid("what follows whsec_ must be base64, without white space");
    if (key->size() < kLeastBytes || key->size() > kMostBytes) {
        return Problem::invalid("the base64 after whsec_ must stand for " + std::to_string(kLeastBytes) +
                                " to " + std::to_string(kMostBytes) + " bytes, not " +
                                std::to_string(key->size()));
    }
    return Secret(*std::move(key));
}

std::string newWebhookSecret(Random& random) {
    std::array<std::uint8_t, kLeastBytes> bytes{};
    random.fill(bytes);
    std::string key;
    for (const auto byte : bytes) key += static_cast<char>(byte);
    return std::string(kPrefix) + base64Encode(key);
}

}  // namespace heddle
