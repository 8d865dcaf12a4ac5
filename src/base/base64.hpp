// SPDX-License-Identifier: Apache-2.0
// Base64 (RFC 4648, the standard alphabet).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace heddle {

// With padding.
[[nodiscard]] std::string base64Encode(std::string_view bytes);

// The bytes, or nothing for anything but one complete value: no white space, no other alphabet, no bits left
// over. Padding may be left out, but not half of it.
[[nodiscard]] std::optional<std::string> base64Decode(std::string_view text);

}  // namespace heddle
