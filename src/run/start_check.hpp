// SPDX-License-Identifier: Apache-2.0
// Whether a run can start from the checkpoints that its thread has. Runs in the job that creates it.
#pragma once

#include "base/result.hpp"
#include "domain/run.hpp"
#include "sql/connection.hpp"

#include <optional>
#include <string>
#include <vector>

namespace heddle::run {

// The root checkpoint that a run asked to start from; nothing: the latest.
[[nodiscard]] std::optional<std::string> askedCheckpoint(const Run& run);

// kNotFound when the checkpoint it asks for does not exist, kConflict when another runtime than its graph's
// wrote the thread's. `native_graphs`: ids of the graphs that run inside the server.
Result<void> checkStart(sql::Connection& db, const Run& run, const std::vector<std::string>& native_graphs);

}  // namespace heddle::run
