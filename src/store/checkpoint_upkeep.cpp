// SPDX-License-Identifier: Apache-2.0
// Deleting, copying and pruning checkpoints.
#include "sql/dialect.hpp"
#include "store/checkpoint_rows.hpp"
#include "store/checkpoints.hpp"

#include <array>
#include <optional>
#include <set>
#include <string>

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

constexpr std::int64_t kSweptBytes = 4 * 1024 * 1024;  // in one go; the last row may go beyond
constexpr std::int64_t kSweptRows = 500;

// The parts of a space.
constexpr std::array<std::string_view, 3> kTables = {"checkpoint_blobs", "checkpoint_writes", "checkpoints"};

// Would removing it at once hold up other writes?
bool isLarge(sql::Connection& db, std::int64_t space) {
    auto row = db.query(
        "SELECT count(*), coalesce(sum(size), 0) FROM"
        " (SELECT length(bytes) AS size FROM checkpoint_blobs WHERE space = $1"
        " UNION ALL SELECT length(bytes) FROM checkpoint_writes WHERE space = $1"
        " UNION ALL SELECT length(bytes) FROM checkpoints WHERE space = $1 LIMIT $2) sizes",
        space, kSweptRows);
    return row.step() && (row.integer(0) >= kSweptRows || row.integer(1) >= kSweptBytes);
}

// It is nobody's any more, and swept later.
void discard(sql::Connection& db, std::int64_t space) {
    db.run("UPDATE checkpoint_spaces SET thread_id = $1 WHERE id = $2",
           std::string(kDeletedPrefix) + std::to_string(space), space);
}

// The latest checkpoint goes into a space of its own, the rest is swept with the old one.
void moveLatest(sql::Connection& db, std::int64_t old, const std::string& latest) {
    std::string thread, ns;
    {
        auto row = db.query("SELECT thread_id, ns FROM checkpoint_spaces WHERE id = $1", old);
        if (!row.step()) return;
        thread = row.string(0);
        ns = row.string(1);
    }
    discard(db, old);
    const auto fresh = spaceFor(db, thread, ns);
    db.run(
        "INSERT INTO checkpoints (space, checkpoint_id, parent_id, run_id, versions, metadata, type, bytes)"
        " SELECT $1, checkpoint_id, parent_id, run_id, versions, metadata, type, bytes FROM checkpoints"
        " WHERE space = $2 AND checkpoint_id = $3",
        fresh, old, latest);
    db.run(
        "INSERT INTO checkpoint_blobs (space, channel, version, type, bytes)"
        " SELECT $1, b.channel, b.version, b.type, b.bytes FROM checkpoints c CROSS JOIN " +
            sql::dialect::eachField(db.dialect(), "c.versions") +
            " v CROSS JOIN checkpoint_blobs b WHERE c.space = $2 AND c.checkpoint_id = $3"
            " AND b.space = c.space AND b.channel = v.key AND b.version = v.value",
        fresh, old, latest);
    db.run(
        "INSERT INTO checkpoint_writes (space, checkpoint_id, task_id, idx, task_path, channel, type, bytes,"
        " run_id) SELECT $1, checkpoint_id, task_id, idx, task_path, channel, type, bytes, run_id"
        " FROM checkpoint_writes WHERE space = $2 AND checkpoint_id >= $3 ORDER BY id",
        fresh, old, latest);
}

void keepLatest(sql::Connection& db, std::int64_t space) {
    std::string latest;
    {
        auto row = db.query("SELECT max(checkpoint_id) FROM checkpoints WHERE space = $1", space);
        if (!row.step() || row.isNull(0)) return;
        latest = row.string(0);
    }
    if (isLarge(db, space)) return moveLatest(db, space, latest);
    const auto removed =
        db.run("DELETE FROM checkpoints WHERE space = $1 AND checkpoint_id < $2", space, latest);
    db.run("DELETE FROM checkpoint_writes WHERE space = $1 AND checkpoint_id < $2", space, latest);
    if (removed > 0) removeUnusedBlobs(db, space);
}

// Takes off `bytes` and `rows` what it removes.
void sweepTable(sql::Connection& db, std::string_view table, std::int64_t space, std::int64_t& bytes,
                std::int64_t& rows) {
    std::vector<std::int64_t> ids;
    {
        auto found =
            db.query("SELECT id, length(bytes) FROM " + std::string(table) + " WHERE space = $1 LIMIT $2",
                     space, rows);
        while (bytes > 0 && found.step()) {
            ids.push_back(found.integer(0));
            bytes -= found.integer(1);
        }
    }
    rows -= static_cast<std::int64_t>(ids.size());
    for (const auto id : ids) db.run("DELETE FROM " + std::string(table) + " WHERE id = $1", id);
}

// The copies belong to no run: undoing the run that wrote the originals must not take them away.
void copySpace(sql::Connection& db, std::int64_t from, std::int64_t to) {
    db.run(
        "INSERT INTO checkpoints (space, checkpoint_id, parent_id, versions, metadata, type, bytes)"
        " SELECT $1, checkpoint_id, parent_id, versions, metadata, type, bytes FROM checkpoints"
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

// Checkpoints' metadata names their thread.
void renameThread(sql::Connection& db, std::int64_t space, std::string_view from, std::string_view to) {
    JsonWriter writer;
    writer.beginObject().key("thread_id").string(to).endObject();
    const RawJson renamed = RawJson::trusted(writer.take());
    std::vector<std::pair<std::int64_t, RawJson>> changed;
    {
        auto rows = db.query("SELECT id, metadata FROM checkpoints WHERE space = $1", space);
        while (rows.step()) {
            const JsonView metadata = JsonView::trusted(rows.text(1));
            const auto thread = metadata.get("thread_id");
            if (!thread || thread->string() != from) continue;
            changed.emplace_back(rows.integer(0), mergeObjects(metadata, renamed.view()));
        }
    }
    for (const auto& [id, metadata] : changed) {
        db.run("UPDATE checkpoints SET metadata = $1 WHERE id = $2", metadata.text(), id);
    }
}

}  // namespace

void deleteCheckpoints(sql::Connection& db, std::string_view thread_id) {
    for (const auto space : spacesOf(db, thread_id)) {
        if (isLarge(db, space)) {
            discard(db, space);
        } else {
            // Checkpoints, blobs and writes go with it (ON DELETE CASCADE).
            db.run("DELETE FROM checkpoint_spaces WHERE id = $1", space);
        }
    }
}

bool sweepDeletedCheckpoints(sql::Connection& db) {
    std::optional<std::int64_t> space;
    {
        auto row =
            db.query("SELECT id FROM checkpoint_spaces WHERE thread_id >= $1 AND thread_id < $2 LIMIT 1",
                     kDeletedPrefix, " ");
        if (row.step()) space = row.integer(0);
    }
    if (!space) return false;
    std::int64_t bytes = kSweptBytes;
    std::int64_t rows = kSweptRows;
    for (const auto table : kTables) {
        if (bytes > 0 && rows > 0) sweepTable(db, table, *space, bytes, rows);
    }
    if (bytes > 0 && rows > 0) db.run("DELETE FROM checkpoint_spaces WHERE id = $1", *space);
    return true;
}

void copyCheckpoints(sql::Connection& db, std::string_view source_thread, std::string_view target_thread) {
    if (source_thread == target_thread) return;
    std::vector<std::pair<std::int64_t, std::string>> spaces;
    {
        auto rows =
            db.query("SELECT id, ns FROM checkpoint_spaces WHERE thread_id = $1 ORDER BY id", source_thread);
        while (rows.step()) spaces.emplace_back(rows.integer(0), rows.string(1));
    }
    for (const auto& [space, ns] : spaces) {
        const auto target = spaceFor(db, target_thread, ns);
        copySpace(db, space, target);
        renameThread(db, target, source_thread, target_thread);
    }
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
