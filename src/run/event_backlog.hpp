// SPDX-License-Identifier: Apache-2.0
// The events of resumable runs that are not durable yet, in order, and how much memory they take. Sans-io:
// EventLog stores what this hands out. Loop thread only.
#pragma once

#include "base/limits.hpp"
#include "run/live_run.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <utility>
#include <vector>

namespace heddle::run {

// In bytes.
struct EventBounds {
    std::size_t batch = limits::kEventBatch;
    std::size_t room = limits::kEventRoom;
    std::size_t most = limits::kEventBacklog;
};

class EventBacklog {
  public:
    // What one job stores.
    struct Batch {
        std::vector<store::RunEvent> events;
        std::vector<std::pair<RunId, std::int64_t>> floors;                   // older ones are removed
        std::vector<std::pair<std::shared_ptr<LiveRun>, std::int64_t>> runs;  // durable before that seq
        std::size_t bytes = 0;
    };

    explicit EventBacklog(EventBounds bounds = {}) : bounds_(bounds) {}

    void add(std::shared_ptr<LiveRun> run, store::RunEvent event);
    // The oldest events, about EventBounds::batch at most; they count until they are written.
    [[nodiscard]] Batch take();
    // The batch is durable: tells its runs.
    void written(const Batch& batch);

    // Nothing is left to take.
    [[nodiscard]] bool empty() const { return waiting_.empty(); }
    [[nodiscard]] std::size_t bytes() const { return bytes_; }
    // Those who make events may make more. Without room they are asked to wait.
    [[nodiscard]] bool hasRoom() const { return bytes_ <= bounds_.room; }
    // Somebody did not wait: too much for memory.
    [[nodiscard]] bool overflows() const { return bytes_ > bounds_.most; }

  private:
    struct Waiting {
        std::shared_ptr<LiveRun> run;
        store::RunEvent event;
    };

    EventBounds bounds_;
    std::deque<Waiting> waiting_;
    std::size_t bytes_ = 0;  // of what waits and of what was taken and is not written
};

}  // namespace heddle::run
