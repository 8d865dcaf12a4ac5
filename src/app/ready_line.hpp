// SPDX-License-Identifier: Apache-2.0
// What a server says when it takes requests.
#pragma once

#include "config/config.hpp"

#include <cstdint>

namespace heddle::app {

// "heddle ready http://HOST:PORT" on stdout, which scripts wait for; on a terminal with a text log also where
// to look next, on stderr.
void printReady(const config::Config& config, std::uint16_t port);

}  // namespace heddle::app
