// SPDX-License-Identifier: Apache-2.0
// Signatures of Standard Webhooks 1.0 (v1: HMAC-SHA256 over `id.timestamp.body`).
#pragma once

#include "base/secret.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace heddle::webhook {

// "v1,<base64> v1,<base64>": one of each key, in order. `keys` are decoded.
[[nodiscard]] std::string signatureHeader(const std::vector<Secret>& keys, std::string_view id,
                                          std::int64_t timestamp_s, std::string_view body);

}  // namespace heddle::webhook
