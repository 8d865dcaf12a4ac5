// SPDX-License-Identifier: Apache-2.0
// 63 bits beside each thread's times, a Bloom filter of the scalars at the top of its values: searches by
// `values` read the JSON of those threads only that may have what is looked for. Items have them too.
#pragma once

#include "base/json.hpp"
#include "sql/connection.hpp"

#include <cstdint>
#include <string_view>

namespace heddle::store {

// Of a thread's values. Stored, so the same for ever: to change it takes a migration.
[[nodiscard]] std::int64_t valueBits(JsonView values);
// All set in valueBits() of every values that contain `part` (JSON containment); perhaps 0.
[[nodiscard]] std::int64_t wantedBits(JsonView part);

// The same for one field; 0 for what is no scalar, and for long ones.
[[nodiscard]] std::int64_t scalarBits(std::string_view key, JsonView value);

// From the values of all threads, or items: for a migration.
void rebuildValueBits(sql::Connection& db);
void rebuildItemBits(sql::Connection& db);

}  // namespace heddle::store
