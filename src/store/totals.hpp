// SPDX-License-Identifier: Apache-2.0
// How much a database holds. For people: it is counted row by row.
#pragma once

#include "sql/connection.hpp"

#include <cstdint>

namespace heddle::store {

struct Totals {
    std::int64_t threads = 0;  // those that clients see: no temporary ones
    std::int64_t runs = 0;
};

// Works on every schema version. Throws sql::Error when the tables are not there.
Totals countTotals(sql::Connection& db);

}  // namespace heddle::store
