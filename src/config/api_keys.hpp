// SPDX-License-Identifier: Apache-2.0
// One of the keys that a server with this environment takes, for a client on the same machine.
#pragma once

#include "base/secret.hpp"

#include <map>
#include <optional>
#include <string>

namespace heddle::config {

// The first of HEDDLE_API_KEYS, else of the file that HEDDLE_API_KEYS_FILE names. Nothing when there is none.
[[nodiscard]] std::optional<Secret> anyApiKey(const std::map<std::string, std::string>& environment);

}  // namespace heddle::config
