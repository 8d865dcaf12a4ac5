// SPDX-License-Identifier: Apache-2.0
// A coroutine of the server as a graph of one node.
#pragma once

#include "graph/native/context.hpp"
#include "graph/native/graph.hpp"

#include <string>
#include <utility>

namespace heddle::graph {

class CoroutineGraph final : public NativeGraph {
  public:
    CoroutineGraph(std::string node, Coroutine coroutine)
        : NativeGraph(Topology::single(std::move(node))), coroutine_(std::move(coroutine)) {}

    [[nodiscard]] bool blocks() const override { return false; }
    boost::asio::awaitable<NodeOutcome> call(NativeRun& run, std::string node) override;
    boost::asio::awaitable<NodeOutcome> write(StateWrite write) override;

  private:
    Coroutine coroutine_;
};

}  // namespace heddle::graph
