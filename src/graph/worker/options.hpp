// SPDX-License-Identifier: Apache-2.0
// What the workers are: which program, how many, which graphs.
#pragma once

#include "base/limits.hpp"
#include "base/secret.hpp"
#include "graph/worker/supervisor.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace heddle::graph {

struct GraphSource {
    std::string graph_id;
    std::string path;  // an absolute file, or an import path ("pkg.mod")
    std::string name;  // the export: "agent"
};

// What makes the vectors of the store's items: a model of langchain's, or `name` in `path`.
struct StoreIndex {
    std::int64_t dims = 1;
    std::string model;
    std::string path;  // as GraphSource's
    std::string name;
    std::vector<std::string> fields;
};

struct WorkerOptions {
    std::string runtime = "python";    // names the workers: "python-0", "python-1", …
    std::vector<std::string> command;  // {"/usr/bin/python3", "-m", "heddle_worker"}
    std::size_t workers = 2;
    std::vector<std::pair<std::string, Secret>>
        env;  // on top of the server's own; PYTHONPATH is prolonged, not replaced
    std::vector<std::string> python_path;  // the folder that holds heddle_worker
    std::string socket_dir;                // parent of the socket's folder; empty: see PrivateDirectory
    bool first = true;                     // false: the server has workers already

    std::string root;                       // the project's folder; workers start in it
    std::vector<std::string> dependencies;  // absolute folders of local packages
    std::vector<std::string> requirements;  // packages that must be installed, as pip names them
    std::vector<GraphSource> graphs;
    // Of the store: how long items live that come without a time, and whether reading one prolongs its life.
    std::optional<std::chrono::microseconds> item_ttl;
    bool refresh_items = true;
    std::optional<StoreIndex> store_index;

    std::size_t event_window = limits::kEventWindow;
    std::size_t runs_max = limits::kWorkerRuns;  // on one worker
    std::chrono::milliseconds state_time{10'000};
    // A worker with runs on it gets another one when its event loop has shown a sign of life within this
    // time; else it is asked for one first, because it may be blocked.
    std::chrono::milliseconds sign_of_life{20};
    // At the start the first worker that is ready waits so long for the others: they would have nothing to do
    // while all runs went to it.
    std::chrono::milliseconds warm_up{5000};
    SupervisorTimes times;
};

}  // namespace heddle::graph
