// SPDX-License-Identifier: Apache-2.0
// Runs without a thread of their own: /runs, /runs/stream, /runs/wait, /runs/batch, /runs/{run_id}….
#include "api/objects.hpp"
#include "api/runs.hpp"
#include "api/selected_headers.hpp"

#include <utility>

namespace heddle::api {
namespace asio = boost::asio;

namespace {

template <class F>
Action onRun(Context& context, F function) {
    return [&context, function](Call& call) -> asio::awaitable<Result<http::Response>> {
        const auto id = pathId<RunId>(call, "run_id", "run");
        if (!id) co_return id.error();
        co_return co_await function(context, call, std::nullopt, *id);
    };
}

template <class F>
Action stateless(Context& context, F function) {
    return [&context, function](Call& call) { return function(context, call, std::nullopt); };
}

asio::awaitable<Result<http::Response>> createBatch(Context& context, Call& call) {
    if (call.request.headers.get("idempotency-key")) {
        co_return Problem::invalid("Idempotency-Key: not for batches; send the runs one by one");
    }
    std::vector<run::RunRequest> requests;
    const auto headers = configurableHeaders(call.request.headers, context.config.http.configurable_headers);
    for (const auto& element : call.json().elements()) {
        auto request = run::parseRunRequest(element, std::nullopt);
        if (!request) co_return request.error();
        request->traceparent = traceparentOf(call.request);
        request->headers = RawJson::copy(headers.view());
        requests.push_back(std::move(*request));
    }
    const auto runs = co_await context.runs.createBatch(std::move(requests));
    if (!runs) co_return runs.error();
    JsonWriter writer;
    writer.beginArray();
    for (const auto& run : *runs) writeRun(writer, run);
    writer.endArray();
    co_return http::Response::json(200, writer.take());
}

}  // namespace

void addStatelessRuns(Routes& routes, Context& context) {
    using http::Method;
    const auto get = [](Context& c, Call&, std::optional<ThreadId> thread, RunId id) {
        return getRun(c, thread, id);
    };
    const auto batch = [&context](Call& call) { return createBatch(context, call); };
    routes.add(Method::kPost, "/runs", Body::kRequired, stateless(context, createRun));
    routes.add(Method::kPost, "/runs/stream", Body::kRequired, stateless(context, streamRun));
    routes.add(Method::kPost, "/runs/wait", Body::kRequired, stateless(context, waitRun));
    routes.add(Method::kPost, "/runs/batch", Body::kRequired, batch);
    const auto cancel = [&context](Call& call) { return cancelRuns(context, call); };
    routes.add(Method::kPost, "/runs/cancel", Body::kRequired, cancel);
    routes.add(Method::kGet, "/runs/{run_id}", Body::kNone, onRun(context, get));
    routes.add(Method::kGet, "/runs/{run_id}/join", Body::kNone, onRun(context, joinRun));
    routes.add(Method::kGet, "/runs/{run_id}/stream", Body::kNone, onRun(context, joinStream));
    routes.add(Method::kPost, "/runs/{run_id}/cancel", Body::kNone, onRun(context, cancelRun));
}

}  // namespace heddle::api
