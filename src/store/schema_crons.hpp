// SPDX-License-Identifier: Apache-2.0
// The part of the schema for crons. Internal to store.
#pragma once

#include <string_view>

namespace heddle::store {

inline constexpr std::string_view kSqliteCrons = R"sql(
-- next_run: NULL when it will not fire. firings: how many times have been settled.
CREATE TABLE crons (
    id INTEGER PRIMARY KEY,
    uuid TEXT NOT NULL UNIQUE,
    assistant_uuid TEXT NOT NULL,
    thread INTEGER REFERENCES threads (id) ON DELETE CASCADE,
    next_run INTEGER,
    firings INTEGER NOT NULL,
    enabled INTEGER NOT NULL,
    disabled_reason TEXT,
    keeps_threads INTEGER NOT NULL,
    end_time INTEGER,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    schedule TEXT NOT NULL,
    timezone TEXT,
    metadata TEXT NOT NULL,
    payload TEXT NOT NULL
);
CREATE INDEX crons_due ON crons (next_run) WHERE next_run IS NOT NULL;
CREATE INDEX crons_of_thread ON crons (thread) WHERE thread IS NOT NULL;
CREATE INDEX crons_of_assistant ON crons (assistant_uuid);

CREATE TABLE cron_metadata (
    cron INTEGER NOT NULL REFERENCES crons (id) ON DELETE CASCADE,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (cron, key)
) WITHOUT ROWID;
CREATE INDEX cron_metadata_value ON cron_metadata (key, value, cron);

-- A time that has come. The second UNIQUE is the fence: no time of a cron fires twice.
CREATE TABLE cron_firings (
    id INTEGER PRIMARY KEY,
    cron INTEGER NOT NULL REFERENCES crons (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    slot INTEGER NOT NULL,
    fired_at INTEGER NOT NULL,
    run_uuid TEXT,
    error TEXT,
    UNIQUE (cron, number),
    UNIQUE (cron, slot)
);
)sql";

}  // namespace heddle::store
