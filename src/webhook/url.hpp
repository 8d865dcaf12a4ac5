// SPDX-License-Identifier: Apache-2.0
// A webhook URL, split strictly so that policy and wire agree on the host (RFC 3986; hosts as WHATWG reads
// them, so that a number in any spelling is the address it dials).
#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace heddle::webhook {

struct Url {
    bool relative = false;  // "/path": our own listener
    bool tls = false;
    std::string host;        // lower case, IDNA-mapped, no trailing dot; addresses canonical, IPv6 without
                             // brackets; empty when relative
    std::uint16_t port = 0;  // explicit or the scheme's; 0 when relative
    // Path and query, byte for byte as given; only what a request line cannot hold (non-ASCII and "<>^`{|})
    // is percent-encoded. No fragment. At least "/".
    std::string target;

    // scheme://host:port (port left out where it is the scheme's), or "self" when relative: for lanes, logs
    // and errors. No path, no query.
    [[nodiscard]] std::string origin() const;
};

// User information ("user:password@") is refused: parsers differ in where it ends and the host begins, and a
// secret belongs into webhooks.headers. A refusal is kInvalid, begins with "Webhook" and holds neither path,
// query nor user information.
Result<Url> parseUrl(std::string_view text);

// What Delivery::lane is: the origin, or "invalid" for what cannot be parsed.
std::string laneOf(std::string_view url);

// The host of that lane: Url::host, "self" for a relative URL, "invalid" for what cannot be parsed. A host
// that is really named so cannot be told from these.
std::string hostOf(std::string_view url);

}  // namespace heddle::webhook
