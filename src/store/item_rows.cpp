// SPDX-License-Identifier: Apache-2.0
#include "store/item_rows.hpp"

#include "store/namespaces.hpp"
#include "store/rows.hpp"

namespace heddle::store {

Item readItem(const sql::Statement& row) {
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

void addPrefix(Conditions& conditions, std::span<const std::string> prefix) {
    if (prefix.empty()) return;
    conditions.add("ns >= ? AND ns < ?", encodeNamespace(prefix), afterNamespace(prefix));
}

void addAlive(Conditions& conditions, Timestamp now) {
    conditions.add("(expires_at IS NULL OR expires_at > ?)", now.micros());
}

}  // namespace heddle::store
