// SPDX-License-Identifier: Apache-2.0
// Pages of what a search found. Internal to store.
#pragma once

#include "sql/connection.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace heddle::store {

// `values` from `offset`, at most `limit` of them.
template <class T>
void paginate(std::vector<T>& values, std::int64_t offset, std::int64_t limit) {
    const auto size = static_cast<std::int64_t>(values.size());
    const auto begin = std::clamp<std::int64_t>(offset, 0, size);
    const auto end = begin + std::clamp<std::int64_t>(limit, 0, size - begin);
    values.erase(values.begin() + end, values.end());
    values.erase(values.begin(), values.begin() + begin);
}

// How many there are in all, where a page of `size` says it: one that is not full is the last.
inline std::optional<std::int64_t> totalAfter(std::size_t size, std::int64_t offset, std::int64_t limit) {
    const auto found = static_cast<std::int64_t>(size);
    const bool last = found < limit && (found > 0 || offset == 0);
    return last ? std::optional(offset + found) : std::nullopt;
}

// The first column of every row.
inline std::vector<std::int64_t> rowIds(sql::Statement rows) {
    std::vector<std::int64_t> out;
    while (rows.step()) out.push_back(rows.integer(0));
    return out;
}

}  // namespace heddle::store
