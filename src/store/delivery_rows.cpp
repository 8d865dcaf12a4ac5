// SPDX-License-Identifier: Apache-2.0
#include "store/delivery_rows.hpp"

#include "store/rows.hpp"

namespace heddle::store {

Delivery readDeliveryHead(const sql::Statement& row) {
    Delivery out;
    out.id = idAt<DeliveryId>(row, 0);
    out.run_id = idAt<RunId>(row, 1);
    out.thread_id = idAt<ThreadId>(row, 2);
    out.url = row.string(3);
    out.lane = row.string(4);
    out.host = row.string(5);
    out.traceparent = row.optionalString(6);
    out.sent_at_offset = row.integer(7);
    out.first_sent_at = optionalTimeAt(row, 8);
    out.status = enumAt<DeliveryStatus>(row, 9, parseDeliveryStatus);
    out.attempts = row.integer(10);
    out.spent = row.integer(11);
    out.due_at = timeAt(row, 12);
    out.created_at = timeAt(row, 13);
    out.queued_at = timeAt(row, 14);
    out.updated_at = timeAt(row, 15);
    if (const auto code = row.optionalInteger(16)) out.last_status_code = static_cast<int>(*code);
    out.last_error = row.string(17);
    return out;
}

void touchLane(sql::Connection& db, std::string_view lane, Timestamp due_at) {
    db.run(
        "INSERT INTO delivery_lanes (lane, next_due, held_until) VALUES ($1, $2, 0)"
        " ON CONFLICT (lane) DO UPDATE SET next_due = CASE WHEN excluded.next_due > delivery_lanes.held_until"
        " THEN excluded.next_due ELSE delivery_lanes.held_until END"
        " WHERE delivery_lanes.next_due > excluded.next_due"
        " AND delivery_lanes.next_due > delivery_lanes.held_until",
        lane, due_at.micros());
}

void settleLane(sql::Connection& db, std::string_view lane) {
    std::optional<std::int64_t> due;
    {
        auto row =
            db.query("SELECT min(due_at) FROM deliveries WHERE status = 'pending' AND lane = $1", lane);
        if (row.step()) due = row.optionalInteger(0);
    }
    if (!due) {
        db.run("DELETE FROM delivery_lanes WHERE lane = $1", lane);
        return;
    }
    db.run(
        "INSERT INTO delivery_lanes (lane, next_due, held_until) VALUES ($1, $2, 0)"
        " ON CONFLICT (lane) DO UPDATE SET next_due = CASE WHEN excluded.next_due > delivery_lanes.held_until"
        " THEN excluded.next_due ELSE delivery_lanes.held_until END",
        lane, *due);
}

}  // namespace heddle::store
