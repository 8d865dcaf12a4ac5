// SPDX-License-Identifier: Apache-2.0
#include "store/schema.hpp"

#include "store/metadata_index.hpp"
#include "store/schema_crons.hpp"
#include "store/schema_vectors.hpp"
#include "store/value_bits.hpp"

#include <stdexcept>

namespace heddle::store {
namespace {

// Every table has an integer key of its own and the public UUID beside it: random primary keys cost a
// multiple in write rate. What may be large and seldom changes (state, kwargs, bodies) is apart from what
// changes often, since SQLite writes a whole row again for one changed column.
constexpr std::string_view kSqliteFirst = R"sql(
CREATE TABLE assistants (
    id INTEGER PRIMARY KEY,
    uuid TEXT NOT NULL UNIQUE,
    graph_id TEXT NOT NULL,
    name TEXT NOT NULL,
    description TEXT,
    config TEXT NOT NULL,
    context TEXT NOT NULL,
    metadata TEXT NOT NULL,
    version INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
);

CREATE TABLE threads (
    id INTEGER PRIMARY KEY,
    uuid TEXT NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    state_updated_at INTEGER NOT NULL,
    status TEXT NOT NULL,
    graph_id TEXT,
    temporary INTEGER NOT NULL,
    retired_at INTEGER,
    metadata TEXT NOT NULL,
    config TEXT NOT NULL
);
-- The second column makes them covering for counts.
CREATE INDEX threads_updated ON threads (updated_at, temporary) WHERE temporary = 0;
CREATE INDEX threads_created ON threads (created_at, temporary) WHERE temporary = 0;
-- Gone for everybody, but its runs are still shown for a while.
CREATE INDEX threads_retired ON threads (retired_at) WHERE retired_at IS NOT NULL;

-- The state after the last run; no row before the first one has ended.
CREATE TABLE thread_states (
    thread INTEGER PRIMARY KEY REFERENCES threads (id) ON DELETE CASCADE,
    checkpoint_id TEXT,
    error TEXT,
    interrupts TEXT NOT NULL,
    state_values TEXT NOT NULL,
    state TEXT NOT NULL
);

-- Scalar metadata of threads that are not temporary, values as canonical JSON. key: metadata_index.hpp.
CREATE TABLE thread_metadata (
    thread INTEGER NOT NULL REFERENCES threads (id) ON DELETE CASCADE,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (thread, key)
) WITHOUT ROWID;
CREATE INDEX thread_metadata_value ON thread_metadata (key, value, thread);

CREATE TABLE runs (
    id INTEGER PRIMARY KEY,
    uuid TEXT NOT NULL UNIQUE,
    thread INTEGER NOT NULL REFERENCES threads (id) ON DELETE CASCADE,
    assistant_uuid TEXT NOT NULL,
    graph_id TEXT NOT NULL,
    status TEXT NOT NULL,
    multitask_strategy TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    not_before INTEGER,
    started_at INTEGER,
    ended_at INTEGER,
    attempt INTEGER NOT NULL,
    failures INTEGER NOT NULL,
    error_type TEXT,
    error_message TEXT,
    metadata TEXT NOT NULL
);
CREATE INDEX runs_of_thread ON runs (thread);
CREATE INDEX runs_open ON runs (thread) WHERE status IN ('pending', 'running');
CREATE UNIQUE INDEX runs_running ON runs (thread) WHERE status = 'running';

CREATE TABLE run_kwargs (
    run INTEGER PRIMARY KEY REFERENCES runs (id) ON DELETE CASCADE,
    kwargs TEXT NOT NULL
);
CREATE TABLE run_outputs (
    run INTEGER PRIMARY KEY REFERENCES runs (id) ON DELETE CASCADE,
    output TEXT NOT NULL
);

-- Thread ids are text here: outside the API they need not be UUIDs, and the thread need not exist.
CREATE TABLE checkpoint_spaces (
    id INTEGER PRIMARY KEY,
    thread_id TEXT NOT NULL,
    ns TEXT NOT NULL,
    UNIQUE (thread_id, ns)
);
CREATE TABLE checkpoints (
    id INTEGER PRIMARY KEY,
    space INTEGER NOT NULL REFERENCES checkpoint_spaces (id) ON DELETE CASCADE,
    checkpoint_id TEXT NOT NULL,
    parent_id TEXT,
    run_id TEXT,
    versions TEXT NOT NULL,
    metadata TEXT NOT NULL,
    type TEXT NOT NULL,
    bytes BLOB NOT NULL,
    UNIQUE (space, checkpoint_id)
);
CREATE INDEX checkpoints_of_run ON checkpoints (run_id) WHERE run_id IS NOT NULL;
CREATE TABLE checkpoint_blobs (
    id INTEGER PRIMARY KEY,
    space INTEGER NOT NULL REFERENCES checkpoint_spaces (id) ON DELETE CASCADE,
    channel TEXT NOT NULL,
    version TEXT NOT NULL,
    type TEXT NOT NULL,
    bytes BLOB NOT NULL,
    UNIQUE (space, channel, version)
);
-- Not tied to checkpoints: LangGraph may send the writes first.
CREATE TABLE checkpoint_writes (
    id INTEGER PRIMARY KEY,
    space INTEGER NOT NULL REFERENCES checkpoint_spaces (id) ON DELETE CASCADE,
    checkpoint_id TEXT NOT NULL,
    task_id TEXT NOT NULL,
    idx INTEGER NOT NULL,
    task_path TEXT NOT NULL,
    channel TEXT NOT NULL,
    type TEXT NOT NULL,
    bytes BLOB NOT NULL,
    UNIQUE (space, checkpoint_id, task_id, idx)
);

-- ns: encodeNamespace(), so that a prefix is an index range.
CREATE TABLE items (
    id INTEGER PRIMARY KEY,
    ns TEXT NOT NULL,
    key TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    expires_at INTEGER,
    value TEXT NOT NULL,
    UNIQUE (ns, key)
);
CREATE INDEX items_expiry ON items (expires_at) WHERE expires_at IS NOT NULL;

-- Not tied to runs and threads: they outlive both. `leased`: an attempt is under way, due_at is when it is given up.
CREATE TABLE deliveries (
    id INTEGER PRIMARY KEY,
    uuid TEXT NOT NULL UNIQUE,
    run_uuid TEXT NOT NULL UNIQUE,
    thread_uuid TEXT NOT NULL,
    status TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    leased INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    first_sent_at INTEGER,
    last_status_code INTEGER,
    last_error TEXT NOT NULL,
    sent_at_offset INTEGER NOT NULL,
    lane TEXT NOT NULL,
    url TEXT NOT NULL
);
CREATE INDEX deliveries_lane ON deliveries (lane, due_at) WHERE status = 'pending';
CREATE INDEX deliveries_settled ON deliveries (created_at) WHERE status <> 'pending';
CREATE TABLE delivery_bodies (
    delivery INTEGER PRIMARY KEY REFERENCES deliveries (id) ON DELETE CASCADE,
    body TEXT NOT NULL
);
)sql";

// A delivery's history, and what lets a lane wait without its rows being looked at.
constexpr std::string_view kSqliteDeliveryLog = R"sql(
ALTER TABLE runs ADD COLUMN traceparent TEXT;

ALTER TABLE deliveries ADD COLUMN host TEXT NOT NULL DEFAULT '';
ALTER TABLE deliveries ADD COLUMN traceparent TEXT;
ALTER TABLE deliveries ADD COLUMN spent INTEGER NOT NULL DEFAULT 0;
ALTER TABLE deliveries ADD COLUMN queued_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE deliveries ADD COLUMN updated_at INTEGER NOT NULL DEFAULT 0;
-- Of the attempt under way (`leased`).
ALTER TABLE deliveries ADD COLUMN started_at INTEGER;
UPDATE deliveries SET queued_at = created_at, updated_at = created_at,
    status = CASE status WHEN 'delivered' THEN 'succeeded' WHEN 'failed' THEN 'exhausted' ELSE status END;

DROP INDEX deliveries_settled;
-- With the status as a column too: otherwise SQLite takes deliveries_of_status and reads every pending row.
CREATE INDEX deliveries_pending ON deliveries (status, queued_at) WHERE status = 'pending';
CREATE INDEX deliveries_leased ON deliveries (lane) WHERE leased = 1;
-- For lists, the newest first, and for retention.
CREATE INDEX deliveries_by_time ON deliveries (created_at);
CREATE INDEX deliveries_of_status ON deliveries (status, created_at);
CREATE INDEX deliveries_of_host ON deliveries (host, status, created_at);
CREATE INDEX deliveries_of_thread ON deliveries (thread_uuid, created_at);

-- Attempts that have ended.
CREATE TABLE delivery_attempts (
    id INTEGER PRIMARY KEY,
    delivery INTEGER NOT NULL REFERENCES deliveries (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    started_at INTEGER NOT NULL,
    duration_us INTEGER,
    dns_us INTEGER,
    connect_us INTEGER,
    tls_us INTEGER,
    first_byte_us INTEGER,
    status_code INTEGER,
    outcome TEXT NOT NULL,
    error TEXT NOT NULL,
    response_body TEXT,
    UNIQUE (delivery, number)
);

-- One row for each destination with pending deliveries. next_due: not before this time is there anything to send;
-- it may be early (an attempt under way), never late. held_until: its circuit is open.
CREATE TABLE delivery_lanes (
    id INTEGER PRIMARY KEY,
    lane TEXT NOT NULL UNIQUE,
    next_due INTEGER NOT NULL,
    held_until INTEGER NOT NULL
);
CREATE INDEX delivery_lanes_due ON delivery_lanes (next_due);
INSERT INTO delivery_lanes (lane, next_due, held_until)
    SELECT lane, min(due_at), 0 FROM deliveries WHERE status = 'pending' GROUP BY lane;
)sql";

// Every run semantic: durable cancels, resumable streams, idempotency keys, threads that expire.
constexpr std::string_view kSqliteRunSemantics = R"sql(
-- A cancel that was asked while the run ran; it holds over a restart.
ALTER TABLE runs ADD COLUMN cancel_action TEXT;
ALTER TABLE runs ADD COLUMN cancel_type TEXT;
ALTER TABLE runs ADD COLUMN cancel_message TEXT;
CREATE INDEX runs_of_status ON runs (thread, status);

-- Events of runs with stream_resumable; seq grows over attempts.
CREATE TABLE run_events (
    id INTEGER PRIMARY KEY,
    run INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    seq INTEGER NOT NULL,
    event TEXT NOT NULL,
    data TEXT NOT NULL,
    UNIQUE (run, seq)
);

-- The run that wrote them, so that a rollback takes them back; checkpoints have theirs in their metadata.
ALTER TABLE checkpoint_writes ADD COLUMN run_id TEXT;
CREATE INDEX checkpoint_writes_of_run ON checkpoint_writes (run_id) WHERE run_id IS NOT NULL;

-- scope: whose key it is. digest: of the request.
CREATE TABLE idempotency_keys (
    id INTEGER PRIMARY KEY,
    scope TEXT NOT NULL,
    key TEXT NOT NULL,
    digest TEXT NOT NULL,
    run_uuid TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    UNIQUE (scope, key)
);
CREATE INDEX idempotency_keys_by_time ON idempotency_keys (created_at);

-- ttl_us: how long a thread lives after its last change; ttl_strategy: what happens then (delete, keep_latest).
ALTER TABLE threads ADD COLUMN ttl_us INTEGER;
ALTER TABLE threads ADD COLUMN ttl_strategy TEXT;
ALTER TABLE threads ADD COLUMN expires_at INTEGER;
CREATE INDEX threads_expiry ON threads (expires_at) WHERE expires_at IS NOT NULL;

-- Searches by status, and by when the state changed.
CREATE INDEX threads_status ON threads (status, updated_at, temporary) WHERE temporary = 0;
CREATE INDEX threads_state_updated ON threads (state_updated_at, temporary) WHERE temporary = 0;
)sql";

// Searches by `values`: value_bits.hpp. The index has them too, so that a search reads nothing else.
constexpr std::string_view kSqliteValueBits = R"sql(
ALTER TABLE threads ADD COLUMN value_bits INTEGER NOT NULL DEFAULT 0;
DROP INDEX threads_updated;
CREATE INDEX threads_updated ON threads (updated_at, temporary, value_bits) WHERE temporary = 0;
)sql";

// Assistants keep their versions. Until here only the last one is known.
constexpr std::string_view kSqliteAssistantVersions = R"sql(
CREATE TABLE assistant_versions (
    id INTEGER PRIMARY KEY,
    assistant INTEGER NOT NULL REFERENCES assistants (id) ON DELETE CASCADE,
    version INTEGER NOT NULL,
    graph_id TEXT NOT NULL,
    name TEXT NOT NULL,
    description TEXT,
    config TEXT NOT NULL,
    context TEXT NOT NULL,
    metadata TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    UNIQUE (assistant, version)
);
INSERT INTO assistant_versions (assistant, version, graph_id, name, description, config, context, metadata, created_at)
    SELECT id, version, graph_id, name, description, config, context, metadata, updated_at FROM assistants;
)sql";

// What reading an item prolongs its life by.
constexpr std::string_view kSqliteItemTtl = R"sql(
ALTER TABLE items ADD COLUMN ttl_us INTEGER;
UPDATE items SET ttl_us = expires_at - updated_at WHERE expires_at IS NOT NULL;
)sql";

// Searches among many assistants and items. The indexes have what the conditions ask besides the order.
constexpr std::string_view kSqliteSearches = R"sql(
CREATE TABLE assistant_metadata (
    assistant INTEGER NOT NULL REFERENCES assistants (id) ON DELETE CASCADE,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (assistant, key)
) WITHOUT ROWID;
CREATE INDEX assistant_metadata_value ON assistant_metadata (key, value, assistant);
CREATE INDEX assistants_created ON assistants (created_at, id, graph_id, name);
CREATE INDEX assistants_updated ON assistants (updated_at, id, graph_id, name);
CREATE INDEX assistants_name ON assistants (name, id, graph_id);
CREATE INDEX assistants_graph ON assistants (graph_id, id, name);

-- value_bits.hpp
ALTER TABLE items ADD COLUMN value_bits INTEGER NOT NULL DEFAULT 0;
CREATE INDEX items_updated ON items (updated_at, id, ns, expires_at, value_bits);
)sql";

void fillSearches(sql::Connection& db) {
    rebuildAssistantMetadata(db);
    rebuildItemBits(db);
}

// What the configuration gave a system assistant: another start with the same changes nothing of what clients
// made of it.
constexpr std::string_view kSqliteSystemAssistants = R"sql(
CREATE TABLE system_assistants (
    assistant INTEGER PRIMARY KEY REFERENCES assistants (id) ON DELETE CASCADE,
    config TEXT NOT NULL,
    context TEXT NOT NULL
);
)sql";

}  // namespace

std::vector<sql::Migration> schema(sql::Dialect dialect) {
    switch (dialect) {
        case sql::Dialect::kSqlite:
            return {{1, "first", kSqliteFirst},
                    {2, "delivery log", kSqliteDeliveryLog},
                    {3, "run semantics", kSqliteRunSemantics, rebuildThreadMetadata},
                    {4, "value bits", kSqliteValueBits, rebuildValueBits},
                    {5, "assistant versions", kSqliteAssistantVersions},
                    {6, "time to live of items", kSqliteItemTtl},
                    {7, "searches", kSqliteSearches, fillSearches},
                    {8, "vectors of items", kSqliteItemVectors},
                    {9, "system assistants", kSqliteSystemAssistants},
                    {10, "crons", kSqliteCrons}};
        case sql::Dialect::kPostgres:
            break;
    }
    throw std::logic_error("no schema for this engine");
}

void rewriteVersion(sql::Connection& db) {
    db.run(
        "UPDATE heddle_schema SET applied_at = applied_at "
        "WHERE version = (SELECT max(version) FROM heddle_schema)");
}

}  // namespace heddle::store
