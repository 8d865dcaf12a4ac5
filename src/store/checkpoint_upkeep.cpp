// SPDX-License-Identifier: Apache-2.0
// Deleting, copying and pruning checkpoints.
#include "sql/dialect.hpp"
#include "store/checkpoint_rows.hpp"
#include "store/checkpoints.hpp"

#include <set>

namespace heddle::store {
namespace {

std::vector<std::int64_t> spacesOf(sql::Connection& db, std::string_view thread_id) {
    auto rows = db.query("SELECT id FROM checkpoint_spaces WHERE thread_id = $1", thread_id);
    std::vector<std::int64_t> out;
    while (rows.step()) out.push_back(rows.integer(0));
    return out;
}

// Blobs of a space that no checkpoint names any more.
void removeUnusedBlobs(sql::Connection& db, std::int64_t space) {
    db.run(
        "DELETE FROM checkpoint_blobs WHERE space = $1 AND (channel, version) NOT IN"
        " (SELECT v.key, v.value FROM checkpoints c CROSS JOIN " +
            sql::dialect::eachField(db.dialect(), "c.versions") + " v WHERE c.space = $1)",
        space);
}

void keepLatest(sql::Connection& db, std::int64_t space) {
    std::string latest;
    {
        auto row = db.query("SELECT max(checkpoint_id) FROM checkpoints WHERE space = $1", space);
        if (!row.step() || row.isNull(0)) return;
        latest = row.string(0);
    }
    const auto removed =
        db.run("DELETE FROM checkpoints WHERE space = $1 AND checkpoint_id < $2", space, latest);
    db.run("DELETE FROM checkpoint_writes WHERE space = $1 AND checkpoint_id < $2", space, latest);
    if (removed > 0) removeUnusedBlobs(db, space);
}

void copySpace(sql::Connection& db, std::int64_t from, std::int64_t to) {
    db.run(
        "INSERT INTO checkpoints (space, checkpoint_id, parent_id, run_id, versions, metadata, type, bytes)"
        " SELECT $1, checkpoint_id, parent_id, run_id, versions, metadata, type, bytes FROM checkpoints"
        " WHERE space = $2 ORDER BY id ON CONFLICT (space, checkpoint_id) DO NOTHING",
        to, from);
    db.run(
        "INSERT INTO checkpoint_blobs (space, channel, version, type, bytes)"
        " SELECT $1, channel, version, type, bytes FROM checkpoint_blobs WHERE space = $2 ORDER BY id"
        " ON CONFLICT (space, channel, version) DO NOTHING",
        to, from);
    db.run(
        "INSERT INTO checkpoint_writes (space, checkpoint_id, task_id, idx, task_path, channel, type, bytes)"
        " SELECT $1, checkpoint_id, task_id, idx, task_path, channel, type, bytes FROM checkpoint_writes"
        " WHERE space = $2 ORDER BY id ON CONFLICT (space, checkpoint_id, task_id, idx) DO NOTHING",
        to, from);
}

}  // namespace

void deleteCheckpoints(sql::Connection& db, std::string_view thread_id) {
    // Checkpoints, blobs and writes go with it (ON DELETE CASCADE).
    db.run("DELETE FROM checkpoint_spaces WHERE thread_id = $1", thread_id);
}

void copyCheckpoints(sql::Connection& db, std::string_view source_thread, std::string_view target_thread) {
    if (source_thread == target_thread) return;
    std::vector<std::pair<std::int64_t, std::string>> spaces;
    {
        auto rows =
            db.query("SELECT id, ns FROM checkpoint_spaces WHERE thread_id = $1 ORDER BY id", source_thread);
        while (rows.step()) spaces.emplace_back(rows.integer(0), rows.string(1));
    }
    for (const auto& [space, ns] : spaces) copySpace(db, space, spaceFor(db, target_thread, ns));
}

void pruneCheckpoints(sql::Connection& db, const std::vector<std::string>& thread_ids, Prune strategy) {
    for (const std::string& thread : thread_ids) {
        if (strategy == Prune::kDelete) {
            deleteCheckpoints(db, thread);
            continue;
        }
        for (const auto space : spacesOf(db, thread)) keepLatest(db, space);
    }
}

void deleteCheckpointsOfRuns(sql::Connection& db, const std::vector<std::string>& run_ids) {
    std::set<std::int64_t> spaces;
    for (const std::string& run : run_ids) {
        std::vector<std::pair<std::int64_t, std::string>> gone;
        {
            auto rows = db.query("SELECT space, checkpoint_id FROM checkpoints WHERE run_id = $1", run);
            while (rows.step()) gone.emplace_back(rows.integer(0), rows.string(1));
        }
        for (const auto& [space, id] : gone) {
            db.run("DELETE FROM checkpoint_writes WHERE space = $1 AND checkpoint_id = $2", space, id);
            spaces.insert(space);
        }
        db.run("DELETE FROM checkpoints WHERE run_id = $1", run);
        db.run("DELETE FROM checkpoint_writes WHERE run_id = $1", run);
    }
    for (const auto space : spaces) removeUnusedBlobs(db, space);
}

}  // namespace heddle::store
