// SPDX-License-Identifier: Apache-2.0
// A graph of a shared library: its functions are called on threads of their own, never on the loop.
#pragma once

#include "graph/native/graph.hpp"
#include "graph/native/library.hpp"
#include "graph/native/node_threads.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <set>
#include <string>

namespace heddle::graph {

class LibraryGraph final : public NativeGraph {
  public:
    // `threads` must outlive this object. `freed` is told when a route of a state update has ended, which
    // has `route_time` to do so.
    LibraryGraph(boost::asio::any_io_executor loop, NodeThreads& threads, LibraryParts parts,
                 std::chrono::milliseconds route_time, std::function<void()> freed);
    // Calls that have not returned go on without the loop.
    ~LibraryGraph() override;

    [[nodiscard]] bool blocks() const override { return true; }
    boost::asio::awaitable<NodeOutcome> call(NativeRun& run, std::string node) override;
    boost::asio::awaitable<NodeOutcome> write(StateWrite write) override;

  private:
    boost::asio::awaitable<void> deliver(NativeRun& run, NodeCall& call, std::shared_ptr<Bell> bell);
    boost::asio::awaitable<NodeOutcome> route(StateWrite write, NodeOutcome outcome, std::size_t branch);
    boost::asio::awaitable<void> untilEnd(std::shared_ptr<NodeCall> call, std::shared_ptr<Bell> bell);
    boost::asio::awaitable<void> untilLate(std::shared_ptr<NodeCall> call, std::shared_ptr<Bell> bell);
    boost::asio::awaitable<void> outlast(std::shared_ptr<NodeCall> call, std::shared_ptr<Bell> bell,
                                         std::shared_ptr<Bell> answered);

    boost::asio::any_io_executor loop_;
    NodeThreads& threads_;
    std::shared_ptr<const LibraryParts> parts_;
    std::chrono::milliseconds route_time_;
    std::function<void()> freed_;
    std::set<std::shared_ptr<NodeCall>> open_;
};

}  // namespace heddle::graph
