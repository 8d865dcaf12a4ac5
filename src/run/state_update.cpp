// SPDX-License-Identifier: Apache-2.0
// Changing a thread's state from outside of runs. The thread is held meanwhile: none of its runs starts, and
// nobody takes away the checkpoints it goes on from.
#include "run/state_update.hpp"

#include "run/service.hpp"
#include "run/thread_state.hpp"
#include "store/checkpoints.hpp"
#include "store/runs.hpp"
#include "store/threads.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <memory>
#include <utility>

namespace heddle::run {
namespace asio = boost::asio;

namespace {

Problem busy() {
    return Problem::conflict(
        "The thread has a run that has not ended. Wait for it or cancel it before changing the state.");
}

std::optional<std::string> checkpointIdOf(const RawJson& state) {
    const auto id = state.view().get("checkpoint_id");
    return id ? id->string() : std::nullopt;
}

}  // namespace

Result<graph::StateUpdate> planUpdate(sql::Connection& db, const StateChange& change) {
    const auto thread = store::findThreadHead(db, change.thread);
    if (!thread) return noThread(change.thread);
    if (store::hasOpenRuns(db, change.thread)) return busy();
    const auto graph_id = graphOf(*thread);
    if (!graph_id) {
        return Problem::badRequest(
            "The thread has no graph yet: run one on it first, or create it with metadata.graph_id");
    }
    const auto known = checkCheckpoint(db, change.thread, change.checkpoint);
    if (!known) return known.error();
    graph::StateUpdate update;
    update.graph_id = *graph_id;
    update.key = {change.thread.str(), change.checkpoint.ns, change.checkpoint.id};
    update.config = queryConfig(*thread, *graph_id, change.checkpoint.map);
    return update;
}

Result<bool> saveUpdate(sql::Connection& db, const ThreadId& id, const std::string& graph_id,
                        const RawJson& state, Timestamp now) {
    auto thread = store::findThread(db, id);
    if (!thread) {
        store::deleteCheckpoints(db, id.str());
        return false;
    }
    takeState(*thread, state.view(), checkpointIdOf(state), now);
    thread->graph_id = graph_id;
    thread->error = RawJson();
    thread->updated_at = now;
    // A run may have been created meanwhile: it starts when the thread is let go.
    thread->status = store::hasOpenRuns(db, id) ? ThreadStatus::kBusy : restingStatus(state.view());
    store::saveThread(db, *thread);
    return true;
}

asio::awaitable<void> Service::hold(ThreadId thread) {
    for (auto other = held_.find(thread); other != held_.end(); other = held_.find(thread)) {
        const auto let_go = other->second.let_go;
        (void)co_await let_go->async_wait(asio::as_tuple(asio::use_awaitable));
    }
    held_[thread].let_go = std::make_shared<asio::steady_timer>(loop_, asio::steady_timer::time_point::max());
}

bool Service::occupy(const ThreadId& thread) {
    if (scheduler_.taken(thread)) return false;
    scheduler_.occupy(thread);
    held_[thread].occupied = true;
    return true;
}

void Service::letGo(const ThreadId& thread) {
    const auto held = held_.extract(thread);
    held.mapped().let_go->cancel();
    if (!held.mapped().occupied) return;
    scheduler_.release(thread);
    pump();
}

std::vector<ThreadId> Service::held() const {
    std::vector<ThreadId> threads;
    threads.reserve(held_.size());
    for (const auto& [thread, held] : held_) threads.push_back(thread);
    return threads;
}

asio::awaitable<Result<graph::UpdatedState>> Service::updateState(StateChange change) {
    const ThreadId thread = change.thread;
    auto work = updateHeld(std::move(change));
    auto updated = co_await holding(thread, std::move(work));
    if (updated) announceState(thread, updated->state);
    co_return updated;
}

asio::awaitable<Result<graph::UpdatedState>> Service::updateHeld(StateChange change) {
    const ThreadId thread = change.thread;
    if (!occupy(thread)) co_return busy();
    RawJson supersteps = std::exchange(change.supersteps, RawJson());
    // Behind every write job that does not know yet that the thread is held: see held().
    auto look = [change = std::move(change)](sql::Connection& db) { return planUpdate(db, change); };
    auto plan = co_await db_.write(std::move(look));
    if (!plan) co_return plan.error();
    const std::string graph_id = plan->graph_id;
    plan->supersteps = std::move(supersteps);
    auto updated = co_await executor_.update(std::move(*plan));
    if (!updated) co_return updated.error();

    const auto state = std::make_shared<const RawJson>(std::move(updated->state));
    auto write = [thread, graph_id, state, now = clock_.now()](sql::Connection& db) {
        return saveUpdate(db, thread, graph_id, *state, now);
    };
    const auto saved = co_await db_.write(std::move(write));
    if (!saved) co_return saved.error();
    if (!*saved) co_return noThread(thread);
    updated->state = *state;
    co_return updated;
}

}  // namespace heddle::run
