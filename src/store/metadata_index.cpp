// SPDX-License-Identifier: Apache-2.0
#include "store/metadata_index.hpp"

#include "store/json_match.hpp"

#include <map>
#include <string_view>
#include <utility>

namespace heddle::store {
namespace {

// Longer ones cost more in the index than a look at the metadata costs.
constexpr std::size_t kIndexedChars = 256;
constexpr int kIndexedDepth = 4;
constexpr char kSeparator = '\x1f';

// A key with the separator would look like a path; PostgreSQL's text has no NUL.
bool fit(std::string_view key) {
    return key.find_first_of(std::string_view("\x1f\0", 2)) == std::string_view::npos;
}

void collect(const std::string& key, JsonView value, int depth, IndexedField& out) {
    if (key.size() > kIndexedChars || depth > kIndexedDepth) {
        out.complete = false;
        return;
    }
    if (value.isObject()) {
        const auto fields = value.fields();
        if (fields.empty()) out.complete = false;
        for (const auto& field : fields) {
            if (fit(field.key)) {
                collect(key + kSeparator + field.key, field.value, depth + 1, out);
            } else {
                out.complete = false;
            }
        }
        return;
    }
    auto canonical = canonicalScalar(value);
    if (canonical && canonical->size() <= kIndexedChars) {
        out.values.push_back({key, *std::move(canonical)});
    } else {
        out.complete = false;
    }
}

using Entries = std::map<std::string, std::string>;

Entries entries(JsonView metadata) {
    Entries out;
    if (metadata.text() == "{}") return out;
    for (const auto& field : metadata.fields()) {
        for (auto& [key, value] : indexedField(field).values) out.emplace(std::move(key), std::move(value));
    }
    return out;
}

// `select`: id and metadata of every owner.
void rebuild(sql::Connection& db, const MetadataTable& table, std::string_view select) {
    db.run("DELETE FROM " + std::string(table.name));
    const RawJson nothing = RawJson::trusted("{}");
    auto rows = db.query(select);
    while (rows.step()) {
        updateMetadataIndex(db, table, rows.integer(0), nothing.view(), JsonView::trusted(rows.text(1)));
    }
}

}  // namespace

IndexedField indexedField(const JsonField& field) {
    IndexedField out;
    if (fit(field.key)) {
        collect(field.key, field.value, 1, out);
    } else {
        out.complete = false;
    }
    return out;
}

void updateMetadataIndex(sql::Connection& db, const MetadataTable& table, std::int64_t owner, JsonView before,
                         JsonView after) {
    if (before.text() == after.text()) return;
    const std::string name(table.name), column(table.owner);
    const Entries old = entries(before), now = entries(after);
    for (const auto& [key, value] : old) {
        if (now.contains(key)) continue;
        db.run("DELETE FROM " + name + " WHERE " + column + " = $1 AND key = $2", owner, key);
    }
    for (const auto& [key, value] : now) {
        const auto known = old.find(key);
        if (known != old.end() && known->second == value) continue;
        db.run("INSERT INTO " + name + " (" + column + ", key, value) VALUES ($1, $2, $3) ON CONFLICT (" +
                   column + ", key) DO UPDATE SET value = excluded.value",
               owner, key, value);
    }
}

void rebuildThreadMetadata(sql::Connection& db) {
    rebuild(db, kThreadMetadata, "SELECT id, metadata FROM threads WHERE temporary = 0");
}

void rebuildAssistantMetadata(sql::Connection& db) {
    rebuild(db, kAssistantMetadata, "SELECT id, metadata FROM assistants");
}

}  // namespace heddle::store
