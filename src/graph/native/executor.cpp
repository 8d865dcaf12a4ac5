// SPDX-License-Identifier: Apache-2.0
#include "graph/native/executor.hpp"

#include "base/log.hpp"
#include "graph/native/coroutine_graph.hpp"
#include "graph/native/library_graph.hpp"
#include "graph/native/run.hpp"
#include "graph/native/walk.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <exception>
#include <stdexcept>
#include <utility>

namespace heddle::graph {

NativeExecutor::NativeExecutor(boost::asio::any_io_executor loop, sql::Database& db, const Clock& clock,
                               Random& random, NativeLimits limits)
    : loop_(std::move(loop)),
      db_(db),
      clock_(clock),
      ids_(clock, random),
      limits_(limits),
      threads_(limits.threads) {}

NativeExecutor::~NativeExecutor() = default;

void NativeExecutor::add(std::string graph_id, Coroutine coroutine) {
    auto graph = std::make_unique<CoroutineGraph>(graph_id, std::move(coroutine));
    graphs_.insert_or_assign(std::move(graph_id), std::move(graph));
}

void NativeExecutor::add(std::string graph_id, LibraryParts parts) {
    auto freed = [this] {
        if (observer_ != nullptr) observer_->onCapacity();
    };
    auto graph = std::make_unique<LibraryGraph>(loop_, threads_, std::move(parts), limits_.route_time, freed);
    graphs_.insert_or_assign(std::move(graph_id), std::move(graph));
}

bool NativeExecutor::hosts(std::string_view graph_id) const {
    return graphs_.find(graph_id) != graphs_.end();
}

bool NativeExecutor::ready(std::string_view graph_id, Company) const {
    const auto found = graphs_.find(graph_id);
    if (found == graphs_.end()) return false;
    return !found->second->blocks() || threads_.hasRoom();
}

void NativeExecutor::start(RunStart start, Company) {
    if (observer_ == nullptr) throw std::logic_error("NativeExecutor: start() before observe()");
    const std::pair key(start.run.id, start.run.attempt);
    if (graphs_.at(start.run.graph_id)->blocks()) threads_.take();
    auto run = std::make_shared<NativeRun>(loop_, db_, *observer_, std::move(start));
    live_.emplace(key, run);
    boost::asio::co_spawn(loop_, execute(std::move(run)), boost::asio::detached);
}

void NativeExecutor::cancel(const RunId& run, std::int64_t attempt) {
    const auto found = live_.find(std::pair(run, attempt));
    if (found != live_.end()) found->second->cancel();
}

boost::asio::awaitable<void> NativeExecutor::execute(std::shared_ptr<NativeRun> run) {
    auto& graph = *graphs_.at(run->start.run.graph_id);
    const bool blocks = graph.blocks();
    // The observer is never called from within start().
    co_await boost::asio::post(loop_, boost::asio::use_awaitable);
    RunEnd end;
    try {
        Walk walk(*run, graph, ids_, clock_);
        end = co_await walk.attempt();
    } catch (const RunStopped&) {
        end.status = RunEnd::Status::kInterrupted;
    } catch (const std::exception& error) {
        log::error("native.run_lost", {{"run_id", run->start.run.id}, {"error", error.what()}});
        end.status = RunEnd::Status::kLost;
        end.error = RunError{"StorageError", "The run's checkpoints could not be stored"};
    }
    const RunId id = run->start.run.id;
    const std::int64_t number = run->start.run.attempt;
    live_.erase(std::pair(id, number));
    if (blocks) threads_.give();
    observer_->onEnd(id, number, std::move(end));
    // Its run may have ended before, without the node that was still working.
    if (blocks) observer_->onCapacity();
}

}  // namespace heddle::graph
