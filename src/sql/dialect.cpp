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

std::string_view likeAnyCase(Dialect dialect) {
    return dialect == Dialect::kSqlite ? "LIKE" : "ILIKE";
}

std::string byteLength(Dialect dialect, std::string_view text) {
    const std::string argument(text);
    if (dialect == Dialect::kSqlite) return "length(CAST(" + argument + " AS BLOB))";
    return "octet_length(" + argument + ")";
}

std::int64_t freePages(Connection& connection) {
    if (connection.dialect() != Dialect::kSqlite) return 0;
    auto row = connection.query("PRAGMA freelist_count");
    return row.step() ? row.integer(0) : 0;
}

void reclaim(Connection& connection, std::int64_t pages_max) {
    if (connection.dialect() != Dialect::kSqlite) return;  // autovacuum
    connection.execute("PRAGMA incremental_vacuum(" + std::to_string(pages_max) + ")");
}

}  // namespace heddle::sql::dialect
