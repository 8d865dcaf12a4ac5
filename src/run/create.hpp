// SPDX-License-Identifier: Apache-2.0
// The transaction that creates a run: assistant, thread and multitask rule checked, rows written. Runs in a
// write job.
#pragma once

#include "base/result.hpp"
#include "domain/run.hpp"
#include "run/request.hpp"
#include "sql/connection.hpp"

#include <optional>
#include <string>
#include <vector>

namespace heddle::run {

// What a creation needs besides the request; made before the job, so that the job can be re-run.
struct CreateIds {
    RunId run;
    ThreadId thread;  // for a thread that is to be created
    Timestamp now;
    std::optional<ThreadTtl> ttl = std::nullopt;  // of a thread that is to be created
};

struct Created {
    Run run;
    // Open runs of the thread that the new one supersedes (multitask_strategy interrupt), oldest first.
    std::vector<Run> superseded;
    // Nothing was created: `run` is the one that the request's idempotency key made before.
    bool replayed = false;
};

// `graphs`: the configured graph ids.
Result<Created> createRun(sql::Connection& db, const RunRequest& request, const CreateIds& ids,
                          const std::vector<std::string>& graphs);

}  // namespace heddle::run
