// SPDX-License-Identifier: Apache-2.0
#include "store/deliveries.hpp"

#include "store/rows.hpp"

namespace heddle::store {
namespace {

Delivery readDelivery(const sql::Statement& row) {
    Delivery out;
    out.id = idAt<DeliveryId>(row, 0);
    out.run_id = idAt<RunId>(row, 1);
    out.thread_id = idAt<ThreadId>(row, 2);
    out.url = row.string(3);
    out.sent_at_offset = row.integer(4);
    out.first_sent_at = optionalTimeAt(row, 5);
    out.status = enumAt<DeliveryStatus>(row, 6, parseDeliveryStatus);
    out.attempts = row.integer(7);
    out.due_at = timeAt(row, 8);
    out.created_at = timeAt(row, 9);
    if (const auto code = row.optionalInteger(10)) out.last_status_code = static_cast<int>(*code);
    out.last_error = row.string(11);
    out.lane = row.string(12);
    out.body = row.string(13);
    return out;
}

}  // namespace

bool insertDelivery(sql::Connection& db, const Delivery& delivery) {
    auto row = db.query(
        "INSERT INTO deliveries (uuid, run_uuid, thread_uuid, url, sent_at_offset, first_sent_at, status, "
        "attempts,"
        " leased, due_at, created_at, last_status_code, last_error, lane)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, $9, $10, $11, $12, $13)"
        " ON CONFLICT (run_uuid) DO NOTHING RETURNING id",
        delivery.id.str(), delivery.run_id.str(), delivery.thread_id.str(), delivery.url,
        delivery.sent_at_offset, micros(delivery.first_sent_at), toString(delivery.status), delivery.attempts,
        delivery.due_at.micros(), delivery.created_at.micros(), delivery.last_status_code,
        delivery.last_error, delivery.lane);
    if (!row.step()) return false;
    db.run("INSERT INTO delivery_bodies (delivery, body) VALUES ($1, $2)", row.integer(0), delivery.body);
    return true;
}

std::optional<Delivery> findDelivery(sql::Connection& db, const DeliveryId& id) {
    auto row = db.query(
        "SELECT d.uuid, d.run_uuid, d.thread_uuid, d.url, d.sent_at_offset, d.first_sent_at, d.status, "
        "d.attempts,"
        " d.due_at, d.created_at, d.last_status_code, d.last_error, d.lane, b.body"
        " FROM deliveries d JOIN delivery_bodies b ON b.delivery = d.id WHERE d.uuid = $1",
        id.str());
    return row.step() ? std::optional<Delivery>(readDelivery(row)) : std::nullopt;
}

std::vector<LaneHead> nextLanes(sql::Connection& db, std::int64_t limit) {
    // From lane to lane on deliveries_lane: a lane with 10,000 rows costs as much as one with one.
    auto rows = db.query(
        "WITH RECURSIVE lanes(lane) AS ("
        " SELECT min(lane) FROM deliveries WHERE status = 'pending'"
        " UNION ALL"
        " SELECT (SELECT min(d.lane) FROM deliveries d WHERE d.status = 'pending' AND d.lane > lanes.lane)"
        " FROM lanes WHERE lanes.lane IS NOT NULL)"
        " SELECT lane, (SELECT min(d.due_at) FROM deliveries d WHERE d.status = 'pending' AND d.lane = "
        "lanes.lane)"
        " AS due_at FROM lanes WHERE lane IS NOT NULL ORDER BY due_at, lane LIMIT $1",
        limit);
    std::vector<LaneHead> out;
    while (rows.step()) out.push_back({rows.string(0), timeAt(rows, 1)});
    return out;
}

std::vector<DueDelivery> nextInLane(sql::Connection& db, std::string_view lane, std::int64_t limit) {
    auto rows = db.query(
        "SELECT uuid, lane, due_at FROM deliveries WHERE status = 'pending' AND lane = $1 ORDER BY due_at, "
        "id LIMIT $2",
        lane, limit);
    std::vector<DueDelivery> out;
    while (rows.step()) out.push_back({idAt<DeliveryId>(rows, 0), rows.string(1), timeAt(rows, 2)});
    return out;
}

std::optional<Delivery> beginAttempt(sql::Connection& db, const DeliveryId& id, Timestamp now,
                                     Timestamp lease_until) {
    const auto started = db.run(
        "UPDATE deliveries SET attempts = attempts + 1, first_sent_at = coalesce(first_sent_at, $1), leased "
        "= 1,"
        " due_at = $2 WHERE uuid = $3 AND status = 'pending' AND due_at <= $1",
        now.micros(), lease_until.micros(), id.str());
    return started == 0 ? std::nullopt : findDelivery(db, id);
}

void recordOutcome(sql::Connection& db, const DeliveryId& id, const AttemptOutcome& outcome) {
    db.run(
        "UPDATE deliveries SET status = $1, due_at = $2, leased = 0, last_status_code = $3, last_error = $4"
        " WHERE uuid = $5 AND status = 'pending'",
        toString(outcome.status), outcome.due_at.micros(), outcome.status_code, outcome.error, id.str());
}

void releaseLeases(sql::Connection& db, Timestamp now) {
    db.run("UPDATE deliveries SET due_at = $1, leased = 0 WHERE status = 'pending' AND leased = 1",
           now.micros());
}

std::int64_t countPending(sql::Connection& db) {
    auto row = db.query("SELECT count(*) FROM deliveries WHERE status = 'pending'");
    row.step();
    return row.integer(0);
}

std::int64_t expireDeliveries(sql::Connection& db, Timestamp before, std::int64_t limit) {
    return db.run(
        "DELETE FROM deliveries WHERE id IN (SELECT id FROM deliveries WHERE status <> 'pending' AND "
        "created_at < $1"
        " ORDER BY created_at LIMIT $2)",
        before.micros(), limit);
}

}  // namespace heddle::store
