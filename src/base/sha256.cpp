// SPDX-License-Identifier: Apache-2.0
#include "base/sha256.hpp"

#include "base/text.hpp"

#include <openssl/evp.h>

#include <array>
#include <memory>
#include <span>
#include <stdexcept>

namespace heddle {
namespace {

void check(bool ok) {
    if (!ok) throw std::runtime_error("OpenSSL cannot make SHA-256 digests");
}

}  // namespace

std::string sha256(std::initializer_list<std::string_view> parts) {
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    check(context != nullptr && EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr) == 1);
    for (const auto part : parts) {
        check(EVP_DigestUpdate(context.get(), part.data(), part.size()) == 1);
    }
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    check(EVP_DigestFinal_ex(context.get(), digest.data(), &size) == 1);
    return hexDigits(std::span(digest).first(size));
}

}  // namespace heddle
