// SPDX-License-Identifier: Apache-2.0
#include "graph/executors.hpp"

#include <stdexcept>
#include <utility>

namespace heddle::graph {

Executor* MixedExecutor::find(std::string_view graph_id) const {
    for (auto* executor : executors_) {
        if (executor->hosts(graph_id)) return executor;
    }
    return nullptr;
}

bool MixedExecutor::hosts(std::string_view graph_id) const {
    return find(graph_id) != nullptr;
}

bool MixedExecutor::ready(std::string_view graph_id) const {
    const auto* executor = find(graph_id);
    return executor != nullptr && executor->ready(graph_id);
}

void MixedExecutor::start(RunStart start, Placement placement) {
    auto* executor = find(start.run.graph_id);
    if (executor == nullptr) throw std::logic_error("MixedExecutor: nobody hosts " + start.run.graph_id);
    executor->start(std::move(start), placement);
}

// An executor ignores runs that it does not have.
void MixedExecutor::cancel(const RunId& run, std::int64_t attempt) {
    for (auto* executor : executors_) executor->cancel(run, attempt);
}

boost::asio::awaitable<Result<RawJson>> MixedExecutor::state(std::string graph_id, CheckpointKey key,
                                                             JsonView config) {
    auto* executor = find(graph_id);
    if (executor == nullptr) co_return Problem::unavailable("Graph '" + graph_id + "' is not configured");
    co_return co_await executor->state(std::move(graph_id), std::move(key), config);
}

}  // namespace heddle::graph
