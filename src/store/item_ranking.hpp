// SPDX-License-Identifier: Apache-2.0
// Searches by meaning: the items whose vectors are nearest. Internal to store.
#pragma once

#include "base/limits.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "domain/item.hpp"
#include "store/items.hpp"

#include <cstddef>
#include <vector>

namespace heddle::store {

// Exact: compares the query's vector, which must be there, with each one of the namespaces, and scores an
// item by its best. Then, as in LangGraph's own stores, items that have no vector with as many numbers,
// newest update first and without a score. `kept`: how many of the best are remembered in one pass over the
// vectors; when they do not suffice there is another pass. A Problem for an unknown operator.
Result<std::vector<Item>> rankItems(sql::Connection& db, const ItemQuery& query, Timestamp now,
                                    std::size_t kept = limits::kRankedVectors);

}  // namespace heddle::store
