// SPDX-License-Identifier: Apache-2.0
// Query parameters that are lists (repeated, comma separated, or both) or booleans.
#pragma once

#include "http/message.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace heddle::api {

// Empty items are left out.
[[nodiscard]] std::vector<std::string> queryList(const http::Request& request, std::string_view name);
// A boolean parameter that the schema accepted: true in any case, or 1.
[[nodiscard]] bool queryFlag(const http::Request& request, std::string_view name);

}  // namespace heddle::api
