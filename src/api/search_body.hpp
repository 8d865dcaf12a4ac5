// SPDX-License-Identifier: Apache-2.0
// What the searches have in common.
#pragma once

#include "api/context.hpp"
#include "api/pagination.hpp"
#include "base/json.hpp"
#include "http/message.hpp"
#include "store/threads.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

namespace heddle::api {

// metadata, limit, offset, sort_by and sort_order of a body that the schema accepted.
template <class Query>
void readSearch(JsonView body, Query& query) {
    query.metadata = RawJson::copy(body.objectAt("metadata"));
    const Page page = pageOf(body);
    query.limit = page.limit;
    query.offset = page.offset;
    if (const auto sort = body.get("sort_by")) query.sort_by = sort->string().value_or(query.sort_by);
    if (const auto order = body.get("sort_order"); order && order->string() == "asc") {
        query.order = store::SortOrder::kAscending;
    }
}

// How many match, as the answer.
template <class Query>
boost::asio::awaitable<Result<http::Response>> answerCount(Context& context, Query query,
                                                           std::int64_t (*count)(sql::Connection&,
                                                                                 const Query&)) {
    auto shared = std::make_shared<const Query>(std::move(query));
    auto job = [shared, count](sql::Connection& db) -> Result<std::int64_t> { return count(db, *shared); };
    const auto found = co_await context.db.read(std::move(job));
    if (!found) co_return found.error();
    co_return http::Response::json(200, std::to_string(*found));
}

}  // namespace heddle::api
