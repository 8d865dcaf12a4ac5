// SPDX-License-Identifier: Apache-2.0
#include "store/checkpoints.hpp"

#include "sql/dialect.hpp"
#include "store/checkpoint_rows.hpp"
#include "store/conditions.hpp"
#include "store/json_match.hpp"
#include "store/rows.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace heddle::store {
namespace {

#define HEDDLE_SELECT_CHECKPOINT                                                                     \
    "SELECT c.space, c.versions, s.thread_id, s.ns, c.checkpoint_id, c.parent_id, c.type, c.bytes, " \
    "c.metadata"                                                                                     \
    " FROM checkpoint_spaces s JOIN checkpoints c ON c.space = s.id"

// A checkpoint's row, and what is needed to find its channel values and writes.
struct Found {
    std::int64_t space = 0;
    std::string versions;
    CheckpointTuple tuple;
};

Found readFound(const sql::Statement& row) {
    Found out;
    out.space = row.integer(0);
    out.versions = row.string(1);
    out.tuple.key = {row.string(2), row.string(3), row.string(4)};
    out.tuple.parent_id = row.optionalString(5);
    out.tuple.checkpoint = {row.string(6), std::string(row.blob(7))};
    out.tuple.metadata = jsonAt(row, 8);
    return out;
}

std::string versionsJson(const std::map<std::string, std::string>& versions) {
    JsonWriter out;
    out.beginObject();
    for (const auto& [channel, version] : versions) out.key(channel).string(version);
    out.endObject();
    return out.take();
}

void loadChannels(sql::Connection& db, Found& found) {
    if (found.versions == "{}") return;
    static const auto text = [](sql::Dialect dialect) {
        return "SELECT b.channel, b.version, b.type, b.bytes FROM " + sql::dialect::eachField(dialect, "$1") +
               " v CROSS JOIN checkpoint_blobs b WHERE b.space = $2 AND b.channel = v.key AND b.version = "
               "v.value";
    };
    static const std::string sqlite = text(sql::Dialect::kSqlite), postgres = text(sql::Dialect::kPostgres);
    auto rows =
        db.query(db.dialect() == sql::Dialect::kSqlite ? sqlite : postgres, found.versions, found.space);
    while (rows.step()) {
        found.tuple.channels.push_back(
            {rows.string(0), rows.string(1), TypedBlob{rows.string(2), std::string(rows.blob(3))}});
    }
}

// In the order in which LangGraph applies them (writes_sort_key).
void loadWrites(sql::Connection& db, Found& found) {
    auto rows = db.query(
        "SELECT task_id, idx, channel, task_path, type, bytes FROM checkpoint_writes"
        " WHERE space = $1 AND checkpoint_id = $2 ORDER BY task_path, task_id, idx",
        found.space, found.tuple.key.id);
    while (rows.step()) {
        found.tuple.writes.push_back({rows.string(0), rows.integer(1), rows.string(2), rows.string(3),
                                      TypedBlob{rows.string(4), std::string(rows.blob(5))}});
    }
}

CheckpointTuple complete(sql::Connection& db, Found found) {
    loadChannels(db, found);
    loadWrites(db, found);
    return std::move(found.tuple);
}

std::optional<std::string> runIdOf(JsonView metadata) {
    const auto value = metadata.get("run_id");
    return value ? value->string() : std::nullopt;
}

bool hasFields(JsonView metadata, const std::vector<JsonField>& wanted) {
    return std::all_of(wanted.begin(), wanted.end(), [metadata](const JsonField& field) {
        const auto value = metadata.get(field.key);
        return value && equalJson(*value, field.value);
    });
}

}  // namespace

std::optional<std::int64_t> findSpace(sql::Connection& db, std::string_view thread_id, std::string_view ns) {
    auto row = db.query("SELECT id FROM checkpoint_spaces WHERE thread_id = $1 AND ns = $2", thread_id, ns);
    return row.step() ? std::optional<std::int64_t>(row.integer(0)) : std::nullopt;
}

std::int64_t spaceFor(sql::Connection& db, std::string_view thread_id, std::string_view ns) {
    if (const auto known = findSpace(db, thread_id, ns)) return *known;
    db.run(
        "INSERT INTO checkpoint_spaces (thread_id, ns) VALUES ($1, $2) ON CONFLICT (thread_id, ns) DO "
        "NOTHING",
        thread_id, ns);
    const auto made = findSpace(db, thread_id, ns);
    if (!made) throw std::logic_error("a checkpoint space that was just made is gone");
    return *made;
}

void putCheckpoint(sql::Connection& db, const CheckpointPut& put) {
    const auto space = spaceFor(db, put.key.thread_id, put.key.ns);
    for (const ChannelBlob& blob : put.blobs) {
        db.run(
            "INSERT INTO checkpoint_blobs (space, channel, version, type, bytes) VALUES ($1, $2, $3, $4, $5)"
            " ON CONFLICT (space, channel, version) DO UPDATE SET type = excluded.type, bytes = "
            "excluded.bytes",
            space, blob.channel, blob.version, blob.value.type, sql::Blob{blob.value.bytes});
    }
    db.run(
        "INSERT INTO checkpoints (space, checkpoint_id, parent_id, run_id, versions, metadata, type, bytes)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (space, checkpoint_id) DO UPDATE SET"
        " parent_id = excluded.parent_id, run_id = excluded.run_id, versions = excluded.versions,"
        " metadata = excluded.metadata, type = excluded.type, bytes = excluded.bytes",
        space, put.key.id, put.parent_id, runIdOf(put.metadata.view()), versionsJson(put.versions),
        put.metadata.text(), put.checkpoint.type, sql::Blob{put.checkpoint.bytes});
}

void putWrites(sql::Connection& db, const CheckpointKey& key, const std::vector<PendingWrite>& writes,
               const std::optional<std::string>& run_id) {
    if (writes.empty()) return;
    const auto space = spaceFor(db, key.thread_id, key.ns);
    static constexpr std::string_view kKeep =
        "INSERT INTO checkpoint_writes (space, checkpoint_id, task_id, idx, task_path, channel, type, bytes,"
        " run_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (space, checkpoint_id, task_id, "
        "idx) DO "
        "NOTHING";
    static constexpr std::string_view kReplace =
        "INSERT INTO checkpoint_writes (space, checkpoint_id, task_id, idx, task_path, channel, type, bytes,"
        " run_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (space, checkpoint_id, task_id, "
        "idx)"
        " DO UPDATE SET task_path = excluded.task_path, channel = excluded.channel, type = excluded.type,"
        " bytes = excluded.bytes, run_id = excluded.run_id";
    for (const PendingWrite& write : writes) {
        db.run(write.idx >= 0 ? kKeep : kReplace, space, key.id, write.task_id, write.idx, write.task_path,
               write.channel, write.value.type, sql::Blob{write.value.bytes}, run_id);
    }
}

std::optional<CheckpointTuple> getCheckpoint(sql::Connection& db, std::string_view thread_id,
                                             std::string_view ns, const std::optional<std::string>& id) {
    std::optional<Found> found;
    {
        auto row =
            id ? db.query(HEDDLE_SELECT_CHECKPOINT
                          " WHERE s.thread_id = $1 AND s.ns = $2 AND c.checkpoint_id = $3",
                          thread_id, ns, *id)
               : db.query(HEDDLE_SELECT_CHECKPOINT
                          " WHERE s.thread_id = $1 AND s.ns = $2 ORDER BY c.checkpoint_id DESC LIMIT 1",
                          thread_id, ns);
        if (row.step()) found = readFound(row);
    }
    if (!found) return std::nullopt;
    return complete(db, *std::move(found));
}

namespace {

// NOLINTNEXTLINE: a macro, so that each statement is one literal and stays prepared.
#define HEDDLE_LATEST(column)                                        \
    "SELECT " column                                                 \
    " FROM checkpoint_spaces s JOIN checkpoints c ON c.space = s.id" \
    " WHERE s.thread_id = $1 AND s.ns = $2 ORDER BY c.checkpoint_id DESC LIMIT 1"

std::optional<std::string> ofLatest(sql::Connection& db, std::string_view select, std::string_view thread_id,
                                    std::string_view ns) {
    auto row = db.query(select, thread_id, ns);
    return row.step() ? row.optionalString(0) : std::nullopt;
}

}  // namespace

std::optional<std::string> latestCheckpointId(sql::Connection& db, std::string_view thread_id,
                                              std::string_view ns) {
    return ofLatest(db, HEDDLE_LATEST("c.checkpoint_id"), thread_id, ns);
}

std::optional<std::string> latestCheckpointType(sql::Connection& db, std::string_view thread_id,
                                                std::string_view ns) {
    return ofLatest(db, HEDDLE_LATEST("c.type"), thread_id, ns);
}

bool hasCheckpoint(sql::Connection& db, std::string_view thread_id, std::string_view ns,
                   std::string_view id) {
    auto row = db.query(
        "SELECT 1 FROM checkpoint_spaces s JOIN checkpoints c ON c.space = s.id"
        " WHERE s.thread_id = $1 AND s.ns = $2 AND c.checkpoint_id = $3",
        thread_id, ns, id);
    return row.step();
}

std::vector<CheckpointTuple> listCheckpoints(sql::Connection& db, const CheckpointQuery& query) {
    Conditions conditions;
    if (query.thread_id) {
        conditions.add("s.thread_id = ?", *query.thread_id);
    } else {
        conditions.add("substr(s.thread_id, 1, 1) <> ?", std::string(kDeletedPrefix));
    }
    if (query.ns) conditions.add("s.ns = ?", *query.ns);
    if (query.id) conditions.add("c.checkpoint_id = ?", *query.id);
    if (query.before) conditions.add("c.checkpoint_id < ?", *query.before);
    const auto wanted = query.metadata.view().fields();
    std::vector<Found> found;
    {
        auto rows = conditions.query(
            db, HEDDLE_SELECT_CHECKPOINT + conditions.where() + " ORDER BY c.checkpoint_id DESC, c.id DESC");
        const auto full = [&] {
            return query.limit && static_cast<std::int64_t>(found.size()) >= *query.limit;
        };
        while (!full() && rows.step()) {
            if (hasFields(JsonView::trusted(rows.text(8)), wanted)) found.push_back(readFound(rows));
        }
    }
    std::vector<CheckpointTuple> out;
    out.reserve(found.size());
    for (Found& one : found) out.push_back(complete(db, std::move(one)));
    return out;
}

}  // namespace heddle::store
