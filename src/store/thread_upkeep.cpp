// SPDX-License-Identifier: Apache-2.0
#include "store/thread_upkeep.hpp"

#include "sql/dialect.hpp"
#include "store/checkpoints.hpp"
#include "store/rows.hpp"
#include "store/runs.hpp"
#include "store/threads.hpp"

#include <algorithm>
#include <iterator>

namespace heddle::store {
namespace {

struct Due {
    ThreadId id;
    TtlStrategy strategy = TtlStrategy::kDelete;
};

std::vector<Due> dueThreads(sql::Connection& db, Timestamp now, std::int64_t limit,
                            const std::vector<ThreadId>& held) {
    auto rows = db.query(
        "SELECT t.uuid, t.ttl_strategy FROM threads t WHERE t.expires_at <= $1 AND t.retired_at IS NULL"
        " AND NOT EXISTS (SELECT 1 FROM runs r WHERE r.thread = t.id AND r.status IN ('pending', 'running'))"
        " ORDER BY t.expires_at LIMIT $2",
        now.micros(), limit + static_cast<std::int64_t>(held.size()));
    std::vector<Due> out;
    while (std::ssize(out) < limit && rows.step()) {
        const auto id = idAt<ThreadId>(rows, 0);
        if (std::ranges::find(held, id) != held.end()) continue;
        out.push_back({id, enumAt<TtlStrategy>(rows, 1, parseTtlStrategy)});
    }
    return out;
}

ThreadStorage::Part part(sql::Statement row) {
    ThreadStorage::Part out;
    if (row.step()) out = {row.integer(0), row.integer(1)};
    return out;
}

}  // namespace

bool pruneThread(sql::Connection& db, const ThreadId& id, TtlStrategy strategy) {
    if (hasOpenRuns(db, id)) return false;
    if (strategy == TtlStrategy::kDelete) return removeThread(db, id);
    if (!findThreadHead(db, id)) return false;
    pruneCheckpoints(db, {id.str()}, Prune::kKeepLatest);
    return true;
}

ExpiredThreads expireThreads(sql::Connection& db, Timestamp now, std::int64_t limit,
                             const std::vector<ThreadId>& held) {
    ExpiredThreads out;
    for (const Due& due : dueThreads(db, now, limit, held)) {
        if (!pruneThread(db, due.id, due.strategy)) continue;
        if (due.strategy == TtlStrategy::kDelete) {
            out.deleted.push_back(due.id);
            continue;
        }
        db.run("UPDATE threads SET expires_at = $1 + ttl_us WHERE uuid = $2", now.micros(), due.id.str());
        out.pruned.push_back(due.id);
    }
    return out;
}

ThreadStorage threadStorage(sql::Connection& db, const ThreadId& id) {
    const std::string thread = id.str();
    const std::string texts = sql::dialect::byteLength(db.dialect(), "c.metadata") + " + " +
                              sql::dialect::byteLength(db.dialect(), "c.versions");
    ThreadStorage out;
    out.checkpoints = part(db.query(
        "SELECT count(*), coalesce(sum(length(c.bytes) + " + texts +
            "), 0) FROM checkpoint_spaces s JOIN checkpoints c ON c.space = s.id WHERE s.thread_id = $1",
        thread));
    out.pending_writes =
        part(db.query("SELECT count(*), coalesce(sum(length(w.bytes)), 0) FROM checkpoint_spaces s"
                      " JOIN checkpoint_writes w ON w.space = s.id WHERE s.thread_id = $1",
                      thread));
    auto rows = db.query(
        "SELECT b.channel, count(*), sum(length(b.bytes)) FROM checkpoint_spaces s"
        " JOIN checkpoint_blobs b ON b.space = s.id WHERE s.thread_id = $1 GROUP BY b.channel"
        " ORDER BY b.channel",
        thread);
    while (rows.step()) {
        out.channels.push_back({rows.string(0), {rows.integer(1), rows.integer(2)}});
        out.channel_values.count += rows.integer(1);
        out.channel_values.bytes += rows.integer(2);
    }
    return out;
}

}  // namespace heddle::store
