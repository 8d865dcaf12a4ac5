// SPDX-License-Identifier: Apache-2.0
// Threads in the database. Functions run inside a job, on a storage thread.
#pragma once

#include "domain/thread.hpp"
#include "sql/connection.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace heddle::store {

enum class SortOrder { kAscending, kDescending };

// What to look for; everything given must hold. Never shows temporary threads.
struct ThreadQuery {
    std::vector<ThreadId> ids;
    RawJson metadata =
        RawJson::trusted("{}");  // top-level keys must be there with equal values (JSON containment)
    RawJson values = RawJson::trusted("{}");  // likewise in the thread's values
    std::optional<ThreadStatus> status;
    std::int64_t limit = 10;
    std::int64_t offset = 0;
    std::string sort_by = "updated_at";  // thread_id, status, created_at, updated_at, state_updated_at
    SortOrder order = SortOrder::kDescending;
};

struct ThreadPage {
    std::vector<Thread> threads;
    std::int64_t total = 0;
};

// False when the id is taken.
bool insertThread(sql::Connection& db, const Thread& thread);
std::optional<Thread> findThread(sql::Connection& db, const ThreadId& id);
// Without what may be large: values, error, interrupts, state and state_checkpoint_id keep their defaults.
std::optional<Thread> findThreadHead(sql::Connection& db, const ThreadId& id);
// Merges metadata (shallow, byte for byte) and sets updated_at; the new row, or nothing if there is none.
std::optional<Thread> patchThread(sql::Connection& db, const ThreadId& id, JsonView metadata, Timestamp now);
// Counts from updated_at, as every later change does. False when there is no such thread.
bool setThreadTtl(sql::Connection& db, const ThreadId& id, const std::optional<ThreadTtl>& ttl);
// Writes status, config, values, error, interrupts, state, graph_id, metadata and times of an existing
// thread.
void saveThread(sql::Connection& db, const Thread& thread);
// Like saveThread, but leaves values, error, interrupts, state and state_checkpoint_id as they are stored.
void saveThreadHead(sql::Connection& db, const Thread& thread);
void setThreadStatus(sql::Connection& db, const ThreadId& id, ThreadStatus status, Timestamp now);
// Removes the thread with its runs, run events, checkpoints and their blobs and writes. False if there is
// none. Deliveries stay.
bool removeThread(sql::Connection& db, const ThreadId& id);
// Removes a temporary thread with its checkpoints, but keeps its runs (GET /runs/{run_id} answers for a day).
void retireThread(sql::Connection& db, const ThreadId& id);
ThreadPage searchThreads(sql::Connection& db, const ThreadQuery& query);
std::int64_t countThreads(sql::Connection& db, const ThreadQuery& query);

}  // namespace heddle::store
