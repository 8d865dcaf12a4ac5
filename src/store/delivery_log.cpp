// SPDX-License-Identifier: Apache-2.0
#include "store/delivery_log.hpp"

#include "base/limits.hpp"
#include "store/conditions.hpp"
#include "store/deliveries.hpp"
#include "store/delivery_rows.hpp"
#include "store/rows.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>
#include <limits>
#include <utility>

namespace heddle::store {
namespace {

constexpr std::array kStatuses = {DeliveryStatus::kPending, DeliveryStatus::kSucceeded,
                                  DeliveryStatus::kExhausted, DeliveryStatus::kGone,
                                  DeliveryStatus::kCancelled};

constexpr Timestamp kEver = Timestamp::fromMicros(std::numeric_limits<std::int64_t>::min());
constexpr Timestamp kNever = Timestamp::fromMicros(std::numeric_limits<std::int64_t>::max());

#define HEDDLE_LOGGED_COLUMNS HEDDLE_DELIVERY_COLUMNS ", d.leased, d.id"

LoggedDelivery readLogged(const sql::Statement& row) {
    LoggedDelivery out;
    out.delivery = readDeliveryHead(row);
    out.under_way = row.integer(kDeliveryColumns) != 0;
    out.place = {out.delivery.created_at, row.integer(kDeliveryColumns + 1)};
    return out;
}

std::optional<microseconds> spanAt(const sql::Statement& row, int column) {
    const auto us = row.optionalInteger(column);
    return us ? std::optional<microseconds>(*us) : std::nullopt;
}

// Two texts, so that a list does not read responses, which may lie on pages of their own.
#define HEDDLE_ATTEMPT_COLUMNS                                                                           \
    "number, started_at, duration_us, dns_us, connect_us, tls_us, first_byte_us, status_code, outcome, " \
    "error"
#define HEDDLE_ATTEMPTS_OF " FROM delivery_attempts WHERE delivery = $1 ORDER BY number DESC LIMIT $2"

std::vector<DeliveryAttempt> lastAttempts(sql::Connection& db, std::int64_t delivery, std::size_t limit,
                                          Responses responses) {
    auto rows = db.query(responses == Responses::kIncluded
                             ? "SELECT " HEDDLE_ATTEMPT_COLUMNS ", response_body" HEDDLE_ATTEMPTS_OF
                             : "SELECT " HEDDLE_ATTEMPT_COLUMNS ", NULL" HEDDLE_ATTEMPTS_OF,
                         delivery, static_cast<std::int64_t>(limit));
    std::vector<DeliveryAttempt> out;
    while (rows.step()) {
        DeliveryAttempt attempt;
        attempt.number = rows.integer(0);
        attempt.started_at = timeAt(rows, 1);
        attempt.duration = spanAt(rows, 2);
        attempt.dns = spanAt(rows, 3);
        attempt.connect = spanAt(rows, 4);
        attempt.tls = spanAt(rows, 5);
        attempt.first_byte = spanAt(rows, 6);
        if (const auto code = rows.optionalInteger(7)) attempt.status_code = static_cast<int>(*code);
        attempt.outcome = enumAt<AttemptOutcome>(rows, 8, parseAttemptOutcome);
        attempt.error = rows.string(9);
        attempt.response_body = rows.optionalString(10);
        out.push_back(std::move(attempt));
    }
    std::reverse(out.begin(), out.end());
    return out;
}

// One index leads: that of the run, the thread, the host with a status, the status, or the time. The engine
// cannot tell which is best, so what another index could lead by is hidden in an expression.
std::vector<LoggedDelivery> readPage(sql::Connection& db, const DeliveryQuery& query,
                                     const std::optional<DeliveryStatus>& status) {
    Conditions conditions;
    const bool thread_leads = query.thread_id && !query.run_id;
    const bool host_leads = query.host && !query.run_id && !query.thread_id;
    const bool status_leads = !query.run_id && !query.thread_id;
    if (query.run_id) conditions.add("d.run_uuid = ?", query.run_id->str());
    if (query.thread_id)
        conditions.add(thread_leads ? "d.thread_uuid = ?" : "d.thread_uuid || '' = ?",
                       query.thread_id->str());
    if (query.host) conditions.add(host_leads ? "d.host = ?" : "d.host || '' = ?", *query.host);
    if (status)
        conditions.add(status_leads ? "d.status = ?" : "d.status || '' = ?", std::string(toString(*status)));
    // Where the page begins: after the cursor, which a client may have sent with another `until`.
    const DeliveryCursor until{query.until.value_or(kNever), 0};
    const auto begin = query.after ? std::min(*query.after, until) : until;
    conditions.add("d.created_at >= ?", query.since.value_or(kEver).micros());
    conditions.add("(d.created_at, d.id) < (?, ?)", begin.created_at.micros(), begin.row);
    const auto tail = conditions.tail(" ORDER BY d.created_at DESC, d.id DESC LIMIT ?", query.limit + 1);
    auto rows = conditions.query(
        db, "SELECT " HEDDLE_LOGGED_COLUMNS " FROM deliveries d" + conditions.where() + tail);
    std::vector<LoggedDelivery> out;
    while (rows.step()) out.push_back(readLogged(rows));
    return out;
}

std::vector<LoggedDelivery> readNewest(sql::Connection& db, const DeliveryQuery& query) {
    const bool any_status_of_host = query.host && !query.status && !query.run_id && !query.thread_id;
    if (!any_status_of_host) return readPage(db, query, query.status);
    // The index of hosts continues with the status, so that the failures among a million successes of a host
    // are found at once.
    std::vector<LoggedDelivery> all;
    for (const auto status : kStatuses) {
        auto some = readPage(db, query, status);
        std::move(some.begin(), some.end(), std::back_inserter(all));
    }
    std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.place > b.place; });
    if (std::ssize(all) > query.limit + 1) all.resize(static_cast<std::size_t>(query.limit) + 1);
    return all;
}

std::optional<LoggedDelivery> findHead(sql::Connection& db, const DeliveryId& id) {
    auto row = db.query("SELECT " HEDDLE_LOGGED_COLUMNS " FROM deliveries d WHERE d.uuid = $1", id.str());
    return row.step() ? std::optional<LoggedDelivery>(readLogged(row)) : std::nullopt;
}

Problem noDelivery(const DeliveryId& id) {
    return Problem::notFound("Delivery with ID " + id.str() + " not found");
}

// Before all that wait for this lane.
Timestamp firstOfLane(sql::Connection& db, std::string_view lane, Timestamp now) {
    auto row = db.query("SELECT min(due_at) FROM deliveries WHERE status = 'pending' AND lane = $1", lane);
    const auto earliest = row.step() ? optionalTimeAt(row, 0) : std::nullopt;
    return earliest ? std::min(now, *earliest - microseconds(1)) : now;
}

void makePending(sql::Connection& db, std::int64_t row, Timestamp due_at, Timestamp now) {
    db.run(
        "UPDATE deliveries SET status = 'pending', due_at = $1, queued_at = $2, updated_at = $2,"
        " spent = attempts WHERE id = $3",
        due_at.micros(), now.micros(), row);
}

std::optional<std::uint64_t> hexNumber(std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
    const bool fits = value <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    if (error != std::errc() || end != text.data() + text.size() || !fits) return std::nullopt;
    return value;
}

std::string sixteenDigits(std::int64_t value) {
    std::array<char, 16> digits{};
    const auto number = static_cast<std::uint64_t>(std::max<std::int64_t>(value, 0));
    const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), number, 16);
    const std::string text(digits.data(), error == std::errc() ? end : digits.data());
    return std::string(digits.size() - text.size(), '0') + text;
}

}  // namespace

std::string DeliveryCursor::text() const {
    return sixteenDigits(created_at.micros()) + sixteenDigits(row);
}

std::optional<DeliveryCursor> DeliveryCursor::parse(std::string_view text) {
    if (text.size() != 32) return std::nullopt;
    const auto created_at = hexNumber(text.substr(0, 16));
    const auto row = hexNumber(text.substr(16));
    if (!created_at || !row) return std::nullopt;
    return DeliveryCursor{Timestamp::fromMicros(static_cast<std::int64_t>(*created_at)),
                          static_cast<std::int64_t>(*row)};
}

DeliveryPage listDeliveries(sql::Connection& db, const DeliveryQuery& query) {
    DeliveryPage page;
    page.deliveries = readNewest(db, query);
    if (std::ssize(page.deliveries) > query.limit) {
        page.deliveries.pop_back();
        if (!page.deliveries.empty()) page.next = page.deliveries.back().place;
    }
    for (auto& logged : page.deliveries) {
        logged.attempts =
            lastAttempts(db, logged.place.row, limits::kDeliveryAttemptsListed, Responses::kLeftOut);
    }
    return page;
}

std::optional<LoggedDelivery> findLoggedDelivery(sql::Connection& db, const DeliveryId& id,
                                                 Responses responses) {
    auto logged = findHead(db, id);
    if (logged) {
        logged->attempts = lastAttempts(db, logged->place.row, limits::kDeliveryAttemptsShown, responses);
    }
    return logged;
}

Result<ChangedDelivery> resendDelivery(sql::Connection& db, const DeliveryId& id, Timestamp now) {
    const auto found = findHead(db, id);
    if (!found) return noDelivery(id);
    if (found->under_way) return Problem::conflict("An attempt is under way");
    const auto& lane = found->delivery.lane;
    const auto due_at = firstOfLane(db, lane, now);
    makePending(db, found->place.row, due_at, now);
    touchLane(db, lane, due_at);
    releaseLane(db, lane, due_at);
    return ChangedDelivery{*findLoggedDelivery(db, id, Responses::kLeftOut), found->delivery.status};
}

Result<ChangedDelivery> cancelDelivery(sql::Connection& db, const DeliveryId& id, Timestamp now) {
    const auto found = findHead(db, id);
    if (!found) return noDelivery(id);
    const auto before = found->delivery.status;
    if (before != DeliveryStatus::kPending) {
        return Problem::conflict("Only a pending delivery can be cancelled; this one is " +
                                 std::string(toString(before)));
    }
    db.run("UPDATE deliveries SET status = 'cancelled', updated_at = $1 WHERE id = $2", now.micros(),
           found->place.row);
    settleLane(db, found->delivery.lane);
    return ChangedDelivery{*findLoggedDelivery(db, id, Responses::kLeftOut), before};
}

RecoveredChunk recoverDeliveries(sql::Connection& db, const RecoverQuery& query, Timestamp now) {
    struct Found {
        DeliveryCursor place;
        std::string lane;
        bool under_way = false;
    };
    std::vector<Found> found;
    {
        const DeliveryCursor begin = query.after.value_or(DeliveryCursor{query.since, -1});
        auto rows = db.query(
            "SELECT d.created_at, d.id, d.lane, d.leased FROM deliveries d WHERE d.status = $1"
            " AND (d.created_at, d.id) > ($2, $3) AND d.created_at < $4 ORDER BY d.created_at, d.id LIMIT $5",
            toString(query.status), begin.created_at.micros(), begin.row,
            query.until.value_or(kNever).micros(), query.limit);
        while (rows.step()) {
            found.push_back({{timeAt(rows, 0), rows.integer(1)}, rows.string(2), rows.integer(3) != 0});
        }
    }
    RecoveredChunk chunk;
    std::vector<std::string> lanes;
    for (auto& each : found) {
        if (each.under_way) continue;  // cancelled during an attempt that has not ended
        makePending(db, each.place.row, now, now);
        lanes.push_back(std::move(each.lane));
        ++chunk.recovered;
    }
    std::sort(lanes.begin(), lanes.end());
    lanes.erase(std::unique(lanes.begin(), lanes.end()), lanes.end());
    for (const auto& lane : lanes) touchLane(db, lane, now);
    if (std::ssize(found) == query.limit) chunk.next = found.back().place;
    return chunk;
}

}  // namespace heddle::store
