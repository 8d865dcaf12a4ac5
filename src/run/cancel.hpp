// SPDX-License-Identifier: Apache-2.0
// Ending open runs from outside: cancelled, superseded, rolled back. Runs in a write job.
#pragma once

#include "base/result.hpp"
#include "domain/run.hpp"
#include "run/finish.hpp"
#include "sql/connection.hpp"

#include <cstddef>
#include <optional>
#include <vector>

namespace heddle::run {

// An open run that ended in the transaction.
struct EndedRun {
    RunId id;
    Finished finished;
};

// What a cancel did: some ended at once, of others the attempt is to be asked.
struct Stopped {
    std::vector<EndedRun> ended;
    std::vector<RunId> asked;

    [[nodiscard]] bool empty() const { return ended.empty() && asked.empty(); }
};

// Ends a pending run, or notes the cancel of a running one, and adds to `stopped`. A run that is not open
// (any more) is left alone.
void stopRun(sql::Connection& db, const RunId& id, const Cancel& cancel, const FinishRules& rules,
             Stopped& stopped);

// Which runs a cancel is about.
struct CancelTarget {
    std::optional<ThreadId> thread;   // they must be its
    std::vector<RunId> ids;           // without `all_open`
    bool all_open = false;            // every open run, of `status` where given
    std::optional<RunStatus> status;  // pending or running
    std::size_t limit = 200;          // in one transaction, of `all_open`
};

// kNotFound when none of them is open.
Result<Stopped> cancelRuns(sql::Connection& db, const CancelTarget& target, const Cancel& cancel,
                           const FinishRules& rules);

}  // namespace heddle::run
