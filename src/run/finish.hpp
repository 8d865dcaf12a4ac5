// SPDX-License-Identifier: Apache-2.0
// The transaction that ends a run: run, thread, webhook outbox and temporary thread change together. Runs in
// a write job.
#pragma once

#include "base/result.hpp"
#include "domain/run.hpp"
#include "domain/webhook_settings.hpp"
#include "run/hub.hpp"
#include "sql/connection.hpp"
#include "store/deliveries.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace heddle::run {

// Error types of runs that were ended from outside.
inline constexpr const char* kUserInterrupt = "UserInterrupt";
inline constexpr const char* kUserRollback = "UserRollback";
inline constexpr const char* kRunDeleted = "RunDeleted";
inline constexpr const char* kThreadDeleted = "ThreadDeleted";
inline constexpr const char* kTimeoutError = "TimeoutError";

struct Ending {
    RunId run;
    std::optional<std::int64_t>
        attempt;  // nothing: whatever the current attempt is (cancelled before start, deleted)
    RunStatus status = RunStatus::kSuccess;
    std::optional<RunError> error;
    JsonView state;  // ThreadState JSON, the caller's; null: the thread's state stays as it is
    std::optional<std::string> checkpoint_id;
};

struct FinishRules {
    Timestamp now;
    bool deliver = true;  // http.disable_webhooks writes none
    bool stateless_values = false;
    WebhookFields webhook_fields;
};

// A run has one delivery, so its id is made from the run's: the same however often the transaction is tried.
[[nodiscard]] DeliveryId deliveryId(const RunId& run);

struct Finished {
    Outcome outcome;
    std::optional<store::DueDelivery> delivery;  // the outbox row that was written
};

// A run that was rolled back goes with its checkpoints and writes; its thread stands as before.
// kNotFound when the run is not open any more, or another attempt is the current one: nothing was changed.
Result<Finished> finishRun(sql::Connection& db, const Ending& ending, const FinishRules& rules);

// What wait, join and webhooks show of a ThreadState: values, with `__interrupt__` where input is awaited.
[[nodiscard]] RawJson outputOf(JsonView state);

// The outcome of a run that has ended, from its row and its thread's.
Result<Outcome> storedOutcome(sql::Connection& db, const Run& run);

}  // namespace heddle::run
