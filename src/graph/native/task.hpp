// SPDX-License-Identifier: Apache-2.0
// The node that is to run next, as states show it and as pending writes keep it. Part of Snapshot.
#pragma once

#include "base/json.hpp"
#include "domain/checkpoint.hpp"

#include <string>

namespace heddle::graph {

struct Snapshot;

// One of `tasks` of a ThreadState.
void writeTask(JsonWriter& out, const Snapshot& snapshot, const std::string& name);
// A list of {"id", "value"}.
void writeQuestions(JsonWriter& out, const Snapshot& snapshot);
// Takes what a pending write says; unknown ones are left out.
void readWrite(Snapshot& snapshot, const PendingWrite& write);

}  // namespace heddle::graph
