// SPDX-License-Identifier: Apache-2.0
// LangGraph checkpoints in the database: what the workers' remote checkpointer stores. Functions run inside a
// job.
#pragma once

#include "domain/checkpoint.hpp"
#include "sql/connection.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace heddle::store {

// Replaces a checkpoint of the same id.
void putCheckpoint(sql::Connection& db, const CheckpointPut& put);
// An idx >= 0 that exists stays as it is, a negative one is replaced. The checkpoint need not exist yet.
// `run_id`: of the run that wrote them, where one did.
void putWrites(sql::Connection& db, const CheckpointKey& key, const std::vector<PendingWrite>& writes,
               const std::optional<std::string>& run_id = {});
// The checkpoint `id`, or without one the latest (largest id), with its channel values and writes.
std::optional<CheckpointTuple> getCheckpoint(sql::Connection& db, std::string_view thread_id,
                                             std::string_view ns, const std::optional<std::string>& id);
// The latest checkpoint's id, without reading it.
std::optional<std::string> latestCheckpointId(sql::Connection& db, std::string_view thread_id,
                                              std::string_view ns);

[[nodiscard]] bool hasCheckpoint(sql::Connection& db, std::string_view thread_id, std::string_view ns,
                                 std::string_view id);
// The serde type of the latest checkpoint ("json": a native graph wrote it), without reading it.
std::optional<std::string> latestCheckpointType(sql::Connection& db, std::string_view thread_id,
                                                std::string_view ns);

struct CheckpointQuery {
    std::optional<std::string> thread_id;
    std::optional<std::string> ns;
    std::optional<std::string> id;
    std::optional<std::string> before;          // ids below this one
    RawJson metadata = RawJson::trusted("{}");  // top-level keys that must be equal
    std::optional<std::int64_t> limit;
};
// Newest first.
std::vector<CheckpointTuple> listCheckpoints(sql::Connection& db, const CheckpointQuery& query);

// At once for everybody; of what is large the space is given back later, by sweepDeletedCheckpoints().
void deleteCheckpoints(sql::Connection& db, std::string_view thread_id);
// Removes some of what was deleted, a few megabytes. True when there is more.
bool sweepDeletedCheckpoints(sql::Connection& db);
// Ids stay; the thread's id in metadata becomes the target's.
void copyCheckpoints(sql::Connection& db, std::string_view source_thread, std::string_view target_thread);
enum class Prune { kKeepLatest, kDelete };  // keep the latest of each namespace
void pruneCheckpoints(sql::Connection& db, const std::vector<std::string>& thread_ids, Prune strategy);
// Removes checkpoints whose metadata's run_id is one of these, with their writes and blobs nobody else uses,
// and the writes of these runs on checkpoints of others.
void deleteCheckpointsOfRuns(sql::Connection& db, const std::vector<std::string>& run_ids);

}  // namespace heddle::store
