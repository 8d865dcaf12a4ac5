// SPDX-License-Identifier: Apache-2.0
// Rows of crons. Internal to store.
#pragma once

#include "domain/cron.hpp"
#include "store/rows.hpp"

#include <string>

namespace heddle::store {

// The crons as `c`, for conditions that follow; for readCron().
[[nodiscard]] const std::string& selectCron();
[[nodiscard]] Cron readCron(const sql::Statement& row);

}  // namespace heddle::store
