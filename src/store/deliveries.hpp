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
// The lanes that have pending deliveries, the earliest first, at most `limit`. Reads delivery_lanes alone,
// whose due_at may be early, never late: a million lanes cost no more than `limit`.
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

// What follows an attempt.
struct AttemptEnd {
    DeliveryStatus status = DeliveryStatus::kPending;  // kPending: again at due_at
    Timestamp due_at;
    DeliveryAttempt attempt;
    // The attempt does not count (the proxy failed, not the receiver): the plan goes on as if it had not
    // been.
    enum class Budget { kSpent, kKept } budget = Budget::kSpent;
    // The lane's circuit opened or stays open until then.
    std::optional<Timestamp> hold_lane_until;
};
// Ends the attempt that beginAttempt started, and logs it. True when the delivery has the status of `end`
// now; false when it was no longer pending (cancelled meanwhile): then only the attempt is logged.
bool endAttempt(sql::Connection& db, const DeliveryId& id, const AttemptEnd& end, Timestamp now);
// At start, after a crash: attempts that were under way are logged as kInterrupted and do not count, their
// deliveries become due now.
void releaseLeases(sql::Connection& db, Timestamp now);
// A closed circuit: the lane's deliveries may start again.
void releaseLane(sql::Connection& db, std::string_view lane, Timestamp now);

std::int64_t countPending(sql::Connection& db);
// The earliest queued_at of what is pending.
std::optional<Timestamp> oldestPending(sql::Connection& db);
// Ends, as kExhausted, at most `limit` deliveries that wait since before `before`, are due and have no
// attempt under way; how many it ended.
std::int64_t exhaustOverdue(sql::Connection& db, Timestamp before, Timestamp now, std::int64_t limit);

// Retention: how long deliveries stay that have ended.
struct Retention {
    Timestamp succeeded_before;
    Timestamp others_before;
};
// Removes at most `limit` deliveries of each status; how many it removed at most of one.
std::int64_t expireDeliveries(sql::Connection& db, const Retention& retention, std::int64_t limit);

}  // namespace heddle::store
