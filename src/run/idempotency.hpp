// SPDX-License-Identifier: Apache-2.0
// The rule of Idempotency-Key: the same request again is answered with the run it made the first time.
#pragma once

#include "base/result.hpp"
#include "domain/idempotency.hpp"
#include "domain/run.hpp"
#include "sql/connection.hpp"

#include <optional>

namespace heddle::run {

// The run that the key's first request made; nothing when the key is new. kConflict when the key stands for
// another request, or its run has been deleted. Runs in a write job.
Result<std::optional<Run>> findReplay(sql::Connection& db, const IdempotencyKey& key, Timestamp now);

}  // namespace heddle::run
