// SPDX-License-Identifier: Apache-2.0
// Which worker gets the next run. A pure function.
#pragma once

#include <cstddef>
#include <optional>
#include <span>

namespace heddle::graph {

struct WorkerLoad {
    enum class State { kDown, kStalled, kUp };  // stalled: its event loop has not answered for a while
    enum class Graph { kFailed, kLoaded };
    State state = State::kDown;
    Graph graph = Graph::kLoaded;  // the one that is to run
    std::size_t active = 0;        // runs on it
};

// The worker with the fewest runs among those that are up, else among the stalled ones; one where the graph failed to
// load only when there is no other. Nothing when none has room.
[[nodiscard]] std::optional<std::size_t> chooseWorker(std::span<const WorkerLoad> workers, std::size_t runs_max);

}  // namespace heddle::graph
