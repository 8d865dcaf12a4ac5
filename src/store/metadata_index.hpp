// SPDX-License-Identifier: Apache-2.0
// The side table thread_metadata: top-level scalars of thread metadata, so that search need not read JSON.
#pragma once

#include "base/json.hpp"
#include "sql/connection.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace heddle::store {

// The value under which a field is in the index; nothing for those that are not (objects, arrays, long ones).
[[nodiscard]] std::optional<std::string> indexedValue(const JsonField& field);

// Brings the rows of a thread from `before` to `after` (both metadata objects; {} for none).
void updateMetadataIndex(sql::Connection& db, std::int64_t thread, JsonView before, JsonView after);

}  // namespace heddle::store
