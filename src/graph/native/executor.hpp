// SPDX-License-Identifier: Apache-2.0
// Executes native graphs on the loop and keeps their JSON checkpoints. queries.cpp answers what is asked
// about them.
#pragma once

#include "graph/executor.hpp"
#include "graph/native/snapshot.hpp"
#include "sql/database.hpp"
#include <heddle/graph.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace heddle::graph {

class NativeRun;

// Lives as long as the loop runs. observe() and add() come before the first start().
class NativeExecutor final : public Executor {
  public:
    NativeExecutor(boost::asio::any_io_executor loop, sql::Database& db, const Clock& clock, Random& random);
    ~NativeExecutor() override;

    void observe(RunObserver& observer) { observer_ = &observer; }
    void add(std::string graph_id, NativeGraph graph);

    [[nodiscard]] bool hosts(std::string_view graph_id) const override;
    [[nodiscard]] bool ready(std::string_view graph_id, Company company) const override;
    void start(RunStart start, Company company) override;
    void cancel(const RunId& run, std::int64_t attempt) override;
    boost::asio::awaitable<Result<RawJson>> state(StateQuery query) override;
    boost::asio::awaitable<Result<RawJson>> history(HistoryQuery query) override;
    boost::asio::awaitable<Result<UpdatedState>> update(StateUpdate update) override;
    boost::asio::awaitable<Result<RawJson>> describe(GraphQuestion question) override;

  private:
    boost::asio::awaitable<void> execute(std::shared_ptr<NativeRun> run);
    boost::asio::awaitable<RunEnd> attempt(NativeRun& run);
    boost::asio::awaitable<RunEnd> callGraph(NativeRun& run);
    void take(NativeRun& run, const RawJson& update);
    boost::asio::awaitable<RunEnd> settle(NativeRun& run, RunEnd end);
    // Applies one update; what has to be stored for it is appended to `puts`.
    Result<void> apply(Snapshot& snapshot, const std::string& graph_id, JsonView update,
                       std::vector<CheckpointPut>& puts);

    boost::asio::any_io_executor loop_;
    sql::Database& db_;
    const Clock& clock_;
    CheckpointIds ids_;
    RunObserver* observer_ = nullptr;
    std::map<std::string, NativeGraph, std::less<>> graphs_;
    std::map<std::pair<RunId, std::int64_t>, std::shared_ptr<NativeRun>> live_;
};

}  // namespace heddle::graph
