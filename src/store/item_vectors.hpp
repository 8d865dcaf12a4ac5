// SPDX-License-Identifier: Apache-2.0
// The vectors of items, stored so that all of a namespace are read in one go. Internal to store.
#pragma once

#include "domain/item.hpp"
#include "domain/vector.hpp"
#include "sql/connection.hpp"

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace heddle::store {

// `vectors` become those of an item; none: it has none any more. `ns`: as encoded.
void replaceVectors(sql::Connection& db, std::int64_t item, std::string_view ns,
                    std::span<const Vector> vectors);

// The ids of vectors from `first` up to, not including, `end`.
struct VectorRange {
    std::int64_t first = 0;
    std::int64_t end = 0;
};
// Where the vectors of all namespaces with these first labels are, ascending.
[[nodiscard]] std::vector<VectorRange> vectorRanges(sql::Connection& db, const Namespace& prefix);

}  // namespace heddle::store
