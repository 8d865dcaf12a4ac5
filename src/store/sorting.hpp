// SPDX-License-Identifier: Apache-2.0
// The order of a search. Internal to store.
#pragma once

#include "store/threads.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace heddle::store {

// The fields that a search can be sorted by, and their columns.
template <std::size_t N>
using SortColumns = std::array<std::pair<std::string_view, std::string_view>, N>;

struct Sorting {
    std::string_view column;
    std::string_view direction;  // with a blank before it
};

// Of a query with sort_by and order. Throws std::logic_error for a field that is not among `columns`.
template <class Query, std::size_t N>
Sorting sortingOf(const Query& query, const SortColumns<N>& columns) {
    const auto* const found = std::find_if(columns.begin(), columns.end(),
                                           [&query](const auto& c) { return c.first == query.sort_by; });
    if (found == columns.end()) throw std::logic_error("nothing is sorted by " + query.sort_by);
    return {found->second, query.order == SortOrder::kAscending ? " ASC" : " DESC"};
}

}  // namespace heddle::store
