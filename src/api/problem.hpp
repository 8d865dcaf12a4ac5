// SPDX-License-Identifier: Apache-2.0
// The only map from Problem to HTTP.
#pragma once

#include "base/result.hpp"
#include "http/message.hpp"

#include <string_view>

namespace heddle::api {

// `{"detail": …}` with the kind's status; 503 carries Retry-After.
[[nodiscard]] http::Response problemResponse(const Problem& problem);
[[nodiscard]] http::Response detailResponse(unsigned status, std::string_view detail);

}  // namespace heddle::api
