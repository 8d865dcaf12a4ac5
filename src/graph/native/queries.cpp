// SPDX-License-Identifier: Apache-2.0
// What native graphs answer outside of runs: states, histories, updates.
#include "base/limits.hpp"
#include "graph/native/executor.hpp"
#include "store/checkpoints.hpp"

#include <optional>
#include <utility>

namespace heddle::graph {
namespace {

using Tuple = std::optional<CheckpointTuple>;

Result<Tuple> readTuple(sql::Connection& db, const CheckpointKey& key) {
    const auto id = key.id.empty() ? std::nullopt : std::optional<std::string>(key.id);
    return store::getCheckpoint(db, key.thread_id, key.ns, id);
}

// A list of ThreadState; a Problem where it gets larger than a worker's answer could be.
Result<RawJson> statesOf(std::vector<CheckpointTuple> tuples) {
    JsonWriter out;
    out.beginArray();
    for (auto& tuple : tuples) {
        auto snapshot = Snapshot::fromTuple(std::move(tuple));
        if (!snapshot) return snapshot.error();
        out.raw(snapshot->threadState());
        if (out.text().size() > limits::kFrameBody) {
            return Problem::badRequest("The history is larger than 64 MiB; ask for less with limit");
        }
    }
    out.endArray();
    return RawJson::trusted(out.take());
}

// What an update writes to the state: its values, or its command's.
Result<JsonView> valuesOf(JsonView update) {
    auto values = update.get("values").value_or(JsonView());
    if (const auto command = update.get("command"); command && command->isObject()) {
        values = command->get("update").value_or(JsonView());
    }
    if (!values.isNull() && !values.isObject()) {
        return Problem::badRequest("Expected a JSON object as values");
    }
    return values;
}

}  // namespace

boost::asio::awaitable<Result<RawJson>> NativeExecutor::state(StateQuery query) {
    auto job = [key = query.key](sql::Connection& db) { return readTuple(db, key); };
    Result<Tuple> tuple = co_await db_.read(std::move(job));
    if (!tuple) co_return tuple.error();
    if (!*tuple) {
        Snapshot nothing;
        nothing.key = query.key;
        nothing.key.id.clear();
        nothing.metadata = RawJson();
        co_return nothing.threadState();
    }
    auto snapshot = Snapshot::fromTuple(std::move(**tuple));
    if (!snapshot) co_return snapshot.error();
    co_return snapshot->threadState();
}

boost::asio::awaitable<Result<RawJson>> NativeExecutor::history(HistoryQuery query) {
    store::CheckpointQuery wanted;
    wanted.thread_id = query.key.thread_id;
    wanted.ns = query.key.ns;
    if (!query.key.id.empty()) wanted.id = query.key.id;
    wanted.before = query.before;
    wanted.metadata = std::move(query.metadata);
    wanted.limit = query.limit;
    auto job = [wanted = std::move(wanted)](sql::Connection& db) -> Result<RawJson> {
        return statesOf(store::listCheckpoints(db, wanted));
    };
    co_return co_await db_.read(std::move(job));
}

boost::asio::awaitable<Result<void>> NativeExecutor::apply(Snapshot& snapshot, std::string graph_id,
                                                           JsonView update,
                                                           std::vector<CheckpointPut>& puts) {
    auto& graph = *graphs_.at(graph_id);
    const auto values = valuesOf(update);
    if (!values) co_return values.error();
    const auto given = update.stringAt("as_node");
    // In nobody's name: in that of the node that wrote last, as LangGraph does.
    std::string node = given.value_or(snapshot.by);
    if (node.empty() && graph.blocks()) node = kStartNode;
    if (node == "__input__") node = kStartNode;
    Step step{ids_.next(snapshot.key.id), "update", snapshot.next, *values, clock_.now(), node};
    NodeOutcome outcome;
    if (node == "__copy__") {
        step.source = "fork";
        step.by = snapshot.by;
    } else if (node == kEndNode) {
        step.next.clear();
    } else if (node == kStartNode || graph.topology().has(node)) {
        if (given && node == kStartNode) step.source = "input";
        StateWrite write{snapshot.values(), RawJson::copy(*values), node};
        outcome = co_await graph.write(std::move(write));
        if (outcome.stopped) {
            co_return Problem::unavailable("The route behind " + node + " did not answer in time");
        }
        if (outcome.error) co_return Problem::badRequest(outcome.error->type + ": " + outcome.error->message);
        step.next = outcome.next;
        step.update = outcome.writes();
    } else if (given) {
        co_return Problem::badRequest("Node " + node + " does not exist");
    }
    puts.push_back(advance(snapshot, graph_id, step));
    co_return Result<void>();
}

boost::asio::awaitable<Result<UpdatedState>> NativeExecutor::update(StateUpdate update) {
    auto read = [key = update.key](sql::Connection& db) { return readTuple(db, key); };
    Result<Tuple> tuple = co_await db_.read(std::move(read));
    if (!tuple) co_return tuple.error();
    Snapshot snapshot;
    snapshot.key.thread_id = update.key.thread_id;
    if (*tuple) {
        auto stored = Snapshot::fromTuple(std::move(**tuple));
        if (!stored) co_return stored.error();
        snapshot = std::move(*stored);
    }
    std::vector<CheckpointPut> puts;
    for (const JsonView superstep : update.supersteps.view().elements()) {
        const auto updates = superstep.get("updates").value_or(JsonView());
        for (const JsonView one : updates.elements()) {
            const auto applied = co_await apply(snapshot, update.graph_id, one, puts);
            if (!applied) co_return applied.error();
        }
    }
    auto write = [puts = std::move(puts)](sql::Connection& db) -> Result<bool> {
        for (const auto& put : puts) store::putCheckpoint(db, put);
        return true;
    };
    const Result<bool> written = co_await db_.write(std::move(write));
    if (!written) co_return written.error();

    RawJson state = snapshot.threadState();
    const auto checkpoint = state.view().get("checkpoint");
    if (!checkpoint) co_return Problem::unavailable("The update made no checkpoint");
    RawJson made = RawJson::copy(*checkpoint);
    co_return UpdatedState{std::move(made), std::move(state)};
}

// Nothing is known of what a graph takes: libraries say nothing about it.
boost::asio::awaitable<Result<RawJson>> NativeExecutor::describe(GraphQuestion question) {
    const auto& graph = *graphs_.at(question.graph_id);
    if (question.what == GraphQuestion::What::kDrawing) co_return graph.topology().drawing();
    if (question.what == GraphQuestion::What::kSubgraphs) co_return RawJson::trusted("{}");
    const char* const schema = graph.blocks() ? R"({"type":"object"})" : "null";
    JsonWriter out;
    out.beginObject().key("graph_id").string(question.graph_id);
    for (const char* key : {"input_schema", "output_schema", "state_schema"}) out.key(key).raw(schema);
    out.key("config_schema").raw("{}").key("context_schema").null().endObject();
    co_return RawJson::trusted(out.take());
}

}  // namespace heddle::graph
