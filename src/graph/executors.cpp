// SPDX-License-Identifier: Apache-2.0
#include "graph/executors.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace heddle::graph {
namespace {

Problem notConfigured(const std::string& graph_id) {
    return Problem::conflict("The graph '" + graph_id + "' is not in this server's configuration");
}

}  // namespace

Executor* MixedExecutor::find(std::string_view graph_id) const {
    for (auto* executor : executors_) {
        if (executor->hosts(graph_id)) return executor;
    }
    return nullptr;
}

bool MixedExecutor::hosts(std::string_view graph_id) const {
    return find(graph_id) != nullptr;
}

bool MixedExecutor::ready(std::string_view graph_id, Company company) const {
    const auto* executor = find(graph_id);
    return executor != nullptr && executor->ready(graph_id, company);
}

std::vector<GraphFault> MixedExecutor::faults() const {
    std::vector<GraphFault> all;
    for (const auto* executor : executors_) {
        for (auto& fault : executor->faults()) all.push_back(std::move(fault));
    }
    return all;
}

std::optional<std::string> MixedExecutor::unready() const {
    for (const auto* executor : executors_) {
        if (auto why = executor->unready()) return why;
    }
    return std::nullopt;
}

void MixedExecutor::start(RunStart start, Company company) {
    auto* executor = find(start.run.graph_id);
    if (executor == nullptr) throw std::logic_error("MixedExecutor: nobody hosts " + start.run.graph_id);
    executor->start(std::move(start), company);
}

// An executor ignores runs that it does not have.
void MixedExecutor::cancel(const RunId& run, std::int64_t attempt) {
    for (auto* executor : executors_) executor->cancel(run, attempt);
}

boost::asio::awaitable<Result<RawJson>> MixedExecutor::state(StateQuery query) {
    auto* executor = find(query.graph_id);
    if (executor == nullptr) co_return notConfigured(query.graph_id);
    co_return co_await executor->state(std::move(query));
}

boost::asio::awaitable<Result<RawJson>> MixedExecutor::history(HistoryQuery query) {
    auto* executor = find(query.graph_id);
    if (executor == nullptr) co_return notConfigured(query.graph_id);
    co_return co_await executor->history(std::move(query));
}

boost::asio::awaitable<Result<UpdatedState>> MixedExecutor::update(StateUpdate update) {
    auto* executor = find(update.graph_id);
    if (executor == nullptr) co_return notConfigured(update.graph_id);
    co_return co_await executor->update(std::move(update));
}

boost::asio::awaitable<Result<RawJson>> MixedExecutor::describe(GraphQuestion question) {
    auto* executor = find(question.graph_id);
    if (executor == nullptr) co_return notConfigured(question.graph_id);
    co_return co_await executor->describe(std::move(question));
}

bool MixedExecutor::embeds() const {
    return std::any_of(executors_.begin(), executors_.end(),
                       [](auto* executor) { return executor->embeds(); });
}

boost::asio::awaitable<Result<std::vector<Vector>>> MixedExecutor::embed(EmbeddingQuestion question) {
    for (auto* executor : executors_) {
        if (executor->embeds()) co_return co_await executor->embed(std::move(question));
    }
    co_return Problem::unavailable("store.index: no worker makes vectors");
}

}  // namespace heddle::graph
