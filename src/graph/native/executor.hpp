// SPDX-License-Identifier: Apache-2.0
// Executes native graphs and keeps their JSON checkpoints: built-in ones on the loop, those of shared
// libraries on threads of their own. walk.hpp is one attempt of a run; queries.cpp answers what is asked
// about graphs.
#pragma once

#include "base/limits.hpp"
#include "graph/executor.hpp"
#include "graph/native/context.hpp"
#include "graph/native/graph.hpp"
#include "graph/native/library.hpp"
#include "graph/native/node_threads.hpp"
#include "graph/native/snapshot.hpp"
#include "sql/database.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace heddle::graph {

class NativeRun;

// Of graphs of shared libraries.
struct NativeLimits {
    // How many nodes may work at once, and so how many runs there may be.
    std::size_t threads = limits::kNodeThreads;
    std::chrono::milliseconds route_time = limits::kRouteTime;  // for a route in a state update
};

// Lives as long as the loop runs. observe() and add() come before the first start().
class NativeExecutor final : public Executor {
  public:
    NativeExecutor(boost::asio::any_io_executor loop, sql::Database& db, const Clock& clock, Random& random,
                   NativeLimits limits = {});
    ~NativeExecutor() override;

    void observe(RunObserver& observer) { observer_ = &observer; }
    void add(std::string graph_id, Coroutine coroutine);
    void add(std::string graph_id, LibraryParts parts);

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
    // Applies one update; what has to be stored for it is appended to `puts`.
    boost::asio::awaitable<Result<void>> apply(Snapshot& snapshot, std::string graph_id, JsonView update,
                                               std::vector<CheckpointPut>& puts);

    boost::asio::any_io_executor loop_;
    sql::Database& db_;
    const Clock& clock_;
    CheckpointIds ids_;
    RunObserver* observer_ = nullptr;
    NativeLimits limits_;
    NodeThreads threads_;
    std::map<std::string, std::unique_ptr<NativeGraph>, std::less<>> graphs_;
    std::map<std::pair<RunId, std::int64_t>, std::shared_ptr<NativeRun>> live_;
};

}  // namespace heddle::graph
