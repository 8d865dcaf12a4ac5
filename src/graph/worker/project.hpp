// SPDX-License-Identifier: Apache-2.0
// What a worker is told of the project, and the variables it starts with. Pure; any thread.
#pragma once

#include "graph/worker/options.hpp"

#include <string>
#include <utility>
#include <vector>

namespace heddle::graph {

// The body of `load` (docs/worker-protocol.md).
[[nodiscard]] std::string projectJson(const WorkerOptions& options);

// `base` ("NAME=value") with the project's variables and PYTHONPATH prolonged by our folders; then `more`.
[[nodiscard]] std::vector<std::string> projectEnvironment(
    const WorkerOptions& options, const std::vector<std::string>& base,
    const std::vector<std::pair<std::string, std::string>>& more);

}  // namespace heddle::graph
