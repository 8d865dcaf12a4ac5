// SPDX-License-Identifier: Apache-2.0
// A thread: the conversation that runs share, with the state of its latest checkpoint.
#pragma once

#include "base/ids.hpp"
#include "base/json.hpp"
#include "base/result.hpp"
#include "base/time.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace heddle {

// What happens to a thread that has not changed for its time to live.
enum class TtlStrategy {
    kDelete,      // it goes, with all it has
    kKeepLatest,  // its checkpoints go, except for the latest of each namespace
};

[[nodiscard]] std::string_view toString(TtlStrategy strategy);
[[nodiscard]] std::optional<TtlStrategy> parseTtlStrategy(std::string_view text);

struct ThreadTtl {
    microseconds lives{0};  // after the last change
    TtlStrategy strategy = TtlStrategy::kDelete;

    friend bool operator==(const ThreadTtl&, const ThreadTtl&) = default;
};

enum class ThreadStatus { kIdle, kBusy, kInterrupted, kError };

[[nodiscard]] std::string_view toString(ThreadStatus status);
[[nodiscard]] std::optional<ThreadStatus> parseThreadStatus(std::string_view text);

// kNotFound "Thread with ID … not found".
[[nodiscard]] Problem noThread(const ThreadId& id);

struct Thread {
    ThreadId id;
    Timestamp created_at;
    Timestamp updated_at;
    Timestamp state_updated_at;
    RawJson metadata = RawJson::trusted("{}");
    ThreadStatus status = ThreadStatus::kIdle;
    RawJson config = RawJson::trusted("{}");
    RawJson values;                // null until a run has ended
    std::optional<RawJson> error;  // absent until a run has ended; then null or {"error", "message"}
    RawJson interrupts = RawJson::trusted("{}");  // {task_id: [{id, value}…]}
    // The full ThreadState JSON of `state_checkpoint_id`, null until a run has ended.
    RawJson state;
    std::optional<std::string> state_checkpoint_id;
    std::optional<std::string> graph_id;  // of the last run
    bool temporary = false;               // made for a stateless run
    std::optional<ThreadTtl> ttl;         // nothing: kept for ever
    std::optional<Timestamp> expires_at;  // with a ttl: updated_at + lives, later once it was pruned
};

}  // namespace heddle
