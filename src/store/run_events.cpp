// SPDX-License-Identifier: Apache-2.0
#include "store/run_events.hpp"

#include "store/rows.hpp"

#include <algorithm>

namespace heddle::store {
namespace {

std::optional<std::int64_t> rowOf(sql::Connection& db, const RunId& run) {
    auto row = db.query("SELECT id FROM runs WHERE uuid = $1", run.str());
    return row.step() ? std::optional<std::int64_t>(row.integer(0)) : std::nullopt;
}

}  // namespace

void insertRunEvents(sql::Connection& db, const std::vector<RunEvent>& events) {
    std::optional<std::int64_t> row;
    for (std::size_t i = 0; i < events.size(); ++i) {
        const RunEvent& event = events[i];
        if (i == 0 || events[i - 1].run != event.run) row = rowOf(db, event.run);
        if (!row) continue;
        db.run(
            "INSERT INTO run_events (run, seq, event, data) VALUES ($1, $2, $3, $4)"
            " ON CONFLICT (run, seq) DO NOTHING",
            *row, event.seq, event.event, event.data);
    }
}

void trimRunEvents(sql::Connection& db, const RunId& run, std::int64_t seq) {
    if (const auto row = rowOf(db, run))
        db.run("DELETE FROM run_events WHERE run = $1 AND seq < $2", *row, seq);
}

RunEvents findRunEvents(sql::Connection& db, const RunId& run, std::int64_t seq, std::size_t max_bytes) {
    RunEvents found;
    auto rows = db.query(
        "SELECT seq, event, data FROM run_events WHERE run = (SELECT id FROM runs WHERE uuid = $1)"
        " AND seq >= $2 ORDER BY seq",
        run.str(), seq);
    std::size_t bytes = 0;
    while (rows.step()) {
        if (bytes >= max_bytes) return found;
        found.events.push_back({run, rows.integer(0), rows.string(1), rows.string(2)});
        bytes += found.events.back().event.size() + found.events.back().data.size();
    }
    found.last = true;
    return found;
}

RunEventExtent runEventExtent(sql::Connection& db, const RunId& run) {
    auto row = db.query(
        "SELECT coalesce(min(seq), 0), coalesce(max(seq) + 1, 0), coalesce(sum(length(CAST(data AS BLOB))), "
        "0)"
        " FROM run_events WHERE run = (SELECT id FROM runs WHERE uuid = $1)",
        run.str());
    row.step();
    return {row.integer(0), row.integer(1), row.integer(2)};
}

std::int64_t runEventNext(sql::Connection& db, const RunId& run) {
    auto row = db.query(
        "SELECT coalesce(max(seq) + 1, 0) FROM run_events WHERE run = (SELECT id FROM runs WHERE uuid = $1)",
        run.str());
    row.step();
    return row.integer(0);
}

std::vector<StartedRun> findStartedRuns(sql::Connection& db, const ThreadId& thread, Timestamp from,
                                        std::int64_t limit) {
    std::vector<StartedRun> found;
    auto rows = db.query(
        "SELECT r.uuid, r.created_at, r.started_at FROM runs r WHERE r.thread ="
        " (SELECT id FROM threads WHERE uuid = $1) AND r.started_at >= $2 AND EXISTS"
        " (SELECT 1 FROM run_events e WHERE e.run = r.id) ORDER BY r.started_at DESC, r.id DESC LIMIT $3",
        thread.str(), from.micros(), limit);
    while (rows.step()) found.push_back({idAt<RunId>(rows, 0), timeAt(rows, 1), timeAt(rows, 2)});
    std::reverse(found.begin(), found.end());
    return found;
}

std::optional<Timestamp> findStart(sql::Connection& db, const ThreadId& thread, std::int64_t created_ms) {
    auto row = db.query(
        "SELECT started_at FROM runs WHERE thread = (SELECT id FROM threads WHERE uuid = $1)"
        " AND created_at >= $2 AND created_at < $3 AND started_at IS NOT NULL ORDER BY id LIMIT 1",
        thread.str(), created_ms * 1000, (created_ms + 1) * 1000);
    return row.step() ? std::optional<Timestamp>(timeAt(row, 0)) : std::nullopt;
}

std::int64_t expireRunEvents(sql::Connection& db, Timestamp before, std::int64_t limit) {
    // From run to run along the index on (run, seq), the oldest run first. A run made after `before` cannot
    // have ended before it, and neither can those that follow.
    std::int64_t removed = 0;
    std::int64_t run = 0;
    while (removed < limit) {
        bool ended = false;
        {
            auto next = db.query(
                "SELECT r.id, r.created_at, r.ended_at FROM runs r WHERE r.id ="
                " (SELECT min(e.run) FROM run_events e WHERE e.run > $1)",
                run);
            if (!next.step() || timeAt(next, 1) >= before) return removed;
            run = next.integer(0);
            const auto end = optionalTimeAt(next, 2);
            ended = end && *end < before;
        }
        if (!ended) continue;
        removed += db.run(
            "DELETE FROM run_events WHERE id IN (SELECT id FROM run_events WHERE run = $1 ORDER BY seq LIMIT "
            "$2)",
            run, limit - removed);
    }
    return removed;
}

}  // namespace heddle::store
