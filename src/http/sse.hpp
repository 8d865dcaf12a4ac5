// SPDX-License-Identifier: Apache-2.0
// Server-sent events (WHATWG HTML §9.2) in the reference server's bytes: CRLF lines, event, data, id.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace heddle::http {

inline constexpr std::string_view kSseHeartbeat = ": heartbeat\r\n\r\n";

// `data` must have no CR, LF or NUL (one line of JSON). CR and LF in `event` and `id` are refused by an
// exception: a caller's bug.
[[nodiscard]] std::string sseFrame(std::string_view event, std::string_view data, std::string_view id = {});

}  // namespace heddle::http
