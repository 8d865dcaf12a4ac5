// SPDX-License-Identifier: Apache-2.0
// SHA-256 (FIPS 180-4), to tell contents apart.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

namespace heddle {

// 64 hexadecimal digits, of the parts put together: mark where one ends where that matters. Any thread.
// Throws std::runtime_error when OpenSSL has no SHA-256.
[[nodiscard]] std::string sha256(std::initializer_list<std::string_view> parts);

}  // namespace heddle
