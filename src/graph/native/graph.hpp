// SPDX-License-Identifier: Apache-2.0
// A graph that runs inside the server: what the executor calls, whatever the graph is written in.
#pragma once

#include "graph/native/node_call.hpp"
#include "graph/native/topology.hpp"

#include <boost/asio/awaitable.hpp>

#include <string>
#include <utility>

namespace heddle::graph {

class NativeRun;

// An update that no node returned: the input, or one from outside.
struct StateWrite {
    RawJson state;             // an object
    RawJson update;            // an object or null
    std::string node;          // in whose name: a node's or "__start__"
    NativeRun* run = nullptr;  // whose input it is; nothing: an update from outside
};

// On the loop thread.
class NativeGraph {
  public:
    explicit NativeGraph(Topology topology) : topology_(std::move(topology)) {}
    virtual ~NativeGraph() = default;
    NativeGraph(const NativeGraph&) = delete;
    NativeGraph& operator=(const NativeGraph&) = delete;

    [[nodiscard]] const Topology& topology() const { return topology_; }
    // Whether its runs block threads, so that only some can be had at once.
    [[nodiscard]] virtual bool blocks() const = 0;
    // Calls the node of `run` that is next. Throws RunStopped and sql::Error.
    virtual boost::asio::awaitable<NodeOutcome> call(NativeRun& run, std::string node) = 0;
    // What an update writes, and what follows then. `stopped` when the run was cancelled meanwhile, or,
    // without a run, when a route has not answered in time.
    virtual boost::asio::awaitable<NodeOutcome> write(StateWrite write) = 0;

  private:
    Topology topology_;
};

}  // namespace heddle::graph
