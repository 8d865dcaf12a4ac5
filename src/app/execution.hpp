// SPDX-License-Identifier: Apache-2.0
// The executors that a configuration asks for: native graphs in this process, Python graphs in workers.
#pragma once

#include "base/random.hpp"
#include "base/time.hpp"
#include "config/config.hpp"
#include "graph/executors.hpp"
#include "graph/native/executor.hpp"
#include "graph/worker/generations.hpp"
#include "metrics/metrics.hpp"
#include "sql/database.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <memory>
#include <vector>

namespace heddle::app {

// Whether there is something to do for Python: graphs, or vectors, which are made there whatever the graphs
// are.
[[nodiscard]] bool needsPython(const config::Config& config);

// Of the Python workers, also where the configuration needs none.
[[nodiscard]] graph::WorkerOptions workerOptions(const config::Config& config);

// Puts `env` of langgraph.json into the process's environment, for the code of shared libraries, where there
// are any. What is set already stays. Call before other threads run.
void shareEnvironment(const config::Config& config);

// Whether a shared library has the graph.
[[nodiscard]] bool isLibrary(const config::GraphSpec& graph);
// Loads the shared libraries that the configuration names, to see whether they can be: a problem for each
// graph that cannot.
[[nodiscard]] std::vector<config::Finding> libraryFaults(const config::Config& config);

class Execution {
  public:
    // Loads shared libraries; throws std::runtime_error with a line for the operator when one cannot be.
    Execution(boost::asio::any_io_executor loop, const config::Config& config, sql::Database& db,
              const Clock& clock, Random& random, metrics::Metrics& metrics);

    [[nodiscard]] graph::Executor& executor() { return *mixed_; }
    void observe(graph::RunObserver& observer);
    // Spawns the workers; returns at once.
    void start();
    // Python graphs as this configuration has them, in new workers; runs in flight finish on those they are
    // on. Built-in graphs and those of libraries stay what they were at the start. Throws std::system_error
    // when there can be no socket.
    void renew(const config::Config& config);
    boost::asio::awaitable<void> stop(std::chrono::milliseconds limit);

  private:
    std::unique_ptr<graph::NativeExecutor> native_;
    std::unique_ptr<graph::WorkerGenerations> python_;
    std::unique_ptr<graph::MixedExecutor> mixed_;
};

}  // namespace heddle::app
