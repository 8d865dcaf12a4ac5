// SPDX-License-Identifier: Apache-2.0
// The states of a thread: the latest from its row where it can, others from whoever executes its graph.
#pragma once

#include "base/result.hpp"
#include "domain/thread.hpp"
#include "graph/executor.hpp"
#include "sql/database.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace heddle::run {

// Names a checkpoint of a thread. Empty: the latest one of the graph itself.
struct CheckpointRef {
    std::string ns;
    std::string id;
    RawJson map;  // of the parents' namespaces, where the client gave it
};

struct StateRequest {
    ThreadId thread;
    CheckpointRef checkpoint;
    bool subgraphs = false;
};

struct HistoryRequest {
    ThreadId thread;
    CheckpointRef checkpoint;
    std::int64_t limit = 10;
    std::optional<std::string> before;          // a checkpoint's id
    RawJson metadata = RawJson::trusted("{}");  // top-level keys that must be equal
};

// ThreadState JSON. An idle thread's row is mended when a crash or a cancel left it behind its checkpoints.
// kNotFound for an unknown thread or checkpoint; kUnavailable when a worker is needed and none answers.
boost::asio::awaitable<Result<RawJson>> threadState(sql::Database& db, graph::Executor& executor,
                                                    StateRequest request);
// A JSON list of ThreadState, newest first; empty before the first run.
boost::asio::awaitable<Result<RawJson>> threadHistory(sql::Database& db, graph::Executor& executor,
                                                      HistoryRequest request);

// The graph that a thread's checkpoints belong to: of its last run, or as its metadata says.
[[nodiscard]] std::optional<std::string> graphOf(const Thread& thread);
// The config with which its executor is asked about the thread.
[[nodiscard]] RawJson queryConfig(const Thread& thread, const std::string& graph_id, const RawJson& map);
// kNotFound unless the thread has the checkpoint that `ref` names.
Result<void> checkCheckpoint(sql::Connection& db, const ThreadId& thread, const CheckpointRef& ref);

}  // namespace heddle::run
