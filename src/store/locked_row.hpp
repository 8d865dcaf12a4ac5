// SPDX-License-Identifier: Apache-2.0
// The row that a change is about, locked until the transaction ends.
#pragma once

#include "base/json.hpp"
#include "sql/connection.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace heddle::store {

struct LockedRow {
    std::int64_t id = 0;
    RawJson metadata;
};

// Of a table with `id`, `uuid` and `metadata`. Nothing when there is no such row.
[[nodiscard]] std::optional<LockedRow> lockRow(sql::Connection& db, std::string_view table,
                                               std::string_view uuid);

}  // namespace heddle::store
