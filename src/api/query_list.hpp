// SPDX-License-Identifier: Apache-2.0
// A list in a query: the parameter repeated, comma separated, or both.
#pragma once

#include "http/message.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace heddle::api {

// Empty items are left out.
[[nodiscard]] std::vector<std::string> queryList(const http::Request& request, std::string_view name);

}  // namespace heddle::api
