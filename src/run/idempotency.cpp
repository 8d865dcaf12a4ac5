// SPDX-License-Identifier: Apache-2.0
#include "run/idempotency.hpp"

#include "store/idempotency.hpp"
#include "store/runs.hpp"

#include <utility>

namespace heddle::run {

Result<std::optional<Run>> findReplay(sql::Connection& db, const IdempotencyKey& key, Timestamp now) {
    const auto known = store::findIdempotencyKey(db, key, now);
    if (!known) return std::optional<Run>();
    if (known->digest != key.digest) {
        return Problem::conflict(
            "Idempotency-Key: it was used within the last 24 hours for another request (another path or "
            "body)");
    }
    auto run = store::findRun(db, known->run);
    if (!run) {
        return Problem::conflict("Idempotency-Key: the run that its first request made has been deleted");
    }
    return run;
}

}  // namespace heddle::run
