// SPDX-License-Identifier: Apache-2.0
#include "store/totals.hpp"

namespace heddle::store {

Totals countTotals(sql::Connection& db) {
    auto row =
        db.query("SELECT (SELECT count(*) FROM threads WHERE temporary = 0), (SELECT count(*) FROM runs)");
    row.step();
    return {row.integer(0), row.integer(1)};
}

}  // namespace heddle::store
