// SPDX-License-Identifier: Apache-2.0
#include "graph/worker/placement.hpp"

#include <tuple>

namespace heddle::graph {

std::optional<std::size_t> chooseWorker(std::span<const WorkerLoad> workers, std::size_t runs_max,
                                        Silent silent) {
    const auto rank = [](const WorkerLoad& load) {
        return std::tuple(load.graph == WorkerLoad::Graph::kFailed, load.state == WorkerLoad::State::kSilent,
                          load.active);
    };
    std::optional<std::size_t> best;
    for (std::size_t i = 0; i < workers.size(); ++i) {
        const auto& load = workers[i];
        if (load.state == WorkerLoad::State::kDown || load.active >= runs_max) continue;
        if (load.state == WorkerLoad::State::kSilent && silent == Silent::kRefuse) continue;
        if (!best || rank(load) < rank(workers[*best])) best = i;
    }
    return best;
}

}  // namespace heddle::graph
