// SPDX-License-Identifier: Apache-2.0
// Rows of items, and what their queries share. Internal to store.
#pragma once

#include "domain/item.hpp"
#include "store/conditions.hpp"
#include "store/namespaces.hpp"
#include "store/rows.hpp"

#include <span>
#include <string>

namespace heddle::store {

#define HEDDLE_SELECT_ITEM "SELECT ns, key, value, created_at, updated_at, ttl_us, expires_at FROM items"

// Columns: those of HEDDLE_SELECT_ITEM.
inline Item readItem(const sql::Statement& row) {
    Item out;
    out.ns = decodeNamespace(row.text(0));
    out.key = row.string(1);
    out.value = jsonAt(row, 2);
    out.created_at = timeAt(row, 3);
    out.updated_at = timeAt(row, 4);
    if (!row.isNull(5)) out.ttl = microseconds(row.integer(5));
    out.expires_at = optionalTimeAt(row, 6);
    return out;
}

inline void addPrefix(Conditions& conditions, std::span<const std::string> prefix) {
    if (prefix.empty()) return;
    conditions.add("ns >= ? AND ns < ?", encodeNamespace(prefix), afterNamespace(prefix));
}

inline void addAlive(Conditions& conditions, Timestamp now) {
    conditions.add("(expires_at IS NULL OR expires_at > ?)", now.micros());
}

}  // namespace heddle::store
