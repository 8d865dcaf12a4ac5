// SPDX-License-Identifier: Apache-2.0
// Runs on threads: create, stream, wait, list, get, delete, join, cancel. `/thread/…` is an alias of the five
// run paths.
#include "api/runs.hpp"

#include "api/context.hpp"
#include "api/idempotency.hpp"
#include "api/objects.hpp"
#include "api/operation.hpp"
#include "api/pagination.hpp"
#include "api/query_list.hpp"
#include "api/selected_headers.hpp"
#include "api/streams.hpp"
#include "domain/traceparent.hpp"
#include "store/runs.hpp"
#include "store/threads.hpp"

#include <memory>
#include <utility>

namespace heddle::api {
namespace asio = boost::asio;

namespace {

using run::Service;

asio::awaitable<Result<Service::Accepted>> create(Context& context, Call& call, std::string_view kind,
                                                  std::optional<ThreadId> thread, Service::Reader reader) {
    auto request = run::parseRunRequest(call.json(), thread);
    if (!request) co_return request.error();
    request->traceparent = traceparentOf(call.request);
    request->headers = configurableHeaders(call.request.headers, context.config.http.configurable_headers);
    auto key = co_await idempotencyKeyOf(context, call, kind, thread);
    if (!key) co_return key.error();
    request->idempotency = std::move(*key);
    co_return co_await context.runs.create(std::move(*request), reader);
}

WhenGone whenGone(JsonView body) {
    const auto asked = body.get("on_disconnect");
    return asked && asked->string() == "cancel" ? WhenGone::kCancel : WhenGone::kContinue;
}

asio::awaitable<Result<http::Response>> listRuns(Context& context, Call& call) {
    const auto thread = pathId<ThreadId>(call, "thread_id", "thread");
    if (!thread) co_return thread.error();
    store::RunQuery query;
    query.limit = queryInteger(call.request, "limit", query.limit);
    query.offset = queryInteger(call.request, "offset", query.offset);
    if (const auto status = call.request.queryValue("status")) query.status = parseRunStatus(*status);
    auto job = [thread = *thread, query](sql::Connection& db) -> Result<store::RunPage> {
        if (!store::findThreadHead(db, thread)) return noThread(thread);
        return store::listRuns(db, thread, query);
    };
    const auto page = co_await context.db.read(std::move(job));
    if (!page) co_return page.error();
    Select select;
    for (const auto name : call.request.queryValues("select")) select.emplace_back(name);
    JsonWriter writer;
    writer.beginArray();
    for (const auto& run : page->runs) writeRun(writer, run, select);
    writer.endArray();
    auto response = http::Response::json(200, writer.take());
    addPagination(response, {query.limit, query.offset}, page->total, page->runs.size());
    co_return response;
}

}  // namespace

std::optional<std::string> traceparentOf(const http::Request& request) {
    const auto given = request.headers.get("traceparent");
    return given && isTraceparent(*given) ? std::optional<std::string>(*given) : std::nullopt;
}

asio::awaitable<Result<http::Response>> createRun(Context& context, Call& call,
                                                  std::optional<ThreadId> thread) {
    auto accepted = co_await create(context, call, "create", thread, Service::Reader::kNone);
    if (!accepted) co_return accepted.error();
    auto response = http::Response::json(200, runJson(accepted->run));
    response.headers.set("content-location", runLocation(accepted->run));
    if (accepted->replayed) markReplayed(response);
    co_return response;
}

asio::awaitable<Result<http::Response>> streamRun(Context& context, Call& call,
                                                  std::optional<ThreadId> thread) {
    auto accepted = co_await create(context, call, "stream", thread, Service::Reader::kSubscribe);
    if (!accepted) co_return accepted.error();
    if (accepted->replayed) {
        turnIntoJoin(call, accepted->run, "stream");
        auto response = co_await joinStream(context, call, thread, accepted->run.id);
        if (response) markReplayed(*response);
        co_return response;
    }
    std::string location = runLocation(accepted->run);
    co_return eventStream(context, std::move(accepted->live), std::move(accepted->events),
                          whenGone(call.json()), std::move(location));
}

asio::awaitable<Result<http::Response>> waitRun(Context& context, Call& call,
                                                std::optional<ThreadId> thread) {
    auto accepted = co_await create(context, call, "wait", thread, Service::Reader::kNone);
    if (!accepted) co_return accepted.error();
    if (accepted->replayed) {
        turnIntoJoin(call, accepted->run, "join");
        auto response = co_await joinRun(context, call, thread, accepted->run.id);
        if (response) markReplayed(*response);
        co_return response;
    }
    std::string location = runLocation(accepted->run);
    co_return outcomeWhenEnded(context, std::move(accepted->live), whenGone(call.json()),
                               std::move(location));
}

asio::awaitable<Result<http::Response>> getRun(Context& context, std::optional<ThreadId> thread, RunId id) {
    auto job = [thread, id](sql::Connection& db) -> Result<Run> {
        auto run = store::findRun(db, thread, id);
        if (!run) return Problem::notFound("Run not found");
        return std::move(*run);
    };
    const auto run = co_await context.db.read(std::move(job));
    if (!run) co_return run.error();
    co_return http::Response::json(200, runJson(*run));
}

asio::awaitable<Result<http::Response>> deleteRun(Context& context, ThreadId thread, RunId id) {
    const auto removed = co_await context.runs.removeRun(thread, id);
    if (!removed) co_return removed.error();
    co_return http::Response::noContent();
}

namespace {

// Operations on "/threads/{thread_id}/runs…".
template <class F>
Action onThread(Context& context, F function) {
    return [&context, function](Call& call) -> asio::awaitable<Result<http::Response>> {
        const auto thread = pathId<ThreadId>(call, "thread_id", "thread");
        if (!thread) co_return thread.error();
        co_return co_await function(context, call, *thread);
    };
}

// Operations on "/threads/{thread_id}/runs/{run_id}…".
template <class F>
Action onRun(Context& context, F function) {
    return [&context, function](Call& call) -> asio::awaitable<Result<http::Response>> {
        const auto thread = pathId<ThreadId>(call, "thread_id", "thread");
        if (!thread) co_return thread.error();
        const auto id = pathId<RunId>(call, "run_id", "run");
        if (!id) co_return id.error();
        co_return co_await function(context, call, *thread, *id);
    };
}

}  // namespace

void addRuns(Routes& routes, Context& context) {
    using http::Method;
    const auto get = [](Context& c, Call&, ThreadId thread, RunId id) { return getRun(c, thread, id); };
    const auto remove = [](Context& c, Call&, ThreadId thread, RunId id) { return deleteRun(c, thread, id); };
    for (const std::string prefix : {"/threads/{thread_id}/runs", "/thread/{thread_id}/runs"}) {
        routes.add(Method::kPost, prefix, Body::kRequired, onThread(context, createRun));
        routes.add(Method::kPost, prefix + "/stream", Body::kRequired, onThread(context, streamRun));
        routes.add(Method::kPost, prefix + "/wait", Body::kRequired, onThread(context, waitRun));
        routes.add(Method::kGet, prefix + "/{run_id}/join", Body::kNone, onRun(context, joinRun));
        routes.add(Method::kGet, prefix + "/{run_id}/stream", Body::kNone, onRun(context, joinStream));
    }
    const std::string prefix = "/threads/{thread_id}/runs";
    const auto list = [&context](Call& call) { return listRuns(context, call); };
    routes.add(Method::kGet, prefix, Body::kNone, list);
    routes.add(Method::kGet, prefix + "/{run_id}", Body::kNone, onRun(context, get));
    routes.add(Method::kDelete, prefix + "/{run_id}", Body::kNone, onRun(context, remove));
    routes.add(Method::kPost, prefix + "/{run_id}/cancel", Body::kNone, onRun(context, cancelRun));
}

}  // namespace heddle::api
