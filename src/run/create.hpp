// SPDX-License-Identifier: Apache-2.0
// The transaction that creates a run: assistant, thread and multitask rule checked, rows written. Runs in a
// write job.
#pragma once

#include "base/result.hpp"
#include "domain/run.hpp"
#include "run/cancel.hpp"
#include "run/finish.hpp"
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
    // What became of the thread's open runs (multitask_strategy interrupt, rollback).
    Stopped superseded;
    // Nothing was created: `run` is the one that the request's idempotency key made before.
    bool replayed = false;
};

struct CreateRules {
    std::vector<std::string> graphs;         // the configured graph ids
    std::vector<std::string> native_graphs;  // those of them that run inside the server
    FinishRules finish;                      // for runs that are superseded
};

Result<Created> createRun(sql::Connection& db, const RunRequest& request, const CreateIds& ids,
                          const CreateRules& rules);

}  // namespace heddle::run
