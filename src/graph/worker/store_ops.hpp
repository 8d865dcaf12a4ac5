// SPDX-License-Identifier: Apache-2.0
// The operations of `store.batch`: read from JSON, done in one transaction, answered as JSON.
#pragma once

#include "base/json.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "domain/item.hpp"
#include "sql/connection.hpp"
#include "store/items.hpp"

#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace heddle::graph {

struct GetItem {
    ItemPlace place;
    bool refresh = true;  // reading prolongs its life
};
struct SearchItems {
    store::ItemQuery query;
    bool refresh = true;
};
struct PutItem {
    Namespace ns;
    std::string key;
    RawJson value;  // null: delete
    std::optional<microseconds> ttl;
    std::vector<Vector> vectors;  // of its texts
};
using StoreOp = std::variant<GetItem, PutItem, SearchItems, store::NamespaceQuery>;

// `{"ops": […]}`. A Problem says which operation is wrong and why.
Result<std::vector<StoreOp>> readStoreOps(JsonView body);
[[nodiscard]] bool changesItems(const std::vector<StoreOp>& ops);
[[nodiscard]] bool searchesByMeaning(const std::vector<StoreOp>& ops);
struct StoreResults {
    std::string json;                   // {"results": […]}
    std::vector<ItemPlace> to_refresh;  // what was read and lives on for that
};
// All operations in order.
Result<StoreResults> runStoreOps(sql::Connection& db, const std::vector<StoreOp>& ops, Timestamp now);

}  // namespace heddle::graph
