// SPDX-License-Identifier: Apache-2.0
// The configuration as the command line asks for it, and what was found wrong with it, for a person.
#pragma once

#include "app/commands.hpp"
#include "config/config.hpp"

#include <string>
#include <vector>

namespace heddle::app {

[[nodiscard]] config::Sources sourcesOf(const Invocation& invocation);

// One line each on stderr.
void printFindings(const std::vector<config::Finding>& findings);

// The database's file; empty when it is not known where that is (told on stderr).
[[nodiscard]] std::string databaseFile(const Invocation& invocation);

}  // namespace heddle::app
