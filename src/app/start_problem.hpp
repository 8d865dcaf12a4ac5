// SPDX-License-Identifier: Apache-2.0
// Why a server did not start, as one line with what to do.
#pragma once

#include "config/config.hpp"

#include <exception>
#include <string>

namespace heddle::app {

// What to do about a failed start; empty when the error says it, or nothing is known.
[[nodiscard]] std::string startRemedy(const std::exception& error);

// What is wrong with a database, without the statement that found it.
[[nodiscard]] std::string databaseReason(const std::exception& error);

// The whole line.
[[nodiscard]] std::string startProblem(const std::exception& error, const config::Config& config);

}  // namespace heddle::app
