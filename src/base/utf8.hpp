// SPDX-License-Identifier: Apache-2.0
// UTF-8, one code point at a time.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace heddle::utf8 {

void append(std::string& out, char32_t code);

// The length of the well-formed sequence at `pos` (1 to 4 bytes; no overlong form, surrogate or code above
// U+10FFFF), 0 if there is none.
[[nodiscard]] std::size_t sequence(std::string_view text, std::size_t pos);

// Code points of well-formed text.
[[nodiscard]] std::size_t length(std::string_view text);

}  // namespace heddle::utf8
