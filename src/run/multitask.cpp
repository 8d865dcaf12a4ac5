// SPDX-License-Identifier: Apache-2.0
#include "run/multitask.hpp"

#include <algorithm>
#include <utility>

namespace heddle::run {

Stop howToStop(RunStatus open_status) {
    return open_status == RunStatus::kRunning ? Stop::kAskAttempt : Stop::kAtOnce;
}

MultitaskDecision decideMultitask(MultitaskStrategy strategy, const std::vector<OpenRun>& open) {
    MultitaskDecision decision;
    switch (strategy) {
        case MultitaskStrategy::kEnqueue:
            break;
        case MultitaskStrategy::kReject:
            decision.refused = !open.empty();
            break;
        case MultitaskStrategy::kInterrupt:
        case MultitaskStrategy::kRollback: {
            const auto action =
                strategy == MultitaskStrategy::kRollback ? CancelAction::kRollback : CancelAction::kInterrupt;
            for (const auto& run : open)
                decision.superseded.push_back({run.id, howToStop(run.status), action});
            break;
        }
    }
    return decision;
}

Cancel mergeCancels(const std::optional<Cancel>& noted, Cancel asked) {
    if (!noted) return asked;
    const bool stronger =
        noted->action == CancelAction::kInterrupt && asked.action == CancelAction::kRollback;
    return stronger ? std::move(asked) : *noted;
}

RunStatus endedBy(CancelAction action) {
    return action == CancelAction::kRollback ? RunStatus::kRolledBack : RunStatus::kInterrupted;
}

AttemptVerdict judgeAttempt(const AttemptFacts& facts) {
    using Status = graph::RunEnd::Status;
    const bool succeeded = facts.ended == Status::kSuccess;
    if (facts.cancel && (facts.cancel->action == CancelAction::kRollback || !succeeded)) {
        return {false, false, endedBy(facts.cancel->action), facts.cancel->reason};
    }
    if (succeeded) return {false, false, RunStatus::kSuccess, std::nullopt};
    if (facts.timed_out) return {false, false, RunStatus::kTimeout, facts.timed_out};
    switch (facts.ended) {
        case Status::kInterrupted:
            // Nobody asked: the server is going down, or the place was gone.
            return {true, false, RunStatus::kPending, std::nullopt};
        case Status::kLost: {
            const bool counts = facts.company <= 1 || facts.failures == 0;
            if (facts.failures + (counts ? 1 : 0) < facts.failures_max) {
                return {true, counts, RunStatus::kPending, std::nullopt};
            }
            break;
        }
        case Status::kSuccess:
        case Status::kError:
        case Status::kRefused:
            break;
    }
    auto error = facts.error;
    if (!error) error = RunError{"WorkerLost", "the worker process that executed the run ended unexpectedly"};
    return {false, false, RunStatus::kError, std::move(error)};
}

std::size_t narrowed(std::size_t died_with) {
    constexpr std::size_t kPart = 4;
    return std::max<std::size_t>(died_with / kPart, 1);
}

}  // namespace heddle::run
