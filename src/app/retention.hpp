// SPDX-License-Identifier: Apache-2.0
// Removes what has had its time: retired runs, events, items, deliveries.
#pragma once

#include "base/result.hpp"
#include "base/time.hpp"
#include "sql/connection.hpp"

#include <cstdint>

namespace heddle::app {

constexpr std::int64_t kSweepChunk = 200;  // rows of each kind in one job

// In a write job. The most rows removed of one kind: a full chunk says that there may be more.
Result<std::int64_t> sweepChunk(sql::Connection& db, Timestamp now);

}  // namespace heddle::app
