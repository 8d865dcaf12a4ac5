// SPDX-License-Identifier: Apache-2.0
// One GET to a server on this machine or elsewhere, for the verbs that ask about it.
#pragma once

#include "base/secret.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace heddle::app {

struct ServerQuestion {
    std::string host;  // a name or an address, without brackets
    std::uint16_t port = 0;
    std::string host_header;
    std::string path;
    std::optional<Secret> key = {};  // shown as x-api-key
    std::chrono::seconds limit{5};
};

struct ServerAnswer {
    std::string problem;  // empty: there is one
    unsigned status = 0;
    std::string body;
};

// Blocks, no longer than the limit.
[[nodiscard]] ServerAnswer askServer(const ServerQuestion& question);

}  // namespace heddle::app
