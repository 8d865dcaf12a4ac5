// SPDX-License-Identifier: Apache-2.0
// The one gate that every request passes before anything is done for it: API keys. Loop thread only.
#pragma once

#include "base/secret.hpp"
#include "http/message.hpp"

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

namespace heddle::api {

class Gate {
  public:
    // Without keys everything passes.
    explicit Gate(const std::vector<Secret>& keys) { setKeys(keys); }

    // Takes the place of the old keys. No key at all is refused (false) where there were some: a mistake must
    // not open the server.
    bool setKeys(const std::vector<Secret>& keys);

    // 401 for a request without a valid key in `x-api-key` or `Authorization: Bearer` (RFC 6750 §2.1).
    // `path`: the API's own (see Mount); nothing: there is no such path, which needs a key too.
    [[nodiscard]] std::optional<http::Response> judge(const http::Request& request,
                                                      std::optional<std::string_view> path) const;

  private:
    using Digest = std::array<unsigned char, 32>;
    [[nodiscard]] static Digest digestOf(std::string_view key);
    // Compares with each key, in a time that says nothing about which of them fits or how far.
    [[nodiscard]] bool isValid(std::string_view key) const;

    std::vector<Digest> keys_;  // SHA-256: all of one length, and no key lies about in memory
};

}  // namespace heddle::api
