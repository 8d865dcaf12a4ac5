// SPDX-License-Identifier: Apache-2.0
#include "store/metadata_index.hpp"

#include "store/json_match.hpp"

#include <map>

namespace heddle::store {
namespace {

// Longer ones cost more in the index than a look at the metadata costs.
constexpr std::size_t kIndexedChars = 256;

using Entries = std::map<std::string, std::string>;

Entries entries(JsonView metadata) {
    Entries out;
    if (metadata.text() == "{}") return out;
    for (const auto& field : metadata.fields()) {
        if (auto value = indexedValue(field)) out.emplace(field.key, *std::move(value));
    }
    return out;
}

}  // namespace

std::optional<std::string> indexedValue(const JsonField& field) {
    // PostgreSQL's text has no NUL.
    if (field.key.size() > kIndexedChars || field.key.find('\0') != std::string::npos) return std::nullopt;
    auto value = canonicalScalar(field.value);
    if (value && value->size() > kIndexedChars) return std::nullopt;
    return value;
}

void updateMetadataIndex(sql::Connection& db, std::int64_t thread, JsonView before, JsonView after) {
    if (before.text() == after.text()) return;
    const Entries old = entries(before), now = entries(after);
    for (const auto& [key, value] : old) {
        if (now.contains(key)) continue;
        db.run("DELETE FROM thread_metadata WHERE thread = $1 AND key = $2", thread, key);
    }
    for (const auto& [key, value] : now) {
        const auto known = old.find(key);
        if (known != old.end() && known->second == value) continue;
        db.run(
            "INSERT INTO thread_metadata (thread, key, value) VALUES ($1, $2, $3)"
            " ON CONFLICT (thread, key) DO UPDATE SET value = excluded.value",
            thread, key, value);
    }
}

}  // namespace heddle::store
