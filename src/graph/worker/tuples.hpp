// SPDX-License-Identifier: Apache-2.0
// Checkpoints and runs as frames: see docs/worker-protocol.md. Pure values, no I/O.
#pragma once

#include "base/json.hpp"
#include "base/result.hpp"
#include "domain/checkpoint.hpp"
#include "graph/executor.hpp"
#include "graph/worker/frame.hpp"

#include <string>
#include <vector>

namespace heddle::graph {

// A body made of blobs; `parts` of the header lists their sizes.
using Parts = std::vector<std::string>;

// Writes a checkpoint tuple's header and moves its blobs behind what `parts` has.
void writeTuple(JsonWriter& out, CheckpointTuple&& tuple, Parts& parts);
// Writes the key `parts`.
void writeParts(JsonWriter& out, const Parts& parts);

// `run.start`.
struct StartFrame {
    JsonWriter header;
    Parts parts;
};
StartFrame startFrame(RunStart&& start);
// `run.end` without the state, which is part 0 of the body. Refuses what breaks the protocol.
Result<RunEnd> readRunEnd(const FrameView& frame);

Result<CheckpointPut> readPut(const FrameView& frame);
struct WritesPut {
    CheckpointKey key;
    std::vector<PendingWrite> writes;
};
Result<WritesPut> readWrites(const FrameView& frame);
// thread_id and checkpoint_ns, and checkpoint_id where it is given.
Result<CheckpointKey> readKey(const FrameHeader& header);

}  // namespace heddle::graph
