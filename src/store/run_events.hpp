// SPDX-License-Identifier: Apache-2.0
// Stored events of resumable runs. Functions run inside a job, on a storage thread.
#pragma once

#include "base/ids.hpp"
#include "base/time.hpp"
#include "sql/connection.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace heddle::store {

struct RunEvent {
    RunId run;
    std::int64_t seq = 0;  // from 0, growing over the run's attempts
    std::string event;
    std::string data;  // JSON on one line
};

// Events of one run, in order.
struct RunEvents {
    std::vector<RunEvent> events;
    bool last = false;  // nothing is stored after them
};

// What is stored of a run.
struct RunEventExtent {
    std::int64_t first = 0;
    std::int64_t next = 0;   // one more than the last seq; 0 when there is none
    std::int64_t bytes = 0;  // of data
};

// A run of a thread that has events.
struct StartedRun {
    RunId id;
    Timestamp created_at;
    Timestamp started_at;
};

// Events of runs that are gone are left out, and events that are there already stay as they are.
void insertRunEvents(sql::Connection& db, const std::vector<RunEvent>& events);
// Removes a run's events before `seq`.
void trimRunEvents(sql::Connection& db, const RunId& run, std::int64_t seq);
// From `seq` on; ends after about `max_bytes` of data.
RunEvents findRunEvents(sql::Connection& db, const RunId& run, std::int64_t seq, std::size_t max_bytes);
RunEventExtent runEventExtent(sql::Connection& db, const RunId& run);
// One more than the last stored seq; 0 when there is none.
std::int64_t runEventNext(sql::Connection& db, const RunId& run);
// Runs of a thread with stored events that started at `from` or later, in the order of their start; the
// newest `limit` of them.
std::vector<StartedRun> findStartedRuns(sql::Connection& db, const ThreadId& thread, Timestamp from,
                                        std::int64_t limit);
// When the run of this thread that was created within that millisecond started.
std::optional<Timestamp> findStart(sql::Connection& db, const ThreadId& thread, std::int64_t created_ms);
// Removes at most `limit` events of runs that ended before `before`; how many it removed.
std::int64_t expireRunEvents(sql::Connection& db, Timestamp before, std::int64_t limit);

}  // namespace heddle::store
