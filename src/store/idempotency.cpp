// SPDX-License-Identifier: Apache-2.0
#include "store/idempotency.hpp"

#include "store/rows.hpp"

namespace heddle::store {

std::optional<KnownKey> findIdempotencyKey(sql::Connection& db, const IdempotencyKey& key, Timestamp now) {
    auto row = db.query(
        "SELECT digest, run_uuid FROM idempotency_keys WHERE scope = $1 AND key = $2 AND created_at > $3",
        key.scope, key.key, (now - kIdempotencyKeysStay).micros());
    if (!row.step()) return std::nullopt;
    return KnownKey{row.string(0), idAt<RunId>(row, 1)};
}

void saveIdempotencyKey(sql::Connection& db, const IdempotencyKey& key, const RunId& run, Timestamp now) {
    db.run(
        "INSERT INTO idempotency_keys (scope, key, digest, run_uuid, created_at) VALUES ($1, $2, $3, $4, $5)"
        " ON CONFLICT (scope, key) DO UPDATE SET digest = excluded.digest, run_uuid = excluded.run_uuid,"
        " created_at = excluded.created_at",
        key.scope, key.key, key.digest, run.str(), now.micros());
}

std::int64_t expireIdempotencyKeys(sql::Connection& db, Timestamp now, std::int64_t limit) {
    return db.run(
        "DELETE FROM idempotency_keys WHERE id IN"
        " (SELECT id FROM idempotency_keys WHERE created_at <= $1 ORDER BY created_at LIMIT $2)",
        (now - kIdempotencyKeysStay).micros(), limit);
}

}  // namespace heddle::store
