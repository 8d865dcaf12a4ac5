// SPDX-License-Identifier: Apache-2.0
#include "app/execution.hpp"

#include "app/interpreter.hpp"
#include "graph/native/builtin.hpp"

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <stdexcept>
#include <utility>

namespace heddle::app {
namespace asio = boost::asio;

bool needsPython(const config::Config& config) {
    const auto python = [](const auto& graph) { return graph.runtime == config::GraphRuntime::kPython; };
    return config.store_index || std::ranges::any_of(config.graphs, python);
}

graph::WorkerOptions workerOptions(const config::Config& config) {
    graph::WorkerOptions options;
    options.runtime = "python";
    options.command = {pythonInterpreter(config), "-m", "heddle_worker"};
    options.workers = static_cast<std::size_t>(config.python_workers);
    options.runs_max = config.runs_per_worker;
    options.env = config.env;
    options.python_path = {workersFolder("python")};
    options.root = config.root;
    options.dependencies = config.dependencies;
    options.requirements = config.requirements;
    options.item_ttl = config.store_ttl.forNewItems();
    options.refresh_items = config.store_ttl.refresh_on_read;
    if (const auto& index = config.store_index) {
        options.store_index = {index->dims, index->model, index->path, index->name, index->fields};
    }
    for (const auto& graph : config.graphs) {
        if (graph.runtime != config::GraphRuntime::kPython) continue;
        options.graphs.push_back(
            {graph.graph_id, graph.path.empty() ? graph.module : graph.path, graph.name});
    }
    return options;
}

namespace {

std::optional<graph::WorkerOptions> neededWorkers(const config::Config& config) {
    return needsPython(config) ? std::optional(workerOptions(config)) : std::nullopt;
}

}  // namespace

bool isLibrary(const config::GraphSpec& graph) {
    return graph.runtime == config::GraphRuntime::kNative && !graph.path.empty();
}

void shareEnvironment(const config::Config& config) {
    if (std::ranges::none_of(config.graphs, isLibrary)) return;
    for (const auto& [name, value] : config.env) setenv(name.c_str(), value.reveal().c_str(), /*replace=*/0);
}

std::vector<config::Finding> libraryFaults(const config::Config& config) {
    std::vector<config::Finding> faults;
    for (const auto& graph : config.graphs) {
        if (!isLibrary(graph)) continue;
        const auto parts = graph::loadLibrary(graph.path, graph.name);
        if (!parts) faults.push_back({.key = "graphs." + graph.graph_id, .text = parts.error().detail});
    }
    return faults;
}

Execution::Execution(asio::any_io_executor loop, const config::Config& config, sql::Database& db,
                     const Clock& clock, Random& random, metrics::Metrics& metrics)
    : native_(std::make_unique<graph::NativeExecutor>(loop, db, clock, random)) {
    std::vector<graph::Executor*> all{native_.get()};
    for (const auto& graph : config.graphs) {
        if (graph.runtime != config::GraphRuntime::kNative) continue;
        if (!isLibrary(graph)) {
            native_->add(graph.graph_id, graph::builtinGraph(graph.name).value());
            continue;
        }
        auto parts = graph::loadLibrary(graph.path, graph.name);
        if (!parts) throw std::runtime_error("graphs." + graph.graph_id + ": " + parts.error().detail);
        native_->add(graph.graph_id, std::move(*parts));
    }
    python_ = std::make_unique<graph::WorkerGenerations>(loop, db, clock, random, neededWorkers(config),
                                                         graph::WorkerGenerations::Launchers(), &metrics);
    all.push_back(python_.get());
    mixed_ = std::make_unique<graph::MixedExecutor>(std::move(all));
}

void Execution::observe(graph::RunObserver& observer) {
    native_->observe(observer);
    python_->observe(observer);
}

void Execution::start() {
    python_->open();
}

void Execution::renew(const config::Config& config) {
    python_->renew(neededWorkers(config));
}

asio::awaitable<void> Execution::stop(std::chrono::milliseconds limit) {
    co_await python_->stop(limit);
}

}  // namespace heddle::app
