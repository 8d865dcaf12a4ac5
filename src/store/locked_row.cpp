// SPDX-License-Identifier: Apache-2.0
#include "store/locked_row.hpp"

#include "sql/dialect.hpp"
#include "store/rows.hpp"

#include <string>

namespace heddle::store {

std::optional<LockedRow> lockRow(sql::Connection& db, std::string_view table, std::string_view uuid) {
    std::string text = "SELECT id, metadata FROM " + std::string(table) + " WHERE uuid = $1";
    text += sql::dialect::forUpdate(db.dialect());
    auto row = db.query(text, uuid);
    return row.step() ? std::optional<LockedRow>({row.integer(0), jsonAt(row, 1)}) : std::nullopt;
}

}  // namespace heddle::store
