// SPDX-License-Identifier: Apache-2.0
#include "store/metadata_plan.hpp"

#include "store/json_match.hpp"
#include "store/rows.hpp"

#include <algorithm>
#include <utility>

namespace heddle::store {
namespace {

// Keys that become conditions: a bound on the number of different texts.
constexpr std::size_t kIndexedKeys = 4;

}  // namespace

bool MetadataPlan::matchesRest(JsonView metadata) const {
    return std::all_of(rest.begin(), rest.end(), [metadata](const JsonField& field) {
        const auto value = metadata.get(field.key);
        return value && containsJson(*value, field.value);
    });
}

MetadataPlan planMetadata(sql::Connection& db, const MetadataTable& table, JsonView wanted) {
    MetadataPlan out;
    const std::string count =
        "SELECT count(*) FROM " + std::string(table.name) + " WHERE key = $1 AND value = $2";
    for (auto& field : wanted.fields()) {
        auto indexed = indexedField(field);
        const bool exact = indexed.complete && out.keys.size() + indexed.values.size() <= kIndexedKeys;
        // Where the index says only a part, that part still narrows the search.
        for (auto& [key, value] : indexed.values) {
            if (out.keys.size() == kIndexedKeys) break;
            const auto owners = singleInteger(db.query(count, key, value));
            out.impossible = out.impossible || owners == 0;
            out.keys.push_back({std::move(key), std::move(value), owners});
        }
        if (!exact) out.rest.push_back(std::move(field));
    }
    std::stable_sort(out.keys.begin(), out.keys.end(),
                     [](const MetadataKey& a, const MetadataKey& b) { return a.owners < b.owners; });
    return out;
}

void addKey(Conditions& conditions, const MetadataTable& table, std::string_view id, const MetadataKey& key,
            Lookup lookup) {
    const std::string name(table.name), owner = "m." + std::string(table.owner), row(id);
    const std::string has = " AND m.key = ? AND m.value = ?)";
    conditions.add(
        lookup == Lookup::kList
            ? row + " IN (SELECT " + owner + " FROM " + name + " m WHERE m.key = ? AND m.value = ?)"
            : "EXISTS (SELECT 1 FROM " + name + " m WHERE " + owner + " = " + row + has,
        key.name, key.value);
}

}  // namespace heddle::store
