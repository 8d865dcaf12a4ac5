// SPDX-License-Identifier: Apache-2.0
// One attempt of a run through a native graph: from its input, or from where the thread stands, node by node.
// On the loop thread.
#pragma once

#include "base/time.hpp"
#include "graph/executor.hpp"
#include "graph/native/graph.hpp"
#include "graph/native/run.hpp"
#include "graph/native/snapshot.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace heddle::graph {

class Walk {
  public:
    // All of them must outlive this object.
    Walk(NativeRun& run, NativeGraph& graph, CheckpointIds& ids, const Clock& clock)
        : run_(run), graph_(graph), ids_(ids), clock_(clock) {}

    // Once. Throws RunStopped when another attempt has taken over, and what the database throws.
    boost::asio::awaitable<RunEnd> attempt();

  private:
    [[nodiscard]] std::optional<RunError> load();
    boost::asio::awaitable<std::optional<RunEnd>> begin();
    boost::asio::awaitable<std::optional<RunEnd>> takeInput(JsonView update);
    std::optional<RunError> obey(JsonView command, bool forks);
    boost::asio::awaitable<RunEnd> walk();
    [[nodiscard]] bool stopsBefore(const std::string& node, std::int64_t steps) const;
    std::optional<RunEnd> take(const std::string& node, NodeOutcome outcome);
    void pause();
    void advance(std::string_view source, std::vector<std::string> next, JsonView update, std::string by);
    boost::asio::awaitable<RunEnd> settle(RunEnd end);

    NativeRun& run_;
    NativeGraph& graph_;
    CheckpointIds& ids_;
    const Clock& clock_;
    bool resumes_ = false;  // from where the thread stands
};

}  // namespace heddle::graph
