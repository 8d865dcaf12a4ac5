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
    explicit NodeThreads(std::size_t most);
    // Drops the jobs that wait, and gives the others a moment to return. A thread whose job does not is left
    // behind: nothing can end it but the end of the process.
    ~NodeThreads();
    NodeThreads(const NodeThreads&) = delete;
    NodeThreads& operator=(const NodeThreads&) = delete;

    // `job` must not throw.
    void post(std::function<void()> job);
    // Who may need a thread counts as one, for as long as it may: runs, and the routes of state updates.
    void take() { ++taken_; }
    void give() { --taken_; }
    [[nodiscard]] bool hasRoom() const { return taken_ < most_; }

  private:
    struct Shared;
    std::size_t most_;
    std::size_t taken_ = 0;
    std::shared_ptr<Shared> shared_;
};

}  // namespace heddle::graph
