// SPDX-License-Identifier: Apache-2.0
#include "store/threads.hpp"

#include "sql/dialect.hpp"
#include "store/checkpoints.hpp"
#include "store/metadata_index.hpp"
#include "store/rows.hpp"
#include "store/thread_rows.hpp"
#include "store/value_bits.hpp"

#include <stdexcept>

namespace heddle::store {
namespace {

#define HEDDLE_THREAD_HEAD                                                                               \
    "SELECT t.uuid, t.created_at, t.updated_at, t.state_updated_at, t.status, t.graph_id, t.temporary, " \
    "t.metadata,"                                                                                        \
    " t.config, t.ttl_us, t.ttl_strategy, t.expires_at"

struct Head {
    std::int64_t id = 0;
    RawJson metadata;
    bool temporary = false;
};

// The row to change, locked.
std::optional<Head> lockThread(sql::Connection& db, const ThreadId& id) {
    std::string text = "SELECT id, metadata, temporary FROM threads WHERE uuid = $1 AND retired_at IS NULL";
    text += sql::dialect::forUpdate(db.dialect());
    auto row = db.query(text, id.str());
    if (!row.step()) return std::nullopt;
    return Head{row.integer(0), jsonAt(row, 1), row.integer(2) != 0};
}

void readHead(const sql::Statement& row, Thread& thread) {
    thread.id = idAt<ThreadId>(row, 0);
    thread.created_at = timeAt(row, 1);
    thread.updated_at = timeAt(row, 2);
    thread.state_updated_at = timeAt(row, 3);
    thread.status = enumAt<ThreadStatus>(row, 4, parseThreadStatus);
    thread.graph_id = row.optionalString(5);
    thread.temporary = row.integer(6) != 0;
    thread.metadata = jsonAt(row, 7);
    thread.config = jsonAt(row, 8);
    if (row.isNull(9)) return;
    thread.ttl = ThreadTtl{microseconds(row.integer(9)), enumAt<TtlStrategy>(row, 10, parseTtlStrategy)};
    thread.expires_at = optionalTimeAt(row, 11);
}

std::optional<std::int64_t> livesOf(const std::optional<ThreadTtl>& ttl) {
    return ttl ? std::optional<std::int64_t>(ttl->lives.count()) : std::nullopt;
}

std::optional<std::string_view> strategyOf(const std::optional<ThreadTtl>& ttl) {
    return ttl ? std::optional<std::string_view>(toString(ttl->strategy)) : std::nullopt;
}

// Temporary threads are in no search, hence not in the index.
void reindex(sql::Connection& db, const Head& head, JsonView metadata) {
    if (!head.temporary) updateMetadataIndex(db, kThreadMetadata, head.id, head.metadata.view(), metadata);
}

bool hasState(const Thread& thread) {
    return !thread.values.isNull() || thread.error || !thread.state.isNull() || thread.state_checkpoint_id ||
           thread.interrupts.text() != "{}";
}

std::optional<std::string_view> textOf(const std::optional<RawJson>& json) {
    return json ? std::optional<std::string_view>(json->text()) : std::nullopt;
}

// An unchanged state is compared, not written again: it may be large.
void saveState(sql::Connection& db, std::int64_t id, const Thread& thread) {
    if (!hasState(thread)) {
        db.run("DELETE FROM thread_states WHERE thread = $1", id);
        return;
    }
    db.run(
        "INSERT INTO thread_states (thread, checkpoint_id, error, interrupts, state_values, state)"
        " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (thread) DO UPDATE SET checkpoint_id = "
        "excluded.checkpoint_id,"
        " error = excluded.error, interrupts = excluded.interrupts, state_values = excluded.state_values,"
        " state = excluded.state WHERE thread_states.checkpoint_id IS DISTINCT FROM excluded.checkpoint_id"
        " OR thread_states.error IS DISTINCT FROM excluded.error"
        " OR thread_states.interrupts IS DISTINCT FROM excluded.interrupts"
        " OR thread_states.state_values IS DISTINCT FROM excluded.state_values"
        " OR thread_states.state IS DISTINCT FROM excluded.state",
        id, thread.state_checkpoint_id, textOf(thread.error), thread.interrupts.text(), thread.values.text(),
        thread.state.text());
}

}  // namespace

const std::string& selectThread() {
    static const std::string text = HEDDLE_THREAD_HEAD
        ", s.thread, s.checkpoint_id, s.error, s.interrupts, s.state_values, s.state"
        " FROM threads t LEFT JOIN thread_states s ON s.thread = t.id";
    return text;
}

Thread readThread(const sql::Statement& row) {
    Thread thread;
    readHead(row, thread);
    if (row.isNull(12)) return thread;
    thread.state_checkpoint_id = row.optionalString(13);
    if (!row.isNull(14)) thread.error = jsonAt(row, 14);
    thread.interrupts = jsonAt(row, 15);
    thread.values = jsonAt(row, 16);
    thread.state = jsonAt(row, 17);
    return thread;
}

bool insertThread(sql::Connection& db, const Thread& thread) {
    const std::string uuid = thread.id.str();
    const auto inserted = db.run(
        "INSERT INTO threads (uuid, created_at, updated_at, state_updated_at, status, graph_id, temporary, "
        "metadata,"
        " config, ttl_us, ttl_strategy, expires_at, value_bits) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, "
        "$10,"
        " $11, $3 + $10, $12) ON CONFLICT (uuid) DO NOTHING",
        uuid, thread.created_at.micros(), thread.updated_at.micros(), thread.state_updated_at.micros(),
        toString(thread.status), thread.graph_id, thread.temporary ? 1 : 0, thread.metadata.text(),
        thread.config.text(), livesOf(thread.ttl), strategyOf(thread.ttl), valueBits(thread.values.view()));
    if (inserted == 0) return false;
    const bool indexed = !thread.temporary && thread.metadata.text() != "{}";
    if (!indexed && !hasState(thread)) return true;
    const auto head = lockThread(db, thread.id);
    const RawJson nothing = RawJson::trusted("{}");
    if (indexed) updateMetadataIndex(db, kThreadMetadata, head->id, nothing.view(), thread.metadata.view());
    if (hasState(thread)) saveState(db, head->id, thread);
    return true;
}

std::optional<Thread> findThread(sql::Connection& db, const ThreadId& id) {
    static const std::string text = selectThread() + " WHERE t.uuid = $1 AND t.retired_at IS NULL";
    auto row = db.query(text, id.str());
    return row.step() ? std::optional<Thread>(readThread(row)) : std::nullopt;
}

std::optional<Thread> findThreadHead(sql::Connection& db, const ThreadId& id) {
    auto row =
        db.query(HEDDLE_THREAD_HEAD " FROM threads t WHERE t.uuid = $1 AND t.retired_at IS NULL", id.str());
    if (!row.step()) return std::nullopt;
    Thread thread;
    readHead(row, thread);
    return thread;
}

std::optional<Thread> patchThread(sql::Connection& db, const ThreadId& id, JsonView metadata, Timestamp now) {
    const auto head = lockThread(db, id);
    if (!head) return std::nullopt;
    const RawJson merged = mergeObjects(head->metadata.view(), metadata);
    db.run("UPDATE threads SET metadata = $1, updated_at = $2, expires_at = $2 + ttl_us WHERE id = $3",
           merged.text(), now.micros(), head->id);
    reindex(db, *head, merged.view());
    return findThread(db, id);
}

bool setThreadTtl(sql::Connection& db, const ThreadId& id, const std::optional<ThreadTtl>& ttl) {
    return db.run(
               "UPDATE threads SET ttl_us = $1, ttl_strategy = $2, expires_at = updated_at + $1"
               " WHERE uuid = $3 AND retired_at IS NULL",
               livesOf(ttl), strategyOf(ttl), id.str()) > 0;
}

namespace {

// `bits`: of its values; nothing leaves them as they are.
std::optional<Head> writeHead(sql::Connection& db, const Thread& thread, std::optional<std::int64_t> bits) {
    auto head = lockThread(db, thread.id);
    if (!head) return std::nullopt;
    db.run(
        "UPDATE threads SET created_at = $1, updated_at = $2, state_updated_at = $3, status = $4, graph_id = "
        "$5,"
        " metadata = $6, config = $7, expires_at = $2 + ttl_us, value_bits = coalesce($8, value_bits)"
        " WHERE id = $9",
        thread.created_at.micros(), thread.updated_at.micros(), thread.state_updated_at.micros(),
        toString(thread.status), thread.graph_id, thread.metadata.text(), thread.config.text(), bits,
        head->id);
    reindex(db, *head, thread.metadata.view());
    return head;
}

}  // namespace

void saveThread(sql::Connection& db, const Thread& thread) {
    const auto head = writeHead(db, thread, valueBits(thread.values.view()));
    if (head) saveState(db, head->id, thread);
}

void saveThreadHead(sql::Connection& db, const Thread& thread) {
    writeHead(db, thread, std::nullopt);
}

void setThreadStatus(sql::Connection& db, const ThreadId& id, ThreadStatus status, Timestamp now) {
    db.run(
        "UPDATE threads SET status = $1, updated_at = $2, expires_at = $2 + ttl_us"
        " WHERE uuid = $3 AND retired_at IS NULL",
        toString(status), now.micros(), id.str());
}

bool removeThread(sql::Connection& db, const ThreadId& id) {
    const std::string uuid = id.str();
    // Runs, state and metadata go with it (ON DELETE CASCADE).
    const auto removed = db.run("DELETE FROM threads WHERE uuid = $1 AND retired_at IS NULL", uuid);
    if (removed == 0) return false;
    deleteCheckpoints(db, uuid);
    return true;
}

// The row stays for its runs to refer to. retired_at is about when they ended: expireRetiredRuns() walks
// along it.
void retireThread(sql::Connection& db, const ThreadId& id) {
    const auto head = lockThread(db, id);
    if (!head) return;
    db.run(
        "UPDATE threads SET retired_at = coalesce((SELECT max(r.ended_at) FROM runs r WHERE r.thread = "
        "threads.id),"
        " updated_at), expires_at = NULL, temporary = 1, metadata = '{}', config = '{}' WHERE id = $1",
        head->id);
    db.run("DELETE FROM thread_states WHERE thread = $1", head->id);
    db.run("DELETE FROM thread_metadata WHERE thread = $1", head->id);
    deleteCheckpoints(db, id.str());
}

}  // namespace heddle::store
