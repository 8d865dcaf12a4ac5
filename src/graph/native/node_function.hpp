// SPDX-License-Identifier: Apache-2.0
// Calls the functions of a shared library, on the thread that they block.
#pragma once

#include "graph/native/library.hpp"
#include "graph/native/node_call.hpp"

#include <cstddef>

namespace heddle::graph {

// Calls the node that `call` names, takes what it returned, and asks the route behind it. Ends `call`; never
// throws.
void callNode(NodeCall& call, const LibraryParts& parts) noexcept;
// Asks only a route, for the state of `call`.
void callRoute(NodeCall& call, const LibraryParts& parts, std::size_t branch) noexcept;

}  // namespace heddle::graph
