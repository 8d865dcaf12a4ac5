// SPDX-License-Identifier: Apache-2.0
// The transaction in which an attempt's end becomes its run's: finished, or back into the queue. Runs in a
// write job.
#pragma once

#include "base/result.hpp"
#include "graph/executor.hpp"
#include "run/finish.hpp"
#include "sql/connection.hpp"

#include <cstdint>
#include <optional>

namespace heddle::run {

struct AttemptEnd {
    RunId run;
    std::int64_t attempt = 0;
    graph::RunEnd end;
    std::optional<RunError> timed_out;  // its time limit was over first
};

struct Settled {
    bool again = false;                // pending again
    std::optional<Finished> finished;  // neither: the attempt was not the current one any more
};

// `failures_max`: attempts that may die before the run fails.
Result<Settled> settleAttempt(sql::Connection& db, const AttemptEnd& attempt, std::int64_t failures_max,
                              const FinishRules& rules);

}  // namespace heddle::run
