// SPDX-License-Identifier: Apache-2.0
// Where a server that listens on a host is found from this machine.
#pragma once

#include <string>

namespace heddle::app {

// A server that listens on every address is dialled on loopback.
[[nodiscard]] std::string ownHost(const std::string& host);

// As a URL and a Host header spell it: IPv6 in brackets.
[[nodiscard]] std::string bracketed(const std::string& host);

}  // namespace heddle::app
