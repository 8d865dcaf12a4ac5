// SPDX-License-Identifier: Apache-2.0
// Rows of items, and what their queries share. Internal to store.
#pragma once

#include "base/time.hpp"
#include "domain/item.hpp"
#include "sql/connection.hpp"
#include "store/conditions.hpp"

#include <span>
#include <string>

namespace heddle::store {

// The columns of readItem(); the value is column 2.
#define HEDDLE_SELECT_ITEM "SELECT ns, key, value, created_at, updated_at, ttl_us, expires_at FROM items"

[[nodiscard]] Item readItem(const sql::Statement& row);
void addPrefix(Conditions& conditions, std::span<const std::string> prefix);
void addAlive(Conditions& conditions, Timestamp now);

}  // namespace heddle::store
