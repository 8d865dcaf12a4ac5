// SPDX-License-Identifier: Apache-2.0
// Store items (LangGraph's BaseStore) in the database. Functions run inside a job.
#pragma once

#include "base/result.hpp"
#include "domain/item.hpp"
#include "domain/vector.hpp"
#include "sql/connection.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace heddle::store {

std::optional<Item> getItem(sql::Connection& db, const Namespace& ns, std::string_view key, Timestamp now);
// Keeps created_at of an existing item. `ttl`: µs after which it is gone; nothing: never. `vectors`: of its
// texts, all with as many numbers; they replace those it had.
void putItem(sql::Connection& db, const Namespace& ns, std::string_view key, JsonView value,
             std::optional<microseconds> ttl, Timestamp now, std::span<const Vector> vectors = {});
// Those with a time to live live as long again from now; what has expired or is gone stays so.
void refreshItems(sql::Connection& db, const std::vector<ItemPlace>& places, Timestamp now);
void deleteItem(sql::Connection& db, const Namespace& ns, std::string_view key);
// Removes the rows of at most `limit` items whose time has passed (nobody sees them any more); how many it
// removed.
std::int64_t expireItems(sql::Connection& db, Timestamp now, std::int64_t limit);

struct ItemQuery {
    Namespace prefix;
    // {field: value} or {field: {"$eq"|"$ne"|"$gt"|"$gte"|"$lt"|"$lte": value}} over the value's top-level
    // keys.
    RawJson filter = RawJson::trusted("{}");
    std::int64_t limit = 10;
    std::int64_t offset = 0;
    // Nearest first (item_ranking.hpp), not newest update first.
    std::optional<Vector> vector;
};
// A Problem for an unknown operator.
Result<std::vector<Item>> searchItems(sql::Connection& db, const ItemQuery& query, Timestamp now);

struct NamespaceQuery {
    std::optional<Namespace> prefix;  // "*" matches any one label
    std::optional<Namespace> suffix;
    std::optional<std::int64_t> max_depth;  // longer ones are cut
    std::int64_t limit = 100;
    std::int64_t offset = 0;
};
std::vector<Namespace> listNamespaces(sql::Connection& db, const NamespaceQuery& query, Timestamp now);

}  // namespace heddle::store
