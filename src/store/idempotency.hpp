// SPDX-License-Identifier: Apache-2.0
// Which run a request with an Idempotency-Key made. Functions run inside a job, on a storage thread.
#pragma once

#include "base/ids.hpp"
#include "base/time.hpp"
#include "domain/idempotency.hpp"
#include "sql/connection.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace heddle::store {

inline constexpr std::chrono::hours kIdempotencyKeysStay{24};

struct KnownKey {
    std::string digest;
    RunId run;  // may have been removed since
};

// Nothing for a key that is not known or too old at `now`.
std::optional<KnownKey> findIdempotencyKey(sql::Connection& db, const IdempotencyKey& key, Timestamp now);
// Beside the run's row, in its transaction. Takes the place of a key that is too old.
void saveIdempotencyKey(sql::Connection& db, const IdempotencyKey& key, const RunId& run, Timestamp now);
// Removes at most `limit` keys that are too old; how many it removed.
std::int64_t expireIdempotencyKeys(sql::Connection& db, Timestamp now, std::int64_t limit);

}  // namespace heddle::store
