// SPDX-License-Identifier: Apache-2.0
// Which worker gets the next run. A pure function.
#pragma once

#include <cstddef>
#include <optional>
#include <span>

namespace heddle::graph {

struct WorkerLoad {
    // kSilent: runs are on it, and its event loop has shown no sign of life in the last moments; it may be
    // blocked.
    enum class State { kDown, kSilent, kUp };
    enum class Graph { kFailed, kLoaded };
    State state = State::kDown;
    Graph graph = Graph::kLoaded;  // the one that is to run
    std::size_t active = 0;        // runs on it
};

enum class Silent { kRefuse, kAccept };

// The worker with the fewest runs among those that are up, else (where accepted) among the silent ones; one
// where the graph failed to load only when there is no other. Nothing when none has room.
[[nodiscard]] std::optional<std::size_t> chooseWorker(std::span<const WorkerLoad> workers,
                                                      std::size_t runs_max, Silent silent);

}  // namespace heddle::graph
