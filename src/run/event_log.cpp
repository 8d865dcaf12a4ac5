// SPDX-License-Identifier: Apache-2.0
#include "run/event_log.hpp"

#include "base/limits.hpp"
#include "base/log.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>
#include <unordered_map>

namespace heddle::run {
namespace asio = boost::asio;

namespace {

constexpr auto kWait = asio::as_tuple(asio::use_awaitable);
constexpr std::chrono::seconds kPause{1};  // after a failed write
constexpr std::chrono::hours kNoLimit{24 * 365};

std::size_t sizeOf(const store::RunEvent& event) {
    return sizeof(event) + event.event.size() + event.data.size();
}

}  // namespace

void EventLog::add(std::shared_ptr<LiveRun> run, store::RunEvent event) {
    waiting_bytes_ += sizeOf(event);
    waiting_.push_back({std::move(run), std::move(event)});
    if (std::exchange(writing_, true)) return;
    // Posted, so that the events of this turn go together.
    asio::post(loop_, [self = shared_from_this()] {
        auto writing = [](std::shared_ptr<EventLog> log) -> asio::awaitable<void> {
            co_await log->writeAll();
        };
        asio::co_spawn(self->loop_, writing(self), asio::detached);
    });
}

EventLog::Batch EventLog::takeBatch() {
    Batch batch;
    std::unordered_map<const LiveRun*, std::size_t> places;  // in batch.runs
    std::size_t bytes = 0;
    while (!waiting_.empty() && bytes < limits::kEventBatch) {
        Waiting one = std::move(waiting_.front());
        waiting_.pop_front();
        const std::size_t size = sizeOf(one.event);
        bytes += size;
        waiting_bytes_ -= size;
        const std::int64_t next = one.event.seq + 1;
        const auto [place, fresh] = places.try_emplace(one.run.get(), batch.runs.size());
        if (fresh) batch.runs.emplace_back(std::move(one.run), next);
        batch.runs[place->second].second = next;
        batch.events.push_back(std::move(one.event));
    }
    for (const auto& [run, next] : batch.runs) {
        if (const auto floor = run->takeFloor()) batch.floors.emplace_back(run->id(), *floor);
    }
    return batch;
}

asio::awaitable<void> EventLog::writeAll() {
    while (!waiting_.empty()) {
        auto batch = std::make_shared<Batch>(takeBatch());
        bool written = co_await tryWrite(batch);
        while (!written) {
            failing_ = true;
            asio::steady_timer pause(loop_, kPause);
            (void)co_await pause.async_wait(kWait);
            written = co_await tryWrite(batch);
        }
        failing_ = false;
        for (const auto& [run, next] : batch->runs) run->stored(next);
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

bool EventLog::overflows() const {
    return failing_ && waiting_bytes_ > limits::kEventBacklog;
}

}  // namespace heddle::run
