// SPDX-License-Identifier: Apache-2.0
// Numbered, forward-only schema changes. The caller passes the list of its engine.
#pragma once

#include "base/time.hpp"
#include "sql/connection.hpp"

#include <span>
#include <string_view>

namespace heddle::sql {

struct Migration {
    int version = 0;  // 1, 2, 3, … without gaps
    std::string_view name;
    std::string_view ddl;  // statements, separated by semicolons
    // What SQL alone cannot say, after the ddl and in its transaction.
    void (*then)(Connection& connection) = nullptr;
};

// Brings the database to the newest version, each step in a transaction of its own, and records it in the
// table heddle_schema. Outside any transaction. Throws std::runtime_error, and changes nothing, when the
// database is newer than the list; throws sql::Error when a step fails, which leaves the version before it.
void migrate(Connection& connection, std::span<const Migration> migrations, Timestamp now);

// The version a database has; 0 for an empty one.
int schemaVersion(Connection& connection);

}  // namespace heddle::sql
