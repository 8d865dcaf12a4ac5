// SPDX-License-Identifier: Apache-2.0
// The numbered schema changes of each engine. A released migration is never edited: a change is a new number.
#pragma once

#include "sql/connection.hpp"
#include "sql/migrations.hpp"

#include <vector>

namespace heddle::store {

// Throws std::logic_error for an engine that has no schema yet.
[[nodiscard]] std::vector<sql::Migration> schema(sql::Dialect dialect);

// Writes the newest migration's row again as it is: the smallest write there is, to see whether the database
// can be written. Throws sql::Error when it cannot.
void rewriteVersion(sql::Connection& db);

}  // namespace heddle::store
