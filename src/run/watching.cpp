// SPDX-License-Identifier: Apache-2.0
// What attempts send, and what streams read. Part of run::Service.
#include "base/limits.hpp"
#include "base/log.hpp"
#include "run/event_page.hpp"
#include "run/service.hpp"
#include "store/threads.hpp"

#include <boost/asio/post.hpp>

#include <utility>

namespace heddle::run {
namespace asio = boost::asio;

namespace {

// Numbers below this are milliseconds (an id of a run's own stream), those above are microseconds.
constexpr std::int64_t kMicrosFrom = 100'000'000'000'000;

struct Past {
    std::vector<store::StartedRun> runs;
    EventPosition after;
};

Result<Past> findPast(sql::Connection& db, const ThreadId& thread, std::optional<EventPosition> after) {
    if (!store::findThreadHead(db, thread)) return noThread(thread);
    Past past;
    if (!after) return past;
    past.after = *after;
    if (!after->fromStart() && after->number < kMicrosFrom) {
        const auto start = store::findStart(db, thread, after->number);
        past.after.number = start ? start->micros() : after->number * 1000;
    }
    past.runs = store::findStartedRuns(db, thread, Timestamp::fromMicros(past.after.number),
                                       static_cast<std::int64_t>(limits::kThreadReplayRuns));
    return past;
}

}  // namespace

void Service::onEvent(const RunId& run, std::int64_t attempt, std::string_view event, std::string data) {
    const auto live = hub_.find(run);
    if (!live || live->attempt != attempt) return;
    live->publish(event, data);
    if (!live->resumable() || !log_->overflows() || live->overflowed == attempt) return;
    live->overflowed = attempt;
    // A graph that does not wait for room: the attempt stops and the run goes back into the queue, until
    // there is room again. Posted: an observer does not call the executor.
    log::warning("run.events_overflow", {{"run_id", run}});
    asio::post(loop_, [&executor = executor_, run, attempt] { executor.cancel(run, attempt); });
}

asio::awaitable<Result<EventPage>> Service::eventPage(PageWanted wanted) {
    auto job = [wanted](sql::Connection& db) -> Result<EventPage> { return readEventPage(db, wanted); };
    co_return co_await db_.read(std::move(job));
}

asio::awaitable<Result<std::unique_ptr<ThreadFeed>>> Service::watchThread(
    ThreadId thread, FeedModes modes, std::optional<EventPosition> after) {
    // Opened before the database is read, so that no run falls between the two.
    auto feed = hub_.watch(thread, modes);
    auto job = [thread, after](sql::Connection& db) { return findPast(db, thread, after); };
    auto past = co_await db_.read(std::move(job));
    if (!past) co_return past.error();
    if (after) feed->replay(past->runs, past->after);
    co_return feed;
}

}  // namespace heddle::run
