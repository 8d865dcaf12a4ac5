// SPDX-License-Identifier: Apache-2.0
// What deliveries.cpp and delivery_log.cpp share: rows of deliveries (alias `d`), and the upkeep of lanes.
// Internal to store.
#pragma once

#include "domain/delivery.hpp"
#include "sql/connection.hpp"

#include <string_view>

// readDeliveryHead() reads them from column 0 on.
#define HEDDLE_DELIVERY_COLUMNS                                                                           \
    "d.uuid, d.run_uuid, d.thread_uuid, d.url, d.lane, d.host, d.traceparent, d.sent_at_offset, "         \
    "d.first_sent_at, d.status, d.attempts, d.spent, d.due_at, d.created_at, d.queued_at, d.updated_at, " \
    "d.last_status_code, d.last_error"

namespace heddle::store {

inline constexpr int kDeliveryColumns = 18;

// Without the body.
[[nodiscard]] Delivery readDeliveryHead(const sql::Statement& row);

// A delivery of the lane became due at `due_at`: keeps delivery_lanes early enough.
void touchLane(sql::Connection& db, std::string_view lane, Timestamp due_at);
// Brings the lane's row to what its pending deliveries say; removes it when there are none.
void settleLane(sql::Connection& db, std::string_view lane);

}  // namespace heddle::store
