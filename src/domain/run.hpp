// SPDX-License-Identifier: Apache-2.0
// A run: one execution of an assistant's graph, on a thread.
#pragma once

#include "base/ids.hpp"
#include "base/json.hpp"
#include "base/time.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace heddle {

// kRolledBack is never seen in the API (the row is gone); it is a webhook's status.
enum class RunStatus { kPending, kRunning, kError, kSuccess, kTimeout, kInterrupted, kRolledBack };

[[nodiscard]] std::string_view toString(RunStatus status);
[[nodiscard]] std::optional<RunStatus> parseRunStatus(std::string_view text);
[[nodiscard]] bool isTerminal(RunStatus status);
// Ended with an error that is shown to whoever waits: error and timeout.
[[nodiscard]] bool hasFailed(RunStatus status);

enum class MultitaskStrategy { kReject, kRollback, kInterrupt, kEnqueue };

[[nodiscard]] std::string_view toString(MultitaskStrategy strategy);
[[nodiscard]] std::optional<MultitaskStrategy> parseMultitaskStrategy(std::string_view text);

// What a run failed with: `{"error": type, "message": text}` on the wire.
struct RunError {
    std::string type;
    std::string message;

    [[nodiscard]] RawJson json() const;
    friend bool operator==(const RunError&, const RunError&) = default;
};

enum class CancelAction {
    kInterrupt,  // what it did stays
    kRollback,   // the run and what it did go
};

[[nodiscard]] std::string_view toString(CancelAction action);
[[nodiscard]] std::optional<CancelAction> parseCancelAction(std::string_view text);

// A cancel: what is to be done with a run, and why. That of a running run is noted in its row.
struct Cancel {
    CancelAction action = CancelAction::kInterrupt;
    RunError reason;

    friend bool operator==(const Cancel&, const Cancel&) = default;
};

// The parameters of a run, as the API shows them in `kwargs`.
// Keys of config.configurable that graphs take as said by the server: clients do not set them.
[[nodiscard]] bool isServersOwn(std::string_view configurable_key);

struct RunKwargs {
    RawJson input;
    RawJson command;
    RawJson config = RawJson::trusted("{}");  // merged: assistant ← run; with configurable and metadata
    RawJson context = RawJson::trusted("{}");
    std::vector<std::string> stream_mode = {"values"};
    RawJson interrupt_before;
    RawJson interrupt_after;
    std::optional<std::string> webhook;
    RawJson feedback_keys;
    bool temporary = false;
    bool subgraphs = false;
    bool resumable = false;
    bool checkpoint_during = true;
    std::string durability = "async";

    [[nodiscard]] RawJson json() const;
    // From json(); throws std::runtime_error for anything else (a damaged row).
    static RunKwargs parse(JsonView json);
};

struct Run {
    RunId id;
    ThreadId thread_id;
    AssistantId assistant_id;
    std::string graph_id;
    RawJson metadata = RawJson::trusted("{}");
    RunStatus status = RunStatus::kPending;
    RunKwargs kwargs;
    MultitaskStrategy multitask_strategy = MultitaskStrategy::kEnqueue;
    Timestamp created_at;
    Timestamp updated_at;
    std::optional<Timestamp> not_before;  // `after_seconds`
    std::optional<Timestamp> started_at;
    std::optional<Timestamp> ended_at;
    std::int64_t attempt = 0;   // the fence: grows with each start
    std::int64_t failures = 0;  // attempts that died with their worker or server
    std::optional<RunError> error;
    std::optional<std::string> traceparent;  // of the request that created it (domain/traceparent.hpp)
    std::optional<RawJson> output;           // kept only where the thread goes with its run (stateless runs)
};

}  // namespace heddle
