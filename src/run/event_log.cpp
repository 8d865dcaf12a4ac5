// SPDX-License-Identifier: Apache-2.0
#include "run/event_log.hpp"

#include "base/log.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>
#include <utility>

namespace heddle::run {
namespace asio = boost::asio;

namespace {

constexpr auto kWait = asio::as_tuple(asio::use_awaitable);
constexpr std::chrono::hours kNoLimit{24 * 365};

}  // namespace

void EventLog::add(std::shared_ptr<LiveRun> run, store::RunEvent event) {
    backlog_.add(std::move(run), std::move(event));
    if (std::exchange(writing_, true)) return;
    // Posted, so that the events of this turn go together.
    asio::post(loop_, [self = shared_from_this()] {
        auto writing = [](std::shared_ptr<EventLog> log) -> asio::awaitable<void> {
            co_await log->writeAll();
        };
        asio::co_spawn(self->loop_, writing(self), asio::detached);
    });
}

asio::awaitable<void> EventLog::writeAll() {
    while (!backlog_.empty()) {
        auto batch = std::make_shared<Batch>(backlog_.take());
        bool written = co_await tryWrite(batch);
        while (!written) {
            asio::steady_timer pause(loop_, pause_);
            (void)co_await pause.async_wait(kWait);
            written = co_await tryWrite(batch);
        }
        backlog_.written(*batch);
        wakeWaiters();
    }
    writing_ = false;
}

asio::awaitable<bool> EventLog::tryWrite(std::shared_ptr<const Batch> batch) {
    auto job = [batch](sql::Connection& db) -> Result<void> {
        store::insertRunEvents(db, batch->events);
        for (const auto& [run, floor] : batch->floors) store::trimRunEvents(db, run, floor);
        return {};
    };
    try {
        const Result<void> written = co_await db_.write(std::move(job));
        if (written) co_return true;
        log::warning("events.not_stored", {{"error", written.error().detail}});
    } catch (const std::exception& error) {
        log::error("events.not_stored", {{"error", error.what()}});
    }
    co_return false;
}

void EventLog::wakeWaiters() {
    for (auto* waiter : std::exchange(commit_waiters_, {})) waiter->cancel();
    if (!hasRoom()) return;
    for (const auto& told : std::exchange(room_waiters_, {})) told();
}

asio::awaitable<void> EventLog::waitForCommit(std::chrono::milliseconds limit) {
    asio::steady_timer timer(loop_, limit);
    commit_waiters_.push_back(&timer);
    (void)co_await timer.async_wait(kWait);
    std::erase(commit_waiters_, &timer);
}

asio::awaitable<void> EventLog::settled(std::shared_ptr<LiveRun> run) {
    while (run->unstored() > 0) co_await waitForCommit(kNoLimit);
}

asio::awaitable<void> EventLog::idle(std::chrono::milliseconds limit) {
    const auto over = std::make_shared<bool>(false);
    asio::steady_timer deadline(loop_, limit);
    deadline.async_wait([over, self = shared_from_this()](const boost::system::error_code& cancelled) {
        if (cancelled) return;
        *over = true;
        self->wakeWaiters();
    });
    while (writing_ && !*over) co_await waitForCommit(kNoLimit);
}

}  // namespace heddle::run
