// SPDX-License-Identifier: Apache-2.0
#include "run/cancel.hpp"

#include "run/multitask.hpp"
#include "store/runs.hpp"

#include <utility>

namespace heddle::run {
namespace {

constexpr const char* kNoRunToCancel =
    "No matching runs to cancel. Please verify the thread ID and run IDs are correct, and the runs haven't "
    "been deleted or completed.";

}  // namespace

void stopRun(sql::Connection& db, const RunId& id, const Cancel& cancel, const FinishRules& rules,
             Stopped& stopped) {
    const auto run = store::findStanding(db, id);
    if (!run || isTerminal(run->status)) return;
    if (howToStop(run->status) == Stop::kAskAttempt) {
        store::askCancel(db, id, mergeCancels(run->cancel, cancel), rules.now);
        stopped.asked.push_back(id);
        return;
    }
    Ending ending;
    ending.run = id;
    ending.status = endedBy(cancel.action);
    ending.error = cancel.reason;
    auto finished = finishRun(db, ending, rules);
    if (finished) stopped.ended.push_back({id, std::move(*finished)});
}

Result<Stopped> cancelRuns(sql::Connection& db, const CancelTarget& target, const Cancel& cancel,
                           const FinishRules& rules) {
    Stopped stopped;
    const auto ids = target.all_open
                         ? store::openRunIds(db, target.status, static_cast<std::int64_t>(target.limit))
                         : target.ids;
    for (const RunId& id : ids) {
        if (target.thread && !store::findRun(db, *target.thread, id)) continue;
        stopRun(db, id, cancel, rules, stopped);
    }
    if (stopped.empty()) return Problem::notFound(kNoRunToCancel);
    return stopped;
}

}  // namespace heddle::run
