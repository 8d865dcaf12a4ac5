// SPDX-License-Identifier: Apache-2.0
// Query parameters that are lists (repeated, comma separated, or both), booleans or integers.
#pragma once

#include "http/message.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace heddle::api {

// Empty items are left out.
[[nodiscard]] std::vector<std::string> queryList(const http::Request& request, std::string_view name);
// A boolean parameter that the schema accepted: true in any case, or 1.
[[nodiscard]] bool queryFlag(const http::Request& request, std::string_view name);
// An integer parameter that the schema accepted.
[[nodiscard]] std::int64_t queryInteger(const http::Request& request, std::string_view name,
                                        std::int64_t fallback);

}  // namespace heddle::api
