// SPDX-License-Identifier: Apache-2.0
// Shared libraries with graphs: loading one, and checking what it says of itself. Libraries stay loaded until
// the process exits.
#pragma once

#include "base/result.hpp"
#include "graph/native/topology.hpp"
#include <heddle/graph_abi.hpp>

#include <string>
#include <vector>

namespace heddle::graph {

// A graph of a library: its nodes and edges, and the functions behind them. The pointers lead into the
// library.
struct LibraryParts {
    Topology topology;
    std::vector<heddle_node> nodes;       // as topology.nodes()
    std::vector<heddle_branch> branches;  // as the plan's
};

// The graph that the function `name` of the library at `path` makes. Executes code of the library. kInvalid
// with one line that says what is wrong with which file and what to do.
[[nodiscard]] Result<LibraryParts> loadLibrary(const std::string& path, const std::string& name);

// The same from the table that such a function returned; the line lacks the file's name.
[[nodiscard]] Result<LibraryParts> readTable(const heddle_graph& table);

}  // namespace heddle::graph
