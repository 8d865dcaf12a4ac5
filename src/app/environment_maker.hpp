// SPDX-License-Identifier: Apache-2.0
// A virtual environment beside langgraph.json.
#pragma once

#include "config/config.hpp"

#include <string>

namespace heddle::app {

// Makes .venv in the project's folder and gives its interpreter. Nothing half-made is left behind. Throws
// std::runtime_error with the remedy, or Interrupted. Says on standard error what it does. Blocks.
[[nodiscard]] std::string makeEnvironment(const config::Config& config);

}  // namespace heddle::app
