// SPDX-License-Identifier: Apache-2.0
#include "run/state.hpp"

#include "run/thread_state.hpp"
#include "store/checkpoints.hpp"
#include "store/threads.hpp"

#include <memory>
#include <utility>

namespace heddle::run {
namespace asio = boost::asio;

namespace {

constexpr const char* kEmptyState =
    R"({"values":{},"next":[],"tasks":[],"metadata":null,"created_at":null,"checkpoint":null,)"
    R"("parent_checkpoint":null,"interrupts":[],"checkpoint_id":null,"parent_checkpoint_id":null})";

struct Known {
    Thread thread;
    std::optional<std::string> latest;  // of the graph itself
    // The row's state is the one that is asked for.
    bool current = false;
};

Result<Known> lookUp(sql::Connection& db, const StateRequest& request) {
    const CheckpointRef& ref = request.checkpoint;
    Known known;
    known.latest = store::latestCheckpointId(db, request.thread.str(), "");
    const bool of_row = ref.ns.empty() && (ref.id.empty() || ref.id == known.latest);
    auto thread = of_row ? store::findThread(db, request.thread) : store::findThreadHead(db, request.thread);
    if (!thread) return noThread(request.thread);
    known.thread = std::move(*thread);
    if (!ref.ns.empty() || !ref.id.empty()) {
        const auto found = checkCheckpoint(db, request.thread, ref);
        if (!found) return found.error();
    }
    known.current = of_row && known.latest && known.thread.state_checkpoint_id == known.latest;
    return known;
}

// Stores the latest state, which was asked of a worker, unless the thread moved on meanwhile.
Result<void> mend(sql::Connection& db, const ThreadId& id, const RawJson& state, Timestamp now) {
    const auto named = state.view().get("checkpoint_id");
    const auto checkpoint_id = named ? named->string() : std::nullopt;
    auto thread = store::findThread(db, id);
    if (!checkpoint_id || !thread || thread->status == ThreadStatus::kBusy) return {};
    if (store::latestCheckpointId(db, id.str(), "") != checkpoint_id) return {};
    takeState(*thread, state.view(), checkpoint_id, now);
    if (!thread->error || thread->error->isNull()) {
        thread->status = restingStatus(state.view());
    }
    store::saveThread(db, *thread);
    return {};
}

// Subgraphs have states of their own only while their tasks are open.
bool hasTasks(const RawJson& state) {
    const auto tasks = state.view().get("tasks");
    return tasks && !tasks->elements().empty();
}

}  // namespace

std::optional<std::string> graphOf(const Thread& thread) {
    if (thread.graph_id) return thread.graph_id;
    const auto named = thread.metadata.view().get("graph_id");
    return named ? named->string() : std::nullopt;
}

RawJson queryConfig(const Thread& thread, const std::string& graph_id, const RawJson& map) {
    const JsonView config = thread.config.view();
    JsonWriter ours;
    ours.beginObject().key("graph_id").string(graph_id);
    if (map.view().isObject()) ours.key("checkpoint_map").raw(map);
    ours.endObject();
    const auto given = config.get("configurable");
    JsonWriter over;
    over.beginObject().key("configurable");
    over.raw(mergeObjects(given ? *given : JsonView::trusted("{}"), JsonView::trusted(ours.text())));
    over.endObject();
    return mergeObjects(config, JsonView::trusted(over.text()));
}

Result<void> checkCheckpoint(sql::Connection& db, const ThreadId& thread, const CheckpointRef& ref) {
    if (!ref.id.empty() && !store::hasCheckpoint(db, thread.str(), ref.ns, ref.id)) {
        return Problem::notFound("The thread has no checkpoint with this ID");
    }
    if (ref.id.empty() && !ref.ns.empty() && !store::latestCheckpointId(db, thread.str(), ref.ns)) {
        return Problem::notFound("The thread has no checkpoint in this checkpoint_ns");
    }
    return {};
}

asio::awaitable<Result<RawJson>> threadState(sql::Database& db, graph::Executor& executor,
                                             StateRequest request) {
    auto read = [request](sql::Connection& connection) { return lookUp(connection, request); };
    auto known = co_await db.read(std::move(read));
    if (!known) co_return known.error();
    Thread& thread = known->thread;
    const auto graph_id = graphOf(thread);
    if (!known->latest || !graph_id) {
        if (!thread.state.isNull()) co_return std::move(thread.state);
        co_return RawJson::trusted(kEmptyState);
    }
    if (known->current && !(request.subgraphs && hasTasks(thread.state))) co_return std::move(thread.state);

    const bool of_latest = request.checkpoint.ns.empty() && request.checkpoint.id.empty();
    graph::StateQuery query;
    query.graph_id = *graph_id;
    query.key = {request.thread.str(), request.checkpoint.ns, request.checkpoint.id};
    query.config = queryConfig(thread, *graph_id, request.checkpoint.map);
    query.subgraphs = request.subgraphs;
    auto state = co_await executor.state(std::move(query));
    if (!state) co_return state.error();
    if (of_latest && !request.subgraphs && thread.status != ThreadStatus::kBusy) {
        auto shared = std::make_shared<const RawJson>(*state);
        auto job = [id = request.thread, changed = thread.state_updated_at,
                    shared](sql::Connection& connection) { return mend(connection, id, *shared, changed); };
        // The answer is right even where the row could not be mended.
        (void)co_await db.write(std::move(job));
    }
    co_return std::move(*state);
}

asio::awaitable<Result<RawJson>> threadHistory(sql::Database& db, graph::Executor& executor,
                                               HistoryRequest request) {
    // The thread; nothing when it has no checkpoints to show.
    auto read = [id = request.thread,
                 ns = request.checkpoint.ns](sql::Connection& connection) -> Result<std::optional<Thread>> {
        auto thread = store::findThreadHead(connection, id);
        if (!thread) return noThread(id);
        if (!store::latestCheckpointId(connection, id.str(), ns)) return std::optional<Thread>();
        return thread;
    };
    const auto thread = co_await db.read(std::move(read));
    if (!thread) co_return thread.error();
    const auto graph_id = *thread ? graphOf(**thread) : std::nullopt;
    if (!graph_id) co_return RawJson::trusted("[]");
    graph::HistoryQuery query;
    query.graph_id = *graph_id;
    query.key = {request.thread.str(), request.checkpoint.ns, request.checkpoint.id};
    query.config = queryConfig(**thread, *graph_id, request.checkpoint.map);
    query.limit = request.limit;
    query.before = std::move(request.before);
    query.metadata = std::move(request.metadata);
    co_return co_await executor.history(std::move(query));
}

}  // namespace heddle::run
