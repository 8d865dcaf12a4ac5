// SPDX-License-Identifier: Apache-2.0
#include "webhook/signature.hpp"

#include "base/base64.hpp"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <stdexcept>

namespace heddle::webhook {
namespace {

constexpr std::string_view kVersion = "v1,";

struct Free {
    void operator()(EVP_MAC* mac) const { EVP_MAC_free(mac); }
    void operator()(EVP_MAC_CTX* context) const { EVP_MAC_CTX_free(context); }
};

const unsigned char* bytesOf(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

// One key after the other over the same content; the body is read where it lies.
class Signer {
  public:
    Signer() : mac_(EVP_MAC_fetch(nullptr, "HMAC", nullptr)), context_(EVP_MAC_CTX_new(mac_.get())) {
        check(mac_ != nullptr && context_ != nullptr);
    }

    // 32 bytes.
    std::string sign(const Secret& key, std::string_view head, std::string_view body) {
        std::array<char, 7> digest{"SHA256"};
        const std::array<OSSL_PARAM, 2> params = {
            OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest.data(), 0),
            OSSL_PARAM_construct_end()};
        const std::string& secret = key.reveal();
        check(EVP_MAC_init(context_.get(), bytesOf(secret), secret.size(), params.data()) == 1);
        check(EVP_MAC_update(context_.get(), bytesOf(head), head.size()) == 1);
        check(EVP_MAC_update(context_.get(), bytesOf(body), body.size()) == 1);
        std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
        std::size_t size = 0;
        check(EVP_MAC_final(context_.get(), out.data(), &size, out.size()) == 1);
        return {reinterpret_cast<const char*>(out.data()), size};
    }

  private:
    static void check(bool ok) {
        if (!ok) throw std::runtime_error("OpenSSL cannot make HMAC-SHA256 signatures");
    }

    std::unique_ptr<EVP_MAC, Free> mac_;
    std::unique_ptr<EVP_MAC_CTX, Free> context_;
};

std::string headOf(std::string_view id, std::int64_t timestamp_s) {
    std::string head(id);
    return head.append(1, '.').append(std::to_string(timestamp_s)).append(1, '.');
}

// The decoded v1 signatures of a header.
std::vector<std::string> signaturesIn(std::string_view header) {
    std::vector<std::string> found;
    while (!header.empty()) {
        auto entry = header.substr(0, header.find(' '));
        header.remove_prefix(std::min(entry.size() + 1, header.size()));
        if (!entry.starts_with(kVersion)) continue;
        if (auto bytes = base64Decode(entry.substr(kVersion.size()))) found.push_back(*std::move(bytes));
    }
    return found;
}

}  // namespace

std::string signatureHeader(const std::vector<Secret>& keys, std::string_view id, std::int64_t timestamp_s,
                            std::string_view body) {
    std::string header;
    if (keys.empty()) return header;
    Signer signer;
    const std::string head = headOf(id, timestamp_s);
    for (const auto& key : keys) {
        if (!header.empty()) header += ' ';
        header.append(kVersion).append(base64Encode(signer.sign(key, head, body)));
    }
    return header;
}

bool verifySignature(const std::vector<Secret>& keys, std::string_view id, std::int64_t timestamp_s,
                     std::string_view body, std::string_view header) {
    const auto signatures = signaturesIn(header);
    if (keys.empty() || signatures.empty()) return false;
    Signer signer;
    const std::string head = headOf(id, timestamp_s);
    bool valid = false;
    for (const auto& key : keys) {
        const std::string expected = signer.sign(key, head, body);
        for (const auto& signature : signatures) {
            const bool same = signature.size() == expected.size() &&
                              CRYPTO_memcmp(signature.data(), expected.data(), expected.size()) == 0;
            valid = valid || same;
        }
    }
    return valid;
}

}  // namespace heddle::webhook
