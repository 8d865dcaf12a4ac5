// SPDX-License-Identifier: Apache-2.0
// /threads/prune and /threads/{thread_id}/storage.
#include "store/thread_upkeep.hpp"

#include "api/context.hpp"
#include "api/operation.hpp"
#include "store/threads.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace heddle::api {
namespace asio = boost::asio;

namespace {

// Threads in one write job: others' writes come in between.
constexpr std::size_t kAtOnce = 10;

std::vector<ThreadId> threadIds(JsonView body) {
    std::vector<ThreadId> out;
    const auto given = body.get("thread_ids");
    for (const auto& each : given ? given->elements() : std::vector<JsonView>{}) {
        if (const auto id = ThreadId::parse(each.string().value_or(""))) out.push_back(*id);
    }
    // Each counts once.
    std::ranges::sort(out);
    out.erase(std::unique(out.begin(), out.end()), out.end());
    return out;
}

asio::awaitable<Result<http::Response>> pruneThreads(Context& context, Call& call) {
    const auto ids = threadIds(call.json());
    const auto asked = call.json().get("strategy");
    const auto name = asked ? asked->string().value_or("") : "delete";
    const auto strategy = parseTtlStrategy(name).value_or(TtlStrategy::kDelete);
    std::int64_t pruned = 0;
    for (std::size_t begin = 0; begin < ids.size(); begin += kAtOnce) {
        const auto end = std::min(begin + kAtOnce, ids.size());
        std::vector<ThreadId> some(ids.begin() + static_cast<std::ptrdiff_t>(begin),
                                   ids.begin() + static_cast<std::ptrdiff_t>(end));
        // Threads whose state is being changed are as busy as those with an open run.
        const auto held = context.runs.held();
        std::erase_if(some,
                      [&held](const ThreadId& id) { return std::ranges::find(held, id) != held.end(); });
        auto job = [some = std::move(some), strategy](sql::Connection& db) -> Result<std::vector<ThreadId>> {
            auto done = some;
            std::erase_if(done, [&](const ThreadId& id) { return !store::pruneThread(db, id, strategy); });
            return done;
        };
        const auto done = co_await context.db.write(std::move(job));
        if (!done) co_return done.error();
        pruned += static_cast<std::int64_t>(done->size());
        if (strategy != TtlStrategy::kDelete) continue;
        for (const auto& id : *done) context.runs.closeThread(id);
    }
    JsonWriter writer;
    writer.beginObject().key("pruned_count").integer(pruned).endObject();
    co_return http::Response::json(200, writer.take());
}

void writePart(JsonWriter& writer, const store::ThreadStorage::Part& part, std::string_view count) {
    writer.key(count).integer(part.count).key("bytes").integer(part.bytes);
}

std::string storageJson(const ThreadId& id, const store::ThreadStorage& storage) {
    JsonWriter writer;
    writer.beginObject().key("thread_id").string(id.str());
    writer.key("total_bytes").integer(storage.bytes());
    writer.key("checkpoints").beginObject();
    writePart(writer, storage.checkpoints, "count");
    writer.endObject().key("channel_values").beginObject();
    writePart(writer, storage.channel_values, "count");
    writer.key("by_channel").beginObject();
    for (const auto& channel : storage.channels) {
        writer.key(channel.name).beginObject();
        writePart(writer, channel.versions, "versions");
        writer.endObject();
    }
    writer.endObject().endObject().key("pending_writes").beginObject();
    writePart(writer, storage.pending_writes, "count");
    writer.endObject().endObject();
    return writer.take();
}

asio::awaitable<Result<http::Response>> threadStorage(Context& context, Call& call) {
    const auto id = pathId<ThreadId>(call, "thread_id", "thread");
    if (!id) co_return id.error();
    auto job = [id = *id](sql::Connection& db) -> Result<store::ThreadStorage> {
        if (!store::findThreadHead(db, id)) return noThread(id);
        return store::threadStorage(db, id);
    };
    const auto storage = co_await context.db.read(std::move(job));
    if (!storage) co_return storage.error();
    co_return http::Response::json(200, storageJson(*id, *storage));
}

}  // namespace

void addThreadUpkeep(Routes& routes, Context& context) {
    using http::Method;
    const auto bind = binder(context);
    routes.add(Method::kPost, "/threads/prune", Body::kRequired, bind(pruneThreads));
    routes.add(Method::kGet, "/threads/{thread_id}/storage", Body::kNone, bind(threadStorage));
}

}  // namespace heddle::api
