// SPDX-License-Identifier: Apache-2.0
// The spelling of hosts and networks in the configuration.
#pragma once

#include "base/result.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace heddle::config {

// A host name in lower case or an IP address in its canonical spelling, without scheme, port or brackets;
// names may start with "*.". Non-ASCII names stay as they are (the webhook policy maps them). A refusal says
// what to write instead.
Result<std::string> hostPattern(std::string_view text);

// What is wrong with a network like 10.0.0.0/8 or fd00::/8, if anything.
std::optional<std::string> networkProblem(std::string_view cidr);

// Is `host` localhost or a literal loopback address?
[[nodiscard]] bool isLoopbackHost(std::string_view host);

}  // namespace heddle::config
