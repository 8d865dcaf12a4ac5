// SPDX-License-Identifier: Apache-2.0
// The webhook outbox in the database. Functions run inside a job, on a storage thread.
#pragma once

#include "domain/delivery.hpp"
#include "sql/connection.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace heddle::store {

// At most one delivery a run: false when the run has one.
bool insertDelivery(sql::Connection& db, const Delivery& delivery);
std::optional<Delivery> findDelivery(sql::Connection& db, const DeliveryId& id);

// A lane is a destination (Delivery::lane). A dead one may have 10,000 deliveries waiting, so nothing here
// reads past the heads of a lane.
struct LaneHead {
    std::string lane;
    Timestamp due_at;  // the earliest of its pending deliveries
};
// The lanes that have pending deliveries, the earliest due first, at most `limit`. Must not read every
// pending row: step from lane to lane on the index (lane, due_at) WHERE pending (recursive CTE over
// min(lane)), then min(due_at) of each.
std::vector<LaneHead> nextLanes(sql::Connection& db, std::int64_t limit);

// What a lane needs to know of a waiting delivery; the body stays on disk.
struct DueDelivery {
    DeliveryId id;
    std::string lane;
    Timestamp due_at;
};
// Pending deliveries of a lane in the order of due_at, due or not, at most `limit` (which may grow to 300).
std::vector<DueDelivery> nextInLane(sql::Connection& db, std::string_view lane, std::int64_t limit);
// Starts an attempt: attempts + 1, first_sent_at set by the first one, due_at moved to `lease_until` (so that
// a crash during the attempt retries it). The row to send, or nothing when it is no longer pending or not due
// (due_at > now: somebody else has started it, or its last attempt moved it). For releaseLeases the row
// remembers that it is leased until recordOutcome.
std::optional<Delivery> beginAttempt(sql::Connection& db, const DeliveryId& id, Timestamp now,
                                     Timestamp lease_until);

struct AttemptOutcome {
    DeliveryStatus status = DeliveryStatus::kPending;  // kPending: again at due_at
    Timestamp due_at;
    std::optional<int> status_code;
    std::string error;
};
// Ends the attempt that beginAttempt started. Does nothing when the delivery is no longer pending.
void recordOutcome(sql::Connection& db, const DeliveryId& id, const AttemptOutcome& outcome);
// At start, after a crash: leases of attempts that were under way become due now.
void releaseLeases(sql::Connection& db, Timestamp now);
std::int64_t countPending(sql::Connection& db);
// Removes at most `limit` deliveries that are no longer pending and were created before `before`; how many it
// removed.
std::int64_t expireDeliveries(sql::Connection& db, Timestamp before, std::int64_t limit);

}  // namespace heddle::store
