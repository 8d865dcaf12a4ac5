// SPDX-License-Identifier: Apache-2.0
// The request target (RFC 9112 §3.2) as path and query. Paths are decoded, never normalised: /a/../b stays
// so.
#pragma once

#include "http/message.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace heddle::http {

enum class PlusSign { kLiteral, kSpace };

// %xx decoded. Nothing for an invalid escape and for NUL, raw or escaped.
[[nodiscard]] std::optional<std::string> percentDecode(std::string_view text, PlusSign plus);

// Fills path and query from request.target (origin-form, absolute-form, or "*"). False: the target is
// malformed.
[[nodiscard]] bool parseTarget(Request& request);

}  // namespace heddle::http
