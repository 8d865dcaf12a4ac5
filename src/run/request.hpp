// SPDX-License-Identifier: Apache-2.0
// A request to create a run, and the rules that merge it with its assistant and thread (behaviours.md §4).
#pragma once

#include "base/result.hpp"
#include "domain/assistant.hpp"
#include "domain/idempotency.hpp"
#include "domain/run.hpp"
#include "domain/thread.hpp"

#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace heddle::run {

enum class IfNotExists { kReject, kCreate };
enum class OnCompletion { kDelete, kKeep };
enum class OnDisconnect { kContinue, kCancel };

// What a client asked for; validated against the API document.
struct RunRequest {
    std::optional<ThreadId> thread;  // nothing: stateless
    std::string assistant;           // a graph's name or an assistant's UUID
    RawJson input;
    RawJson command;
    RawJson metadata = RawJson::trusted("{}");
    RawJson config = RawJson::trusted("{}");
    RawJson context = RawJson::trusted("{}");
    RawJson headers = RawJson::trusted("{}");     // of the request, for config.configurable: they win over it
    RawJson checkpoint = RawJson::trusted("{}");  // checkpoint_id, checkpoint_ns, checkpoint_map
    std::optional<std::string> webhook;
    std::optional<std::string> traceparent;  // valid (domain/traceparent.hpp); from the request's header
    std::optional<IdempotencyKey> idempotency;
    RawJson interrupt_before;
    RawJson interrupt_after;
    std::vector<std::string> stream_mode = {"values"};
    RawJson feedback_keys;
    bool subgraphs = false;
    bool resumable = false;
    MultitaskStrategy multitask_strategy = MultitaskStrategy::kEnqueue;
    IfNotExists if_not_exists = IfNotExists::kReject;
    OnCompletion on_completion = OnCompletion::kDelete;
    OnDisconnect on_disconnect = OnDisconnect::kContinue;
    std::optional<double> after_s;
    std::string durability = "async";
    bool checkpoint_during = true;
};

// From a JSON body that the API document's schema accepted.
Result<RunRequest> parseRunRequest(JsonView body, std::optional<ThreadId> thread);

// kInvalid, naming the field, for a command that no graph understands; null is none.
Result<void> checkCommand(JsonView command);

// The run a request makes: merged metadata, config and context, with ids set by the caller afterwards.
// `thread` may be one that is being created. A Problem where the request contradicts itself.
Result<Run> composeRun(const RunRequest& request, const Assistant& assistant, const Thread& thread,
                       const RunId& id, Timestamp now);

// What the thread's row takes from a new run: metadata graph_id and assistant_id, config, graph_id.
void adopt(Thread& thread, const RunRequest& request, const Assistant& assistant);

}  // namespace heddle::run
