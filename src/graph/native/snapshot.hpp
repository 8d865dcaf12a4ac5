// SPDX-License-Identifier: Apache-2.0
// The JSON checkpoints of native graphs: one channel for each top-level key of the state. Pure values, no
// I/O.
#pragma once

#include "base/ids.hpp"
#include "base/json.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "domain/checkpoint.hpp"
#include "domain/run.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace heddle::graph {

// Ids that sort by time as text (UUID version 6, like LangGraph's own), each above the one before and above
// `parent`.
class CheckpointIds {
  public:
    CheckpointIds(const Clock& clock, Random& random) : clock_(clock), random_(random) {}
    std::string next(std::string_view parent);

  private:
    const Clock& clock_;
    Random& random_;
    std::uint64_t last_ticks_ = 0;  // 100 ns since 1582-10-15
};

// What a node asked with interrupt().
struct Question {
    std::string id;
    RawJson value;
    std::size_t place = 0;  // among the questions of its node
};

// What its questions were answered, in their order.
struct ResumeValues {
    std::vector<RawJson> values;
    std::string run_id;  // of the run that brought the last one
};

// A thread of a native graph at one checkpoint.
struct Snapshot {
    CheckpointKey key;  // id empty: nothing stored yet
    std::optional<std::string> parent_id;
    std::int64_t step = -1;
    std::vector<std::string> next;  // the node that is to run; empty at the end
    std::string created_at;
    RawJson metadata = RawJson::trusted("{}");
    std::vector<ChannelBlob> channels;  // in the order the keys came
    std::string by;                     // the node that made the checkpoint, or "__start__"; may be empty
    // Of the node that is to run:
    std::optional<std::string> task_error;
    std::optional<Question> question;  // what it waits for
    ResumeValues answers;

    // kConflict when the checkpoint was not written by a native graph.
    static Result<Snapshot> fromTuple(CheckpointTuple tuple);
    // {key: value…}
    [[nodiscard]] RawJson values() const;
    // The same with the question that is open, as `__interrupt__`.
    [[nodiscard]] RawJson output() const;
    // The ThreadState JSON of `GET /threads/{id}/state`.
    [[nodiscard]] RawJson threadState() const;
};

// What one step of a run or an update changes.
struct Step {
    std::string checkpoint_id;
    std::string_view source;  // "input", "loop", "update" or "fork"
    std::vector<std::string> next;
    JsonView update;  // an object whose keys replace the state's; anything else changes nothing
    Timestamp now;
    std::string by = {};  // in whose name: a node's or "__start__"
};

// Moves `snapshot` one checkpoint on and returns what has to be stored for it.
[[nodiscard]] CheckpointPut advance(Snapshot& snapshot, const Run& run, const Step& step);
// The same for a change outside of runs.
[[nodiscard]] CheckpointPut advance(Snapshot& snapshot, std::string_view graph_id, const Step& step);

// Records how the node of `snapshot` failed, what it asks, what it was answered; and returns the pending
// writes that do so on disk: those of the answers from `first` on, each its own, so that the rollback of a
// run takes none with it that an earlier one brought.
[[nodiscard]] PendingWrite fail(Snapshot& snapshot, const RunError& error);
[[nodiscard]] PendingWrite ask(Snapshot& snapshot, RawJson question);
[[nodiscard]] std::vector<PendingWrite> answer(Snapshot& snapshot, ResumeValues answers, std::size_t first);
// Which part of a `command.resume` answers the open question: all of it, or the value at the question's id
// where it is a map of ids. Nothing where the map has others only.
[[nodiscard]] std::optional<RawJson> answerIn(JsonView resume, const Snapshot& snapshot);

// [{"value", "id", "response_schema"}], as events show it; [] without a question.
[[nodiscard]] RawJson interruptOf(const Snapshot& snapshot);

}  // namespace heddle::graph
