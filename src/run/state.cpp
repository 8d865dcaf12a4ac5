// SPDX-License-Identifier: Apache-2.0
#include "run/state.hpp"

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

struct Latest {
    Thread thread;
    std::optional<std::string> checkpoint_id;
};

Result<Latest> readLatest(sql::Connection& db, const ThreadId& id) {
    auto thread = store::findThread(db, id);
    if (!thread) return Problem::notFound("Thread with ID " + id.str() + " not found");
    auto latest = store::latestCheckpointId(db, id.str(), "");
    return Latest{std::move(*thread), std::move(latest)};
}

// Stores a state that was asked of a worker, unless the thread moved on meanwhile.
Result<void> mend(sql::Connection& db, const ThreadId& id, const std::string& checkpoint_id,
                  const RawJson& state) {
    auto thread = store::findThread(db, id);
    if (!thread || thread->status == ThreadStatus::kBusy) return {};
    if (store::latestCheckpointId(db, id.str(), "") != checkpoint_id) return {};
    const auto values = state.view().get("values");
    thread->state = state;
    thread->state_checkpoint_id = checkpoint_id;
    if (values) thread->values = RawJson::copy(*values);
    store::saveThread(db, *thread);
    return {};
}

}  // namespace

asio::awaitable<Result<RawJson>> latestState(sql::Database& db, graph::Executor& executor, ThreadId id) {
    auto read = [id](sql::Connection& connection) { return readLatest(connection, id); };
    auto latest = co_await db.read(std::move(read));
    if (!latest) co_return latest.error();
    Thread& thread = latest->thread;
    if (!latest->checkpoint_id || !thread.graph_id) {
        if (!thread.state.isNull()) co_return std::move(thread.state);
        co_return RawJson::trusted(kEmptyState);
    }
    if (thread.state_checkpoint_id == latest->checkpoint_id) co_return std::move(thread.state);

    const RawJson config = thread.config;
    const std::string checkpoint_id = *latest->checkpoint_id;
    CheckpointKey key{id.str(), "", checkpoint_id};
    auto state = co_await executor.state(*thread.graph_id, std::move(key), config.view());
    if (!state) co_return state.error();
    if (thread.status != ThreadStatus::kBusy) {
        auto shared = std::make_shared<const RawJson>(*state);
        auto job = [id, checkpoint_id, shared](sql::Connection& connection) {
            return mend(connection, id, checkpoint_id, *shared);
        };
        // The answer is right even where the row could not be mended.
        (void)co_await db.write(std::move(job));
    }
    co_return std::move(*state);
}

}  // namespace heddle::run
