// SPDX-License-Identifier: Apache-2.0
// Standard Webhooks 1.0 signatures: "v1," and base64 of HMAC-SHA256 over `id.timestamp.body`.
#pragma once

#include "base/secret.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace heddle::webhook {

// The value of `webhook-signature`: one signature for each key, in their order, separated by spaces; empty
// without keys. `id` has no '.', `timestamp_s` is the attempt's. Throws std::runtime_error when OpenSSL
// fails.
[[nodiscard]] std::string signatureHeader(const std::vector<Secret>& keys, std::string_view id,
                                          std::int64_t timestamp_s, std::string_view body);

// Is one of the signatures in `header` made with one of `keys`? Compares in constant time; signatures of
// other versions do not count. Does not judge the timestamp's age.
[[nodiscard]] bool verifySignature(const std::vector<Secret>& keys, std::string_view id,
                                   std::int64_t timestamp_s, std::string_view body, std::string_view header);

}  // namespace heddle::webhook
