// SPDX-License-Identifier: Apache-2.0
// Whether what listens on a port is one of ours.
#pragma once

#include <cstdint>
#include <string>

namespace heddle::app {

// Asks GET /ok on this machine and waits at most a second. Blocks.
[[nodiscard]] bool answersAsServer(const std::string& host, std::uint16_t port,
                                   const std::string& mount_prefix);

}  // namespace heddle::app
