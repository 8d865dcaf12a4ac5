// SPDX-License-Identifier: Apache-2.0
// The bytes of a response's head (RFC 9112 §4): status line and header fields. Sans-io.
#pragma once

#include "base/time.hpp"
#include "http/message.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace heddle::http {

// `Sun, 06 Nov 1994 08:49:37 GMT`
[[nodiscard]] std::string httpDate(Timestamp when);

enum class Persistence { kDefault, kClose, kKeepAlive };
enum class Framing { kLength, kChunked, kUntilClose, kNone };

struct HeadFacts {
    std::string_view date;
    std::string_view request_id;
    Persistence persistence = Persistence::kDefault;  // what `connection` says, kDefault: nothing
    Framing framing = Framing::kLength;
    std::size_t length = 0;  // for kLength
};

// Appends the head. Fields of `response` that the server itself decides (content-length, transfer-encoding,
// connection, date, server, x-request-id) are left out; CR, LF and NUL in values become spaces.
void appendHead(std::string& out, const Response& response, const HeadFacts& facts);

// True when the response itself asks for `connection: close`.
[[nodiscard]] bool asksToClose(const Response& response);

}  // namespace heddle::http
