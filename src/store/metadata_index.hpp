// SPDX-License-Identifier: Apache-2.0
// The side tables of metadata: their scalars, also those inside objects, so that search need not read JSON.
// The key of a nested one is its path, "a\x1fb" for {"a": {"b": 1}}.
#pragma once

#include "base/json.hpp"
#include "sql/connection.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace heddle::store {

// Which table, and its column for the row whose metadata they are.
struct MetadataTable {
    std::string_view name;
    std::string_view owner;
};
inline constexpr MetadataTable kThreadMetadata{"thread_metadata", "thread"};
inline constexpr MetadataTable kAssistantMetadata{"assistant_metadata", "assistant"};
inline constexpr MetadataTable kCronMetadata{"cron_metadata", "cron"};

struct IndexedValue {
    std::string key;
    std::string value;  // canonical JSON
};

// What the index holds of a metadata field.
struct IndexedField {
    std::vector<IndexedValue> values;
    // Metadata contain the field exactly if they have all these values: nothing of it is left out (arrays,
    // empty objects, what is long or deep).
    bool complete = true;
};
[[nodiscard]] IndexedField indexedField(const JsonField& field);

// Brings an owner's rows from `before` to `after` (both metadata objects; {} for none).
void updateMetadataIndex(sql::Connection& db, const MetadataTable& table, std::int64_t owner, JsonView before,
                         JsonView after);
// From the metadata of all threads, or assistants: for a migration.
void rebuildThreadMetadata(sql::Connection& db);
void rebuildAssistantMetadata(sql::Connection& db);

}  // namespace heddle::store
