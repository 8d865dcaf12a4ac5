// SPDX-License-Identifier: Apache-2.0
#include "store/deliveries.hpp"

#include "store/delivery_rows.hpp"
#include "store/rows.hpp"

#include <algorithm>

namespace heddle::store {

namespace {

Delivery readDelivery(const sql::Statement& row) {
    Delivery out = readDeliveryHead(row);
    out.body = row.string(kDeliveryColumns);
    return out;
}

void logAttempt(sql::Connection& db, const DeliveryId& id, const DeliveryAttempt& attempt) {
    const auto in_us = [](const std::optional<microseconds>& span) {
        return span ? std::optional<std::int64_t>(span->count()) : std::nullopt;
    };
    db.run(
        "INSERT INTO delivery_attempts (delivery, number, started_at, duration_us, dns_us, connect_us, "
        "tls_us,"
        " first_byte_us, status_code, outcome, error, response_body)"
        " SELECT d.id, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11 FROM deliveries d WHERE d.uuid = $12"
        " ON CONFLICT (delivery, number) DO NOTHING",
        attempt.number, attempt.started_at.micros(), in_us(attempt.duration), in_us(attempt.dns),
        in_us(attempt.connect), in_us(attempt.tls), in_us(attempt.first_byte), attempt.status_code,
        toString(attempt.outcome), attempt.error, attempt.response_body, id.str());
}

}  // namespace

bool insertDelivery(sql::Connection& db, const Delivery& delivery) {
    {
        auto row = db.query(
            "INSERT INTO deliveries (uuid, run_uuid, thread_uuid, url, sent_at_offset, first_sent_at, status,"
            " attempts, spent, leased, due_at, created_at, queued_at, updated_at, last_status_code,"
            " last_error, lane, host, traceparent)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, $10, $11, $12, $13, $14, $15, $16, $17, $18)"
            " ON CONFLICT (run_uuid) DO NOTHING RETURNING id",
            delivery.id.str(), delivery.run_id.str(), delivery.thread_id.str(), delivery.url,
            delivery.sent_at_offset, micros(delivery.first_sent_at), toString(delivery.status),
            delivery.attempts, delivery.spent, delivery.due_at.micros(), delivery.created_at.micros(),
            delivery.queued_at.micros(), delivery.updated_at.micros(), delivery.last_status_code,
            delivery.last_error, delivery.lane, delivery.host, delivery.traceparent);
        if (!row.step()) return false;
        db.run("INSERT INTO delivery_bodies (delivery, body) VALUES ($1, $2)", row.integer(0), delivery.body);
    }
    if (delivery.status == DeliveryStatus::kPending) touchLane(db, delivery.lane, delivery.due_at);
    return true;
}

std::optional<Delivery> findDelivery(sql::Connection& db, const DeliveryId& id) {
    auto row =
        db.query("SELECT " HEDDLE_DELIVERY_COLUMNS
                 ", b.body FROM deliveries d JOIN delivery_bodies b ON b.delivery = d.id WHERE d.uuid = $1",
                 id.str());
    return row.step() ? std::optional<Delivery>(readDelivery(row)) : std::nullopt;
}

std::vector<LaneHead> nextLanes(sql::Connection& db, std::int64_t limit) {
    auto rows = db.query("SELECT lane, next_due FROM delivery_lanes ORDER BY next_due, id LIMIT $1", limit);
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
        "UPDATE deliveries SET attempts = attempts + 1, first_sent_at = coalesce(first_sent_at, $1),"
        " started_at = $1, updated_at = $1, leased = 1, due_at = $2"
        " WHERE uuid = $3 AND status = 'pending' AND due_at <= $1",
        now.micros(), lease_until.micros(), id.str());
    return started == 0 ? std::nullopt : findDelivery(db, id);
}

bool endAttempt(sql::Connection& db, const DeliveryId& id, const AttemptEnd& end, Timestamp now) {
    const auto ended = db.run(
        "UPDATE deliveries SET status = $1, due_at = $2, leased = 0, started_at = NULL, updated_at = $3,"
        " spent = spent + $4, last_status_code = $5, last_error = $6 WHERE uuid = $7 AND status = 'pending'",
        toString(end.status), end.due_at.micros(), now.micros(),
        end.budget == AttemptEnd::Budget::kKept ? 1 : 0, end.attempt.status_code, end.attempt.error,
        id.str());
    logAttempt(db, id, end.attempt);
    if (ended == 0) {  // cancelled meanwhile
        db.run(
            "UPDATE deliveries SET leased = 0, started_at = NULL, updated_at = $1 WHERE uuid = $2 AND leased "
            "= 1",
            now.micros(), id.str());
    }
    std::string lane;
    {
        auto row = db.query("SELECT lane FROM deliveries WHERE uuid = $1", id.str());
        if (row.step()) lane = row.string(0);
    }
    if (end.hold_lane_until) {
        db.run("UPDATE delivery_lanes SET held_until = $1 WHERE lane = $2", end.hold_lane_until->micros(),
               lane);
    }
    settleLane(db, lane);
    return ended > 0;
}

void releaseLeases(sql::Connection& db, Timestamp now) {
    db.run(
        "INSERT INTO delivery_attempts (delivery, number, started_at, outcome, error)"
        " SELECT d.id, d.attempts, coalesce(d.started_at, $1), 'interrupted', 'the server stopped'"
        " FROM deliveries d WHERE d.leased = 1 ON CONFLICT (delivery, number) DO NOTHING",
        now.micros());
    // Circuits are not remembered over a restart.
    db.run(
        "UPDATE delivery_lanes SET next_due = $1, held_until = 0 WHERE held_until > $1"
        " OR lane IN (SELECT d.lane FROM deliveries d WHERE d.leased = 1)",
        now.micros());
    db.run(
        "UPDATE deliveries SET due_at = CASE WHEN due_at > $1 AND status = 'pending' THEN $1 ELSE due_at END,"
        " leased = 0, spent = spent + 1, started_at = NULL WHERE leased = 1",
        now.micros());
}

void releaseLane(sql::Connection& db, std::string_view lane, Timestamp now) {
    db.run("UPDATE delivery_lanes SET held_until = 0, next_due = $1 WHERE lane = $2 AND held_until > 0",
           now.micros(), lane);
}

std::int64_t countPending(sql::Connection& db) {
    auto row = db.query("SELECT count(*) FROM deliveries WHERE status = 'pending'");
    row.step();
    return row.integer(0);
}

std::optional<Timestamp> oldestPending(sql::Connection& db) {
    auto row = db.query("SELECT min(queued_at) FROM deliveries WHERE status = 'pending'");
    row.step();
    return optionalTimeAt(row, 0);
}

std::int64_t exhaustOverdue(sql::Connection& db, Timestamp before, Timestamp now, std::int64_t limit) {
    std::vector<std::string> lanes;
    std::int64_t ended = 0;
    {
        auto rows = db.query(
            "UPDATE deliveries SET status = 'exhausted', updated_at = $1 WHERE id IN (SELECT id FROM "
            "deliveries"
            " WHERE status = 'pending' AND queued_at < $2 AND due_at <= $1 AND leased = 0"
            " ORDER BY queued_at LIMIT $3)"
            " RETURNING lane",
            now.micros(), before.micros(), limit);
        while (rows.step()) {
            lanes.push_back(rows.string(0));
            ++ended;
        }
    }
    std::sort(lanes.begin(), lanes.end());
    lanes.erase(std::unique(lanes.begin(), lanes.end()), lanes.end());
    for (const auto& lane : lanes) settleLane(db, lane);
    return ended;
}

std::int64_t expireDeliveries(sql::Connection& db, const Retention& retention, std::int64_t limit) {
    std::int64_t most = 0;
    for (const auto status : {DeliveryStatus::kSucceeded, DeliveryStatus::kExhausted, DeliveryStatus::kGone,
                              DeliveryStatus::kCancelled}) {
        const bool succeeded = status == DeliveryStatus::kSucceeded;
        const auto removed = db.run(
            "DELETE FROM deliveries WHERE id IN (SELECT id FROM deliveries"
            " WHERE status = $1 AND created_at < $2 ORDER BY created_at LIMIT $3)",
            toString(status), (succeeded ? retention.succeeded_before : retention.others_before).micros(),
            limit);
        most = std::max(most, removed);
    }
    return most;
}

}  // namespace heddle::store
