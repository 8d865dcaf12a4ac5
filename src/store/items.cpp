// SPDX-License-Identifier: Apache-2.0
#include "store/items.hpp"

#include "store/conditions.hpp"
#include "store/item_rows.hpp"
#include "store/item_vectors.hpp"
#include "store/namespaces.hpp"
#include "store/page.hpp"
#include "store/value_bits.hpp"

#include <algorithm>
#include <set>
#include <span>
#include <string>
#include <utility>

namespace heddle::store {
namespace {

bool sameLabels(const Namespace& ns, const Namespace& wanted, std::size_t from) {
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        if (wanted[i] != "*" && wanted[i] != ns[from + i]) return false;
    }
    return true;
}

bool matches(const Namespace& ns, const NamespaceQuery& query) {
    if (query.prefix && (ns.size() < query.prefix->size() || !sameLabels(ns, *query.prefix, 0))) return false;
    if (!query.suffix) return true;
    return ns.size() >= query.suffix->size() &&
           sameLabels(ns, *query.suffix, ns.size() - query.suffix->size());
}

// The labels of a prefix before its first wildcard: those the index can use.
std::span<const std::string> fixedPart(const NamespaceQuery& query) {
    if (!query.prefix) return {};
    const auto end = std::find(query.prefix->begin(), query.prefix->end(), "*");
    return {query.prefix->begin(), end};
}

}  // namespace

std::optional<Item> getItem(sql::Connection& db, const Namespace& ns, std::string_view key, Timestamp now) {
    auto row =
        db.query(HEDDLE_SELECT_ITEM " WHERE ns = $1 AND key = $2 AND (expires_at IS NULL OR expires_at > $3)",
                 encodeNamespace(ns), key, now.micros());
    return row.step() ? std::optional<Item>(readItem(row)) : std::nullopt;
}

void putItem(sql::Connection& db, const Namespace& ns, std::string_view key, JsonView value,
             std::optional<microseconds> ttl, Timestamp now, std::span<const Vector> vectors) {
    const std::string place = encodeNamespace(ns);
    const auto expires = ttl ? std::optional<std::int64_t>((now + *ttl).micros()) : std::nullopt;
    const auto dims =
        vectors.empty() ? std::nullopt : std::optional(static_cast<std::int64_t>(vectors[0].dims()));
    std::int64_t id = 0;
    {
        auto row = db.prepare(
            // One that has expired is gone, even when its row is still there: the new one begins now.
            "INSERT INTO items (ns, key, created_at, updated_at, expires_at, value, ttl_us, vector_dims, "
            "value_bits)"
            " VALUES ($1, $2, $3, $3, $4, $5, $6, $7, $8)"
            " ON CONFLICT (ns, key) DO UPDATE SET created_at = CASE WHEN items.expires_at <= "
            "excluded.updated_at"
            " THEN excluded.created_at ELSE items.created_at END, updated_at = excluded.updated_at,"
            " expires_at = excluded.expires_at, value = excluded.value, ttl_us = excluded.ttl_us,"
            " vector_dims = excluded.vector_dims, value_bits = excluded.value_bits RETURNING id");
        row.borrow().bind(place).bind(key).bind(now.micros()).bind(expires).bind(value.text());
        row.bind(ttl ? std::optional<std::int64_t>(ttl->count()) : std::nullopt)
            .bind(dims)
            .bind(valueBits(value));
        row.step();
        id = row.integer(0);
        row.run();
    }
    replaceVectors(db, id, place, vectors);
}

void refreshItems(sql::Connection& db, const std::vector<ItemPlace>& places, Timestamp now) {
    for (const auto& place : places) {
        db.run(
            "UPDATE items SET expires_at = $1 + ttl_us WHERE ns = $2 AND key = $3 AND ttl_us IS NOT NULL"
            " AND expires_at > $1",
            now.micros(), encodeNamespace(place.ns), place.key);
    }
}

void deleteItem(sql::Connection& db, const Namespace& ns, std::string_view key) {
    db.run("DELETE FROM items WHERE ns = $1 AND key = $2", encodeNamespace(ns), key);
}

std::vector<Namespace> listNamespaces(sql::Connection& db, const NamespaceQuery& query, Timestamp now) {
    Conditions conditions;
    addPrefix(conditions, fixedPart(query));
    addAlive(conditions, now);
    std::set<Namespace> found;
    {
        auto rows = conditions.query(db, "SELECT DISTINCT ns FROM items" + conditions.where());
        while (rows.step()) {
            Namespace ns = decodeNamespace(rows.text(0));
            if (!matches(ns, query)) continue;
            if (query.max_depth && *query.max_depth >= 0 &&
                ns.size() > static_cast<std::size_t>(*query.max_depth)) {
                ns.resize(static_cast<std::size_t>(*query.max_depth));
            }
            found.insert(std::move(ns));
        }
    }
    std::vector<Namespace> out(found.begin(), found.end());
    paginate(out, query.offset, query.limit);
    return out;
}

std::int64_t expireItems(sql::Connection& db, Timestamp now, std::int64_t limit) {
    return db.run(
        "DELETE FROM items WHERE id IN (SELECT id FROM items WHERE expires_at <= $1 ORDER BY expires_at "
        "LIMIT $2)",
        now.micros(), limit);
}

}  // namespace heddle::store
