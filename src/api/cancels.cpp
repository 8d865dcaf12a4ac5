// SPDX-License-Identifier: Apache-2.0
// Cancelling: one run, or many at once.
#include "api/query_list.hpp"
#include "api/runs.hpp"
#include "api/streams.hpp"

#include <utility>

namespace heddle::api {
namespace asio = boost::asio;

namespace {

// `where`: the path that was called, without ids.
Cancel cancelOf(const Call& call, const std::string& where) {
    const auto asked = call.request.queryValue("action");
    const auto action = parseCancelAction(asked.value_or("interrupt")).value_or(CancelAction::kInterrupt);
    const bool rollback = action == CancelAction::kRollback;
    return Cancel{action,
                  {rollback ? run::kUserRollback : run::kUserInterrupt,
                   std::string(toString(action)) + " requested via POST " + where}};
}

// {"status"}, or {"thread_id", "run_ids"}: exactly one of the two.
Result<run::CancelTarget> targetOf(JsonView body) {
    const auto status = body.given("status");
    const auto thread = body.given("thread_id");
    const auto ids = body.given("run_ids");
    const bool by_status = status.has_value();
    const bool whole = by_status ? !thread && !ids : thread && ids;
    if (!whole) {
        return Problem::invalid("Give either status, or thread_id and run_ids");
    }
    run::CancelTarget target;
    if (by_status) {
        target.all_open = true;
        const auto text = status->string().value_or("");
        if (text != "all") target.status = parseRunStatus(text);
        return target;
    }
    target.thread = ThreadId::parse(thread->string().value_or(""));
    for (const auto& id : ids->elements()) {
        if (const auto parsed = RunId::parse(id.string().value_or(""))) target.ids.push_back(*parsed);
    }
    return target;
}

}  // namespace

asio::awaitable<Result<http::Response>> cancelRun(Context& context, Call& call,
                                                  std::optional<ThreadId> thread, RunId id) {
    auto live = context.runs.live(id);
    run::CancelTarget target;
    target.thread = thread;
    target.ids = {id};
    Cancel cancel =
        cancelOf(call, thread ? "/threads/{thread_id}/runs/{run_id}/cancel" : "/runs/{run_id}/cancel");
    const auto cancelled = co_await context.runs.cancel(std::move(target), std::move(cancel));
    if (!cancelled) co_return cancelled.error();
    if (queryFlag(call.request, "wait")) {
        // Without one it has ended meanwhile.
        if (!live) co_return http::Response::json(200, "{}");
        co_return cancelledWhenEnded(context, std::move(live),
                                     call.request.path.substr(0, call.request.path.rfind('/')));
    }
    http::Response response;
    response.status = 202;
    co_return response;
}

asio::awaitable<Result<http::Response>> cancelRuns(Context& context, Call& call) {
    auto target = targetOf(call.json());
    if (!target) co_return target.error();
    const auto cancelled = co_await context.runs.cancel(std::move(*target), cancelOf(call, "/runs/cancel"));
    if (!cancelled) co_return cancelled.error();
    co_return http::Response::noContent();
}

}  // namespace heddle::api
