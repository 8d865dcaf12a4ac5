// SPDX-License-Identifier: Apache-2.0
// Several executors as one: each graph belongs to the first one that hosts it.
#pragma once

#include "graph/executor.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace heddle::graph {

class MixedExecutor final : public Executor {
  public:
    // They must outlive this object. Runs of a graph that nobody hosts must not be started.
    explicit MixedExecutor(std::vector<Executor*> executors) : executors_(std::move(executors)) {}

    [[nodiscard]] bool hosts(std::string_view graph_id) const override;
    [[nodiscard]] bool ready(std::string_view graph_id, Company company) const override;
    [[nodiscard]] std::vector<GraphFault> faults() const override;
    // That of the first that has something to say.
    [[nodiscard]] std::optional<std::string> unready() const override;
    void start(RunStart start, Company company) override;
    void cancel(const RunId& run, std::int64_t attempt) override;
    boost::asio::awaitable<Result<RawJson>> state(StateQuery query) override;
    boost::asio::awaitable<Result<RawJson>> history(HistoryQuery query) override;
    boost::asio::awaitable<Result<UpdatedState>> update(StateUpdate update) override;
    boost::asio::awaitable<Result<RawJson>> describe(GraphQuestion question) override;
    [[nodiscard]] bool embeds() const override;
    boost::asio::awaitable<Result<std::vector<Vector>>> embed(EmbeddingQuestion question) override;

  private:
    [[nodiscard]] Executor* find(std::string_view graph_id) const;
    std::vector<Executor*> executors_;
};

}  // namespace heddle::graph
