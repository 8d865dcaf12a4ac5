// SPDX-License-Identifier: Apache-2.0
// GET /threads/{thread_id}/stream: all runs of a thread as one stream that stays open.
#include "api/context.hpp"
#include "api/operation.hpp"
#include "api/query_list.hpp"
#include "api/streams.hpp"

#include <utility>

namespace heddle::api {
namespace asio = boost::asio;

namespace {

// `stream_mode` is what the official clients send, `stream_modes` what the reference's API says.
Result<run::FeedModes> modesOf(const http::Request& request) {
    auto names = queryList(request, "stream_modes");
    for (auto& name : queryList(request, "stream_mode")) names.push_back(std::move(name));
    run::FeedModes modes;
    if (names.empty()) modes.run_modes = true;
    for (const auto& name : names) {
        if (name == "run_modes") {
            modes.run_modes = true;
        } else if (name == "lifecycle") {
            modes.lifecycle = true;
        } else if (name == "state_update") {
            modes.state_update = true;
        } else {
            return Problem::invalid("Invalid stream mode: " + name.substr(0, 100));
        }
    }
    return modes;
}

asio::awaitable<Result<http::Response>> streamThread(Context& context, Call& call) {
    const auto thread = pathId<ThreadId>(call, "thread_id", "thread");
    if (!thread) co_return thread.error();
    const auto modes = modesOf(call.request);
    if (!modes) co_return modes.error();
    std::optional<run::EventPosition> after;
    if (const auto text = call.request.headers.get("last-event-id")) {
        after = run::parseEventId(*text);
        if (!after) co_return Problem::invalid("Last-Event-ID: not the id of an event");
    }
    auto feed = co_await context.runs.watchThread(*thread, *modes, after);
    if (!feed) co_return feed.error();
    co_return threadStream(context, std::move(*feed));
}

}  // namespace

void addThreadStream(Routes& routes, Context& context) {
    routes.add(http::Method::kGet, "/threads/{thread_id}/stream", Body::kNone,
               [&context](Call& call) { return streamThread(context, call); });
}

}  // namespace heddle::api
