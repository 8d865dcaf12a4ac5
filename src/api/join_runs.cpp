// SPDX-License-Identifier: Apache-2.0
// Joining a run that was started before: its outcome, or its stream from now on or after an event id.
#include "api/query_list.hpp"
#include "api/runs.hpp"
#include "api/streams.hpp"
#include "run/replay.hpp"
#include "store/runs.hpp"

#include <memory>
#include <utility>

namespace heddle::api {
namespace asio = boost::asio;

namespace {

WhenGone whenGone(const http::Request& request) {
    return queryFlag(request, "cancel_on_disconnect") ? WhenGone::kCancel : WhenGone::kContinue;
}

std::string locationOf(const Call& call) {
    return call.request.path.substr(0, call.request.path.rfind('/'));
}

// Where the Last-Event-ID of a resumable run's stream says to go on; nothing without one.
Result<std::optional<std::int64_t>> nextSeq(const http::Request& request, std::int64_t created_ms) {
    const auto text = request.headers.get("last-event-id");
    if (!text) return std::optional<std::int64_t>();
    const auto position = run::parseEventId(*text);
    if (!position || (!position->fromStart() && position->number != created_ms))
        return Problem::invalid("Last-Event-ID: not the id of an event of this run");
    return std::optional<std::int64_t>(position->seq + 1);
}

asio::awaitable<Result<http::Response>> joinLive(Context& context, Call& call,
                                                 std::shared_ptr<run::LiveRun> live) {
    std::unique_ptr<run::EventReader> events;
    auto modes = queryList(call.request, "stream_mode");
    if (live->resumable()) {
        const auto next = nextSeq(call.request, live->createdMs());
        if (!next) co_return next.error();
        events = live->subscribeFrom(next->value_or(live->end()), std::move(modes), run::EventIds::kRun);
    } else {
        events = live->subscribe(run::LiveRun::From::kNow, std::move(modes));
    }
    co_return eventStream(context, std::move(live), std::move(events), whenGone(call.request),
                          locationOf(call));
}

}  // namespace

asio::awaitable<Result<http::Response>> joinRun(Context& context, Call& call, std::optional<ThreadId> thread,
                                                RunId id) {
    const std::string location = locationOf(call);
    const auto live = context.runs.live(id);
    if (live && (!thread || live->thread() == *thread)) {
        co_return outcomeWhenEnded(context, live, whenGone(call.request), location);
    }
    const auto outcome = co_await context.runs.outcome(thread, id);
    if (!outcome) co_return outcome.error();
    co_return endedOutcome(*outcome, location);
}

asio::awaitable<Result<http::Response>> joinStream(Context& context, Call& call,
                                                   std::optional<ThreadId> thread, RunId id) {
    auto live = context.runs.live(id);
    if (live && (!thread || live->thread() == *thread))
        co_return co_await joinLive(context, call, std::move(live));
    auto job = [thread, id](sql::Connection& db) -> Result<Run> {
        auto run = store::findRun(db, thread, id);
        if (!run) return Problem::notFound("Run not found");
        return std::move(*run);
    };
    const auto row = co_await context.db.read(std::move(job));
    if (!row) co_return row.error();
    if (row->kwargs.resumable) {
        const std::int64_t created_ms = row->created_at.micros() / 1000;
        const auto next = nextSeq(call.request, created_ms);
        if (!next) co_return next.error();
        if (*next) {
            co_return storedStream(context,
                                   std::make_unique<run::Replay>(id, run::idPrefix(created_ms), **next,
                                                                 queryList(call.request, "stream_mode")),
                                   locationOf(call));
        }
    }
    const auto outcome = co_await context.runs.outcome(thread, id);
    if (!outcome) co_return outcome.error();
    co_return endedStream(*outcome, locationOf(call));
}

}  // namespace heddle::api
