// SPDX-License-Identifier: Apache-2.0
// /threads: create, get, patch, delete, search, count. States: thread_state.cpp.
#include "store/threads.hpp"

#include "api/context.hpp"
#include "api/objects.hpp"
#include "api/operation.hpp"
#include "api/pagination.hpp"
#include "api/query_list.hpp"
#include "api/search_body.hpp"
#include "api/thread_state.hpp"
#include "store/runs.hpp"

#include <algorithm>
#include <memory>
#include <utility>

namespace heddle::api {
namespace asio = boost::asio;

namespace {

asio::awaitable<Result<Thread>> readThread(Context& context, ThreadId id) {
    auto job = [id](sql::Connection& db) -> Result<Thread> {
        auto thread = store::findThread(db, id);
        if (!thread) return noThread(id);
        return std::move(*thread);
    };
    co_return co_await context.db.read(std::move(job));
}

// Gives a new thread its first checkpoints. Where that is refused there is no thread either.
asio::awaitable<Result<void>> applySupersteps(Context& context, ThreadId id, JsonView supersteps) {
    run::StateChange change{id, {}, RawJson::copy(supersteps)};
    const auto updated = co_await context.runs.updateState(std::move(change));
    if (updated) co_return Result<void>();
    (void)co_await context.runs.removeThread(id);
    co_return updated.error();
}

// `ttl`: minutes, or {"ttl": minutes, "strategy"}; null for none.
std::optional<ThreadTtl> ttlOf(JsonView value) {
    if (value.isNull()) return std::nullopt;
    const auto inner = value.isObject() ? value.get("ttl") : std::optional(value);
    const auto minutes = inner ? inner->number() : std::nullopt;
    if (!minutes) return std::nullopt;
    ThreadTtl ttl{microseconds(static_cast<std::int64_t>(*minutes * 60e6)), TtlStrategy::kDelete};
    const auto strategy = value.isObject() ? value.get("strategy") : std::nullopt;
    if (strategy) ttl.strategy = parseTtlStrategy(strategy->string().value_or("")).value_or(ttl.strategy);
    return ttl;
}

// `?include=ttl`
Result<ThreadExtras> extrasOf(const http::Request& request) {
    ThreadExtras extras = ThreadExtras::kNone;
    for (const auto& name : queryList(request, "include")) {
        if (name != "ttl") return Problem::invalid("include: only \"ttl\" can be included");
        extras = ThreadExtras::kTtl;
    }
    return extras;
}

asio::awaitable<Result<http::Response>> createThread(Context& context, Call& call) {
    const JsonView body = call.json();
    const auto supersteps = body.get("supersteps");
    if (supersteps) {
        const auto checked = checkSupersteps(*supersteps);
        if (!checked) co_return checked.error();
    }
    const auto id_text = body.get("thread_id");
    Thread thread;
    thread.id = id_text && id_text->isString() ? ThreadId::parse(*id_text->string()).value_or(ThreadId())
                                               : ThreadId::v7(context.clock, context.random);
    thread.created_at = thread.updated_at = thread.state_updated_at = context.clock.now();
    thread.metadata = RawJson::copy(body.objectAt("metadata"));
    const auto ttl = body.get("ttl");
    thread.ttl = ttl ? ttlOf(*ttl) : context.config.thread_ttl.forNewThreads();
    const auto if_exists = body.get("if_exists");
    const bool keep = if_exists && if_exists->string() == "do_nothing";
    auto shared = std::make_shared<const Thread>(std::move(thread));
    auto job = [shared, keep](sql::Connection& db) -> Result<std::optional<Thread>> {
        if (store::insertThread(db, *shared)) return std::optional<Thread>();
        auto existing = keep ? store::findThread(db, shared->id) : std::nullopt;
        if (existing) return existing;
        return Problem::conflict("Thread with ID " + shared->id.str() + " already exists");
    };
    const auto existing = co_await context.db.write(std::move(job));
    if (!existing) co_return existing.error();
    if (*existing) co_return http::Response::json(200, threadJson(**existing));
    if (!supersteps || supersteps->elements().empty()) {
        co_return http::Response::json(200, threadJson(*shared));
    }
    const auto filled = co_await applySupersteps(context, shared->id, *supersteps);
    if (!filled) co_return filled.error();
    const auto made = co_await readThread(context, shared->id);
    if (!made) co_return made.error();
    co_return http::Response::json(200, threadJson(*made));
}

asio::awaitable<Result<http::Response>> getThread(Context& context, Call& call) {
    const auto id = pathId<ThreadId>(call, "thread_id", "thread");
    if (!id) co_return id.error();
    const auto extras = extrasOf(call.request);
    if (!extras) co_return extras.error();
    const auto thread = co_await readThread(context, *id);
    if (!thread) co_return thread.error();
    co_return http::Response::json(200, threadJson(*thread, *extras));
}

asio::awaitable<Result<http::Response>> patchThread(Context& context, Call& call) {
    const auto id = pathId<ThreadId>(call, "thread_id", "thread");
    if (!id) co_return id.error();
    auto metadata = std::make_shared<const RawJson>(RawJson::copy(call.json().objectAt("metadata")));
    const auto given = call.json().get("ttl");
    std::optional<std::optional<ThreadTtl>> ttl;
    if (given) ttl = ttlOf(*given);
    auto job = [id = *id, metadata, ttl, now = context.clock.now()](sql::Connection& db) -> Result<Thread> {
        if (ttl) store::setThreadTtl(db, id, *ttl);
        auto thread = store::patchThread(db, id, metadata->view(), now);
        if (!thread) return noThread(id);
        return std::move(*thread);
    };
    const auto thread = co_await context.db.write(std::move(job));
    if (!thread) co_return thread.error();
    const auto prefer = call.request.headers.get("prefer");
    if (prefer && prefer->find("return=minimal") != std::string_view::npos)
        co_return http::Response::noContent();
    co_return http::Response::json(200, threadJson(*thread));
}

asio::awaitable<Result<http::Response>> deleteThread(Context& context, Call& call) {
    const auto id = pathId<ThreadId>(call, "thread_id", "thread");
    if (!id) co_return id.error();
    const auto removed = co_await context.runs.removeThread(*id);
    if (!removed) co_return removed.error();
    co_return http::Response::noContent();
}

store::ThreadQuery threadQuery(JsonView body) {
    store::ThreadQuery query;
    if (const auto ids = body.get("ids")) {
        for (const auto& id : ids->elements()) {
            if (const auto parsed = ThreadId::parse(id.string().value_or(""))) query.ids.push_back(*parsed);
        }
    }
    query.values = RawJson::copy(body.objectAt("values"));
    if (const auto status = body.get("status"))
        query.status = parseThreadStatus(status->string().value_or(""));
    readSearch(body, query);
    return query;
}

void writeExtracted(JsonWriter& writer, const Thread& thread, JsonView extract) {
    writer.key("extracted").beginObject();
    for (const auto& field : extract.fields()) {
        const auto value = extractPath(thread, field.value.string().value_or(""));
        writer.key(field.key).raw(value ? *value : RawJson());
    }
    writer.endObject();
}

asio::awaitable<Result<http::Response>> searchThreads(Context& context, Call& call) {
    auto query = std::make_shared<const store::ThreadQuery>(threadQuery(call.json()));
    auto job = [query](sql::Connection& db) -> Result<store::ThreadPage> {
        return store::searchThreads(db, *query);
    };
    const auto page = co_await context.db.read(std::move(job));
    if (!page) co_return page.error();
    const Select select = selectOf(call.json());
    const auto extract = call.json().get("extract");
    JsonWriter writer;
    writer.beginArray();
    for (const auto& thread : page->threads) {
        JsonWriter one;
        writeThread(one, thread, select);
        if (!extract || !extract->isObject()) {
            writer.raw(one.text());
            continue;
        }
        JsonWriter extracted;
        extracted.beginObject();
        writeExtracted(extracted, thread, *extract);
        extracted.endObject();
        writer.raw(mergeObjects(JsonView::trusted(one.text()), JsonView::trusted(extracted.text())));
    }
    writer.endArray();
    auto response = http::Response::json(200, writer.take());
    addPagination(response, {query->limit, query->offset}, page->total, page->threads.size());
    co_return response;
}

asio::awaitable<Result<http::Response>> countThreads(Context& context, Call& call) {
    return answerCount(context, threadQuery(call.json()), store::countThreads);
}

}  // namespace

void addThreads(Routes& routes, Context& context) {
    using http::Method;
    const auto bind = binder(context);
    routes.add(Method::kPost, "/threads", Body::kRequired, bind(createThread));
    routes.add(Method::kPost, "/threads/search", Body::kOptional, bind(searchThreads));
    routes.add(Method::kPost, "/threads/count", Body::kOptional, bind(countThreads));
    routes.add(Method::kGet, "/threads/{thread_id}", Body::kNone, bind(getThread));
    routes.add(Method::kPatch, "/threads/{thread_id}", Body::kRequired, bind(patchThread));
    routes.add(Method::kDelete, "/threads/{thread_id}", Body::kNone, bind(deleteThread));
}

}  // namespace heddle::api
