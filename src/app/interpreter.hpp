// SPDX-License-Identifier: Apache-2.0
// Which programs execute graphs: the project's own interpreter, and our side of the workers.
#pragma once

#include "config/config.hpp"

#include <string>
#include <string_view>

namespace heddle::app {

// --python, else `.venv` beside the config, $VIRTUAL_ENV; empty when there is none of them.
[[nodiscard]] std::string knownInterpreter(const config::Config& config);

// --python, else `.venv` beside the config, $VIRTUAL_ENV, `python3` on the PATH.
[[nodiscard]] std::string pythonInterpreter(const config::Config& config);

// The folder of a runtime's worker: beside an installed binary, else in the source tree that built it.
[[nodiscard]] std::string workersFolder(std::string_view runtime);

}  // namespace heddle::app
