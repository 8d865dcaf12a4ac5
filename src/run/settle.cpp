// SPDX-License-Identifier: Apache-2.0
#include "run/settle.hpp"

#include "run/multitask.hpp"
#include "store/runs.hpp"

#include <utility>

namespace heddle::run {

Result<Settled> settleAttempt(sql::Connection& db, const AttemptEnd& attempt, std::int64_t failures_max,
                              const FinishRules& rules) {
    const auto run = store::findStanding(db, attempt.run);
    if (!run || run->status != RunStatus::kRunning || run->attempt != attempt.attempt) return Settled{};
    AttemptFacts facts;
    facts.ended = attempt.end.status;
    facts.error = attempt.end.error;
    facts.cancel = run->cancel;
    facts.timed_out = attempt.timed_out;
    facts.failures = run->failures;
    facts.company = attempt.end.company;
    facts.failures_max = failures_max;
    AttemptVerdict verdict = judgeAttempt(facts);
    Settled settled;
    if (verdict.again) {
        settled.again = store::requeueRun(
            db, attempt.run, run->attempt,
            verdict.failed ? store::Requeue::kFailed : store::Requeue::kGraceful, rules.now);
        return settled;
    }
    Ending ending;
    ending.run = attempt.run;
    ending.attempt = run->attempt;
    ending.status = verdict.status;
    ending.error = std::move(verdict.error);
    ending.state = attempt.end.state.view();
    ending.checkpoint_id = attempt.end.checkpoint_id;
    auto finished = finishRun(db, ending, rules);
    if (finished) settled.finished = std::move(*finished);
    return settled;
}

}  // namespace heddle::run
