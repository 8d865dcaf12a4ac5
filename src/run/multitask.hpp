// SPDX-License-Identifier: Apache-2.0
// What happens to a thread's open runs when another one arrives or somebody cancels, and what an attempt's
// end means then. Pure decisions, no I/O.
#pragma once

#include "base/ids.hpp"
#include "domain/run.hpp"
#include "graph/executor.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace heddle::run {

// An open run of a thread, as the rules see it.
struct OpenRun {
    RunId id;
    RunStatus status = RunStatus::kPending;
};

// How a run that is to go is made to.
enum class Stop {
    kAtOnce,      // nothing executes it: it ends in the same transaction
    kAskAttempt,  // its attempt is asked; it ends when that has ended
};

[[nodiscard]] Stop howToStop(RunStatus open_status);

struct Superseded {
    RunId id;
    Stop stop = Stop::kAtOnce;
    CancelAction action = CancelAction::kInterrupt;

    friend bool operator==(const Superseded&, const Superseded&) = default;
};

struct MultitaskDecision {
    bool refused = false;  // 409
    std::vector<Superseded> superseded;
};

// `open`: the thread's pending (delayed ones too) and running runs, oldest first.
[[nodiscard]] MultitaskDecision decideMultitask(MultitaskStrategy strategy, const std::vector<OpenRun>& open);

// Two cancels of one run: a rollback is not taken back by an interrupt; else the first one's reason stays.
[[nodiscard]] Cancel mergeCancels(const std::optional<Cancel>& noted, Cancel asked);

// What a run that was cancelled before it started, or whose attempt obeyed, ends as.
[[nodiscard]] RunStatus endedBy(CancelAction action);

// What the end of an attempt makes of its run.
struct AttemptVerdict {
    bool again = false;   // back into the queue
    bool failed = false;  // and counted as a failure
    RunStatus status = RunStatus::kSuccess;
    std::optional<RunError> error;
};

struct AttemptFacts {
    graph::RunEnd::Status ended = graph::RunEnd::Status::kSuccess;
    std::optional<RunError> error;
    std::optional<Cancel> cancel;       // noted for the run
    std::optional<RunError> timed_out;  // its time limit was over before it ended
    std::int64_t failures = 0;          // counted so far
    std::size_t company = 1;            // kLost: the runs that died together
    std::int64_t failures_max = 3;
};

// A cancel that was acknowledged holds, unless the run succeeded first; a rollback holds even then.
// Of a run's attempts that died in company only the first counts as a failure: it may have been another's.
[[nodiscard]] AttemptVerdict judgeAttempt(const AttemptFacts& facts);

// In what company a run goes on that died with `died_with` runs (itself included): a quarter, in the end
// alone. So what one run does to its worker costs the others few attempts, and a worker that was killed from
// outside costs four turns, not one a run.
[[nodiscard]] std::size_t narrowed(std::size_t died_with);

}  // namespace heddle::run
