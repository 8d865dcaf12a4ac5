// SPDX-License-Identifier: Apache-2.0
// The side table thread_metadata: scalars of thread metadata, also those inside objects, so that search need
// not read JSON. The key of a nested one is its path, "a\x1fb" for {"a": {"b": 1}}.
#pragma once

#include "base/json.hpp"
#include "sql/connection.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace heddle::store {

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

// Brings the rows of a thread from `before` to `after` (both metadata objects; {} for none).
void updateMetadataIndex(sql::Connection& db, std::int64_t thread, JsonView before, JsonView after);
// From the metadata of all threads: for a migration.
void rebuildMetadataIndex(sql::Connection& db);

}  // namespace heddle::store
