// SPDX-License-Identifier: Apache-2.0
// Worker processes that are renewed while runs go on: the newest generation takes what begins, older ones
// finish what is in flight. On the loop only.
#pragma once

#include "base/random.hpp"
#include "base/time.hpp"
#include "graph/executor.hpp"
#include "graph/worker/options.hpp"
#include "graph/worker/pool.hpp"
#include "graph/worker/process.hpp"
#include "metrics/metrics.hpp"
#include "sql/database.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace heddle::graph {

// observe() and open() come before the first start(). Lives as long as the loop runs.
class WorkerGenerations final : public Executor {
  public:
    using Launchers = std::function<std::unique_ptr<Launcher>()>;
    // `options`: nothing: no workers yet. `launchers`: nothing: real processes. `metrics`: may be null.
    WorkerGenerations(boost::asio::any_io_executor loop, sql::Database& db, const Clock& clock,
                      Random& random, std::optional<WorkerOptions> options, Launchers launchers = {},
                      metrics::Metrics* metrics = nullptr);
    ~WorkerGenerations() override;

    void observe(RunObserver& observer) { observer_ = &observer; }
    // Starts the first workers. Throws std::system_error when there can be no socket.
    void open();
    // Starts workers with these options (nothing: none) beside those that serve. As soon as one of them has
    // loaded its graphs, or failed to load some, all that begins goes to them. Workers that serve end when
    // nothing is in flight on them; of limits::kOlderWorkers generations with runs the oldest is ended
    // anyway, its attempts are kLost. Workers that have not loaded when the next ones are wanted are given
    // up. Throws as open().
    void renew(std::optional<WorkerOptions> options);
    // As WorkerExecutor::stop(), all generations at once.
    boost::asio::awaitable<void> stop(std::chrono::milliseconds limit);
    // Generations with processes: the newest, the one that comes, those that go.
    [[nodiscard]] std::size_t alive() const;

    // Also graphs of earlier and of coming generations: their runs wait.
    [[nodiscard]] bool hosts(std::string_view graph_id) const override { return known_.contains(graph_id); }
    // Also a graph that has gone, so that start() refuses its runs.
    [[nodiscard]] bool ready(std::string_view graph_id, Company company) const override;
    [[nodiscard]] std::vector<GraphFault> faults() const override;
    [[nodiscard]] std::optional<std::string> unready() const override;
    // A run whose graph has gone meanwhile ends with kRefused.
    void start(RunStart start, Company company) override;
    void cancel(const RunId& run, std::int64_t attempt) override;
    boost::asio::awaitable<Result<RawJson>> state(StateQuery query) override;
    boost::asio::awaitable<Result<RawJson>> history(HistoryQuery query) override;
    boost::asio::awaitable<Result<UpdatedState>> update(StateUpdate update) override;
    boost::asio::awaitable<Result<RawJson>> describe(GraphQuestion question) override;
    [[nodiscard]] bool embeds() const override;
    boost::asio::awaitable<Result<std::vector<Vector>>> embed(EmbeddingQuestion question) override;

  private:
    class Generation;
    using Shared = std::shared_ptr<Generation>;

    [[nodiscard]] Shared make(WorkerOptions options);
    // The newest one's workers can take runs.
    void promote(const Shared& generation);
    void retire(const Shared& generation, std::chrono::milliseconds limit);
    // Ends the oldest when too many have runs on them.
    void bound();
    void onCapacity(const Generation& generation);
    boost::asio::awaitable<void> end(Shared generation, std::chrono::milliseconds limit);
    // Who answers questions about a graph; null: nobody.
    [[nodiscard]] Shared whoKnows(std::string_view graph_id) const;
    // The same, and waits until they can be asked, no longer than a question does for each generation.
    // Problem: nobody knows the graph (409), or no worker can be asked (503).
    boost::asio::awaitable<Result<Shared>> whoAnswers(std::string graph_id);

    boost::asio::any_io_executor loop_;
    sql::Database& db_;
    const Clock& clock_;
    Random& random_;
    Launchers launchers_;
    metrics::Metrics* metrics_;
    RunObserver* observer_ = nullptr;
    std::int64_t last_number_ = 0;
    Shared current_;                            // takes what begins
    Shared next_;                               // its workers start
    std::deque<Shared> older_;                  // the oldest first
    std::set<std::string, std::less<>> known_;  // graphs of all of them
    bool stopping_ = false;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace heddle::graph
