// SPDX-License-Identifier: Apache-2.0
#include "sql/dialect.hpp"

namespace heddle::sql::dialect {

std::string_view beginWrite(Dialect dialect) {
    return dialect == Dialect::kSqlite ? "BEGIN IMMEDIATE" : "BEGIN";
}

std::string_view forUpdate(Dialect dialect) {
    return dialect == Dialect::kSqlite ? "" : " FOR UPDATE";
}

std::string eachField(Dialect dialect, std::string_view json) {
    const std::string argument(json);
    if (dialect == Dialect::kSqlite) return "json_each(" + argument + ")";
    return "json_each_text((" + argument + ")::json)";
}

std::string eachString(Dialect dialect, std::string_view json) {
    const std::string argument(json);
    if (dialect == Dialect::kSqlite) return "SELECT value FROM json_each(" + argument + ")";
    return "SELECT value FROM json_array_elements_text((" + argument + ")::json)";
}

void reclaim(Connection& connection, std::int64_t pages_max) {
    if (connection.dialect() != Dialect::kSqlite) return;  // autovacuum
    connection.execute("PRAGMA incremental_vacuum(" + std::to_string(pages_max) + ")");
}

}  // namespace heddle::sql::dialect
