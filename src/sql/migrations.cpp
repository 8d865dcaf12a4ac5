// SPDX-License-Identifier: Apache-2.0
#include "sql/migrations.hpp"

#include "sql/dialect.hpp"

#include <stdexcept>
#include <string>

namespace heddle::sql {
namespace {

void apply(Connection& connection, const Migration& migration, Timestamp now) {
    connection.execute(dialect::beginWrite(connection.dialect()));
    try {
        connection.execute(migration.ddl);
        if (migration.then != nullptr) migration.then(connection);
        connection.run("INSERT INTO heddle_schema (version, applied_at) VALUES ($1, $2)", migration.version,
                       now.micros());
        connection.execute("COMMIT");
    } catch (...) {
        try {
            connection.execute("ROLLBACK");
        } catch (const Error&) {
            // Rolled back already. The first error says why.
        }
        throw;
    }
}

}  // namespace

int schemaVersion(Connection& connection) {
    connection.execute(
        "CREATE TABLE IF NOT EXISTS heddle_schema (version INTEGER PRIMARY KEY, applied_at BIGINT NOT NULL)");
    auto row = connection.query("SELECT coalesce(max(version), 0) FROM heddle_schema");
    row.step();
    return static_cast<int>(row.integer(0));
}

void migrate(Connection& connection, std::span<const Migration> migrations, Timestamp now) {
    const int current = schemaVersion(connection);
    const int newest = migrations.empty() ? 0 : migrations.back().version;
    if (current > newest) {
        throw std::runtime_error("the database has schema version " + std::to_string(current) +
                                 ", this heddle knows versions up to " + std::to_string(newest) +
                                 ": use a newer heddle or restore a backup");
    }
    for (const Migration& migration : migrations) {
        if (migration.version > current) apply(connection, migration, now);
    }
}

}  // namespace heddle::sql
