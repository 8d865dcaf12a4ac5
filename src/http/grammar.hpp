// SPDX-License-Identifier: Apache-2.0
// The small words of HTTP's grammar (RFC 9110 §5.6).
#pragma once

#include "base/text.hpp"

#include <string_view>

namespace heddle::http {

using heddle::isToken;
// No control characters but tabs.
[[nodiscard]] bool isFieldValue(std::string_view text);
// Printable ASCII without spaces.
[[nodiscard]] bool isGraphic(std::string_view text);
// Without spaces and tabs at both ends.
[[nodiscard]] std::string_view trimmed(std::string_view text);
// Takes the next element of a comma-separated list off the front.
[[nodiscard]] std::string_view nextElement(std::string_view& list);

}  // namespace heddle::http
