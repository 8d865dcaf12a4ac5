// SPDX-License-Identifier: Apache-2.0
// The transactions around a change of a thread's state that no run makes. Run in jobs.
#pragma once

#include "base/result.hpp"
#include "domain/thread.hpp"
#include "graph/executor.hpp"
#include "run/state.hpp"
#include "sql/connection.hpp"

namespace heddle::run {

struct StateChange {
    ThreadId thread;
    CheckpointRef checkpoint;  // to go on from
    RawJson supersteps;        // [{"updates": [{"values" or "command", "as_node"}…]}…]
};

// What the executor is to do. kNotFound for an unknown thread or checkpoint, kConflict while a run of the
// thread is open, kBadRequest when nothing says which graph the thread has.
Result<graph::StateUpdate> planUpdate(sql::Connection& db, const StateChange& change);

// The row after the update. False when the thread is gone; its new checkpoints are removed then.
Result<bool> saveUpdate(sql::Connection& db, const ThreadId& thread, const std::string& graph_id,
                        const RawJson& state, Timestamp now);

}  // namespace heddle::run
