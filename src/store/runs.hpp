// SPDX-License-Identifier: Apache-2.0
// Runs in the database. Functions run inside a job, on a storage thread.
#pragma once

#include "domain/run.hpp"
#include "sql/connection.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace heddle::store {

struct RunQuery {
    std::optional<RunStatus> status;
    std::int64_t limit = 10;
    std::int64_t offset = 0;
};

struct RunPage {
    std::vector<Run> runs;  // newest first
    std::int64_t total = 0;
};

void insertRun(sql::Connection& db, const Run& run);
std::optional<Run> findRun(sql::Connection& db, const RunId& id);
std::optional<Run> findRun(sql::Connection& db, const ThreadId& thread, const RunId& id);
// `thread`: it must be its, where given.
std::optional<Run> findRun(sql::Connection& db, const std::optional<ThreadId>& thread, const RunId& id);
// What decides about a run, without its parameters, which may be large.
struct RunStanding {
    RunStatus status = RunStatus::kPending;
    std::int64_t attempt = 0;
    std::int64_t failures = 0;
    std::optional<Cancel> cancel;
};
std::optional<RunStanding> findStanding(sql::Connection& db, const RunId& id);
RunPage listRuns(sql::Connection& db, const ThreadId& thread, const RunQuery& query);
// Pending and running runs of a thread, oldest first.
std::vector<Run> openRuns(sql::Connection& db, const ThreadId& thread);
bool hasOpenRuns(sql::Connection& db, const ThreadId& thread);
// Pending and running runs of all threads, oldest first: what recovery and the scheduler start from.
std::vector<Run> allOpenRuns(sql::Connection& db);

// pending → running: attempt + 1, started_at (kept from the first attempt). Nothing when the run is not
// pending.
std::optional<Run> claimRun(sql::Connection& db, const RunId& id, Timestamp now);
// running → pending, for an attempt that ended without a result. `failed`: counts as a failure of the run.
enum class Requeue { kGraceful, kFailed };
bool requeueRun(sql::Connection& db, const RunId& id, std::int64_t attempt, Requeue why, Timestamp now);
// Any open status → terminal, with ended_at and error. False when the run is no longer open or, where
// `attempt` is given, when another attempt is the current one.
bool finishRun(sql::Connection& db, const RunId& id, std::optional<std::int64_t> attempt, RunStatus status,
               const std::optional<RunError>& error, Timestamp now);
// Notes that a running run is to stop; it holds over a restart. Replaces what was noted before.
void askCancel(sql::Connection& db, const RunId& id, const Cancel& cancel, Timestamp now);
// At most `limit` open runs, of one status where given, oldest first; those that were asked to stop already
// are left out.
std::vector<RunId> openRunIds(sql::Connection& db, std::optional<RunStatus> status, std::int64_t limit);
// What wait and join answer for a run whose thread is gone (Run::output).
void saveRunOutput(sql::Connection& db, const RunId& id, const RawJson& output);
// Removes at most `limit` ended runs of retired threads that ended before `before`; how many it removed.
std::int64_t expireRetiredRuns(sql::Connection& db, Timestamp before, std::int64_t limit);
// The fence: is this attempt the one that runs now?
bool isCurrentAttempt(sql::Connection& db, const RunId& id, std::int64_t attempt);
bool removeRun(sql::Connection& db, const RunId& id);

}  // namespace heddle::store
