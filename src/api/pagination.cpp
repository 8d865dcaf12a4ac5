// SPDX-License-Identifier: Apache-2.0
#include "api/pagination.hpp"

#include <string>

namespace heddle::api {

Page pageOf(JsonView body) {
    Page page;
    if (const auto limit = body.get("limit")) page.limit = limit->integer().value_or(page.limit);
    if (const auto offset = body.get("offset")) page.offset = offset->integer().value_or(page.offset);
    return page;
}

void addPagination(http::Response& response, const Page& page, std::int64_t total, std::size_t shown) {
    response.headers.set("x-pagination-total", std::to_string(total));
    const auto next = page.offset + static_cast<std::int64_t>(shown);
    if (shown > 0 && next < total) response.headers.set("x-pagination-next", std::to_string(next));
}

}  // namespace heddle::api
