// SPDX-License-Identifier: Apache-2.0
// limit and offset, and the X-Pagination headers.
#pragma once

#include "base/json.hpp"
#include "http/message.hpp"

#include <cstddef>
#include <cstdint>

namespace heddle::api {

struct Page {
    std::int64_t limit = 10;
    std::int64_t offset = 0;
};

// From a search body that the schema accepted.
[[nodiscard]] Page pageOf(JsonView body);
// X-Pagination-Total is the true total; X-Pagination-Next the next offset, when there is more.
void addPagination(http::Response& response, const Page& page, std::int64_t total, std::size_t shown);

}  // namespace heddle::api
