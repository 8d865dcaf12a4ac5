// SPDX-License-Identifier: Apache-2.0
// The node that is to run next, as states show it and as pending writes keep it. Part of Snapshot.
#pragma once

#include "base/json.hpp"
#include "domain/checkpoint.hpp"

#include <string>
#include <vector>

namespace heddle::graph {

struct Snapshot;

// One of `tasks` of a ThreadState.
void writeTask(JsonWriter& out, const Snapshot& snapshot, const std::string& name);
// A list of {"id", "value"}.
void writeQuestions(JsonWriter& out, const Snapshot& snapshot);
// Takes what the pending writes of its checkpoint say; unknown ones are left out.
void readWrites(Snapshot& snapshot, const std::vector<PendingWrite>& writes);

}  // namespace heddle::graph
