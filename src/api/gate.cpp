// SPDX-License-Identifier: Apache-2.0
#include "api/gate.hpp"

#include "api/problem.hpp"
#include "base/text.hpp"

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include <algorithm>
#include <utility>

namespace heddle::api {
namespace {

constexpr std::array<std::string_view, 3> kOpen = {"/ok", "/docs", "/openapi.json"};
constexpr std::string_view kScheme = "bearer ";

// The key of "Bearer KEY"; the scheme's case does not matter (RFC 9110 §11.1).
std::optional<std::string_view> bearerOf(std::string_view header) {
    if (header.size() <= kScheme.size() || lowerCase(header.substr(0, kScheme.size())) != kScheme)
        return std::nullopt;
    header.remove_prefix(header.find_first_not_of(' ', kScheme.size() - 1));
    return header;
}

}  // namespace

Gate::Digest Gate::digestOf(std::string_view key) {
    Digest digest{};
    SHA256(reinterpret_cast<const unsigned char*>(key.data()), key.size(), digest.data());
    return digest;
}

bool Gate::setKeys(const std::vector<Secret>& keys) {
    if (keys.empty() && !keys_.empty()) return false;
    std::vector<Digest> digests;
    digests.reserve(keys.size());
    for (const auto& key : keys) digests.push_back(digestOf(key.reveal()));
    keys_ = std::move(digests);
    return true;
}

bool Gate::isValid(std::string_view key) const {
    const Digest shown = digestOf(key);
    unsigned fits = 0;
    for (const auto& known : keys_) {
        fits |= static_cast<unsigned>(CRYPTO_memcmp(shown.data(), known.data(), known.size()) == 0);
    }
    return fits != 0;
}

std::optional<http::Response> Gate::judge(const http::Request& request,
                                          std::optional<std::string_view> path) const {
    if (keys_.empty()) return std::nullopt;
    if (path && std::ranges::find(kOpen, *path) != kOpen.end()) return std::nullopt;
    const auto own = request.headers.get("x-api-key");
    const auto authorization = request.headers.get("authorization");
    const auto bearer = authorization ? bearerOf(*authorization) : std::nullopt;
    if ((own && isValid(*own)) || (bearer && isValid(*bearer))) return std::nullopt;
    auto response = detailResponse(401, own || bearer ? "The API key is not valid"
                                                      : "An API key is needed, as x-api-key or as "
                                                        "Authorization: Bearer");
    response.headers.set("www-authenticate", "Bearer");
    return response;
}

}  // namespace heddle::api
