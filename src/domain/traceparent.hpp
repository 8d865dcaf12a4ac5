// SPDX-License-Identifier: Apache-2.0
// The W3C trace context that a request came with: passed on, never made or changed.
#pragma once

#include <string_view>

namespace heddle {

// Is `text` a traceparent of version 00, "00-<32 hex>-<16 hex>-<2 hex>" in lower case, neither id all zeros?
[[nodiscard]] bool isTraceparent(std::string_view text);

}  // namespace heddle
