// SPDX-License-Identifier: Apache-2.0
// The threads that functions of shared libraries block.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>

namespace heddle::graph {

// Belongs to the loop thread. At most `most` threads, each started when it is needed first; jobs beyond wait
// in their order.
class NodeThreads {
  public:
    // Runs a function on a new thread. Throws std::system_error where there can be none.
    using Start = std::function<void(std::function<void()>)>;

    explicit NodeThreads(std::size_t most, Start start = startDetached);
    // Drops the jobs that wait, and gives the others a moment to return. A thread whose job does not is left
    // behind: nothing can end it but the end of the process.
    ~NodeThreads();
    NodeThreads(const NodeThreads&) = delete;
    NodeThreads& operator=(const NodeThreads&) = delete;

    // `job` must not throw. Where no thread can be had, the job waits for one that there is; without any,
    // post() throws std::system_error and drops the job.
    void post(std::function<void()> job);
    // Who may need a thread counts as one, for as long as it may: runs, and the routes of state updates.
    void take() { ++taken_; }
    void give() { --taken_; }
    [[nodiscard]] bool hasRoom() const { return taken_ < most_; }

  private:
    struct Shared;
    static void startDetached(std::function<void()> run);

    std::size_t most_;
    Start start_;
    std::size_t taken_ = 0;
    std::shared_ptr<Shared> shared_;
};

}  // namespace heddle::graph
