// SPDX-License-Identifier: Apache-2.0
// Who executes graphs: worker processes or native code, behind one interface. Everything happens on the loop
// thread.
#pragma once

#include "base/ids.hpp"
#include "base/json.hpp"
#include "base/result.hpp"
#include "domain/checkpoint.hpp"
#include "domain/graph_question.hpp"
#include "domain/run.hpp"
#include "domain/vector.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace heddle::graph {

// One attempt of a run, complete: the executor needs nothing else to start.
struct RunStart {
    Run run;                                    // kwargs.config is merged and complete
    std::optional<CheckpointTuple> checkpoint;  // the one to start from; nothing: a fresh thread
};

// How many runs may be on a run's worker at once, itself included; nothing: any number.
using Company = std::optional<std::size_t>;

// How an attempt ended, as the executor saw it.
struct RunEnd {
    enum class Status {
        kSuccess,      // also when the graph stopped at an interrupt
        kError,        // the graph raised
        kInterrupted,  // cancel() was obeyed
        kLost,         // the worker died: nothing is known
        kRefused,      // the graph cannot be loaded
    };
    Status status = Status::kSuccess;
    std::optional<RunError> error;  // for kError, kRefused, kLost
    std::size_t company = 1;        // kLost: the runs that died with the worker, this one among them
    // ThreadState JSON of the root namespace; null when there is none.
    RawJson state;
    std::optional<std::string> checkpoint_id;
};

// What an attempt tells. Implemented by run/. Called on the loop; must not block and must not call back into
// the executor from within the call.
class RunObserver {
  public:
    virtual ~RunObserver() = default;
    // `data`: strict JSON on one line. `event`: the SSE event's name.
    virtual void onEvent(const RunId& run, std::int64_t attempt, std::string_view event,
                         std::string data) = 0;
    // Exactly once for each start().
    virtual void onEnd(const RunId& run, std::int64_t attempt, RunEnd end) = 0;
    // False: events come faster than they can be stored. Attempts should then make no more of them until
    // whenRoom() calls (once, on the loop).
    [[nodiscard]] virtual bool hasRoom() const = 0;
    virtual void whenRoom(std::function<void()> callback) = 0;
    // Capacity came up or grew (a worker is ready): waiting runs may be started.
    virtual void onCapacity() = 0;
};

// Which checkpoint a question is about. Config: the thread's, with what the graph needs to find its own
// (graph_id, checkpoint_map) in `configurable`.
struct StateQuery {
    std::string graph_id;
    CheckpointKey key;  // id empty: the latest of the namespace
    RawJson config = RawJson::trusted("{}");
    bool subgraphs = false;  // with the states of subgraphs that have not ended
};

struct HistoryQuery {
    std::string graph_id;
    CheckpointKey key;  // id empty: all of the namespace
    RawJson config = RawJson::trusted("{}");
    std::int64_t limit = 10;
    std::optional<std::string> before;          // checkpoint ids below this one
    RawJson metadata = RawJson::trusted("{}");  // top-level keys that must be equal
};

// Nothing else may write to the thread meanwhile.
struct StateUpdate {
    std::string graph_id;
    CheckpointKey key;  // the checkpoint to go on from; id empty: the latest
    RawJson config = RawJson::trusted("{}");
    RawJson supersteps;  // [{"updates": [{"values" or "command", "as_node"}…]}…]
};

struct UpdatedState {
    RawJson checkpoint;  // {"checkpoint_id", "thread_id", "checkpoint_ns"} of the new one
    RawJson state;       // ThreadState JSON of the thread's latest checkpoint
};

// A configured graph that cannot run, as all of its runs are told.
struct GraphFault {
    std::string graph_id;
    RunError error;
};

class Executor {
  public:
    virtual ~Executor() = default;
    // The graphs it was configured with, loaded or not.
    [[nodiscard]] virtual bool hosts(std::string_view graph_id) const = 0;
    // Whether start() with the same company would find a place now, or soon. False: wait for onCapacity or an
    // onEnd.
    [[nodiscard]] virtual bool ready(std::string_view graph_id, Company company) const = 0;
    // The graphs that were found not to load.
    [[nodiscard]] virtual std::vector<GraphFault> faults() const { return {}; }
    // Why no run could be started now, whatever its graph; nothing: they can.
    [[nodiscard]] virtual std::optional<std::string> unready() const { return std::nullopt; }
    // ready() said so when the run was chosen; if the place has gone since, the run waits for another one. A
    // run with a bounded company was on a worker that died: it gets one where there are only such runs, and
    // no more of them than the least of their companies.
    virtual void start(RunStart start, Company company) = 0;
    // Asks an attempt to stop; it ends with kInterrupted, or as it would have if it was faster.
    virtual void cancel(const RunId& run, std::int64_t attempt) = 0;

    // Questions about checkpoints. kBadRequest where the graph refuses, kConflict where another runtime wrote
    // the checkpoints, kUnavailable when no worker answers in time. ThreadState JSON; its `created_at` is
    // null when there is no such checkpoint.
    virtual boost::asio::awaitable<Result<RawJson>> state(StateQuery query) = 0;
    // A JSON list of ThreadState, newest first.
    virtual boost::asio::awaitable<Result<RawJson>> history(HistoryQuery query) = 0;
    virtual boost::asio::awaitable<Result<UpdatedState>> update(StateUpdate update) = 0;
    // kBadRequest when the graph cannot be loaded or made, kUnavailable as above.
    virtual boost::asio::awaitable<Result<RawJson>> describe(GraphQuestion question) = 0;

    // Whether it has what makes vectors of texts (`store.index`).
    [[nodiscard]] virtual bool embeds() const { return false; }
    // A query's vector, or those of an item's texts. kUnavailable when no worker answers in time or what
    // makes the vectors fails.
    virtual boost::asio::awaitable<Result<std::vector<Vector>>> embed(EmbeddingQuestion) {
        co_return Problem::unavailable("store.index: no worker makes vectors");
    }
};

}  // namespace heddle::graph
