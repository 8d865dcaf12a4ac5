// SPDX-License-Identifier: Apache-2.0
// ASCII's letters without regard to case, and bytes as hexadecimal digits. Pure functions, any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace heddle {

// A to Z become a to z; everything else stays, whatever the locale.
[[nodiscard]] constexpr char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}
[[nodiscard]] std::string lowerCase(std::string_view text);

// Without regard to ASCII case.
[[nodiscard]] bool isSameName(std::string_view a, std::string_view b);

// A name as HTTP spells methods and header fields (RFC 9110 §5.6.2: token); not empty.
[[nodiscard]] bool isToken(std::string_view text);

// Two digits a byte, in lower case.
[[nodiscard]] std::string hexDigits(std::span<const std::uint8_t> bytes);

// "a, b, c"; after the first `most` an ellipsis. `quote` stands on both sides of each.
[[nodiscard]] std::string listed(std::span<const std::string> names, std::size_t most,
                                 std::string_view quote = {});

}  // namespace heddle
