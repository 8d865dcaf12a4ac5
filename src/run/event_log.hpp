// SPDX-License-Identifier: Apache-2.0
// Stores the events of resumable runs: all those of one turn of the loop in one write job, in order; what
// cannot be written is tried again until it can. Whoever makes events waits while there is no room, so that
// a slow or full disk does not cost memory. Loop thread only. Held by its own coroutine while that runs.
#pragma once

#include "run/event_backlog.hpp"
#include "sql/database.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

namespace heddle::run {

class EventLog final : public EventSink, public std::enable_shared_from_this<EventLog> {
  public:
    struct Options {
        EventBounds bounds;
        std::chrono::milliseconds pause{1000};  // after a failed write
    };
    EventLog(boost::asio::any_io_executor loop, sql::Database& db, Options options)
        : loop_(std::move(loop)), db_(db), pause_(options.pause), backlog_(options.bounds) {}

    void add(std::shared_ptr<LiveRun> run, store::RunEvent event) override;

    // Returns when everything that `run` has published is durable.
    boost::asio::awaitable<void> settled(std::shared_ptr<LiveRun> run);
    // Returns when nothing waits, at the latest after `limit`.
    boost::asio::awaitable<void> idle(std::chrono::milliseconds limit);

    // The service goes: what waits will not be stored. Its runs hold this log, so it has to let go of them.
    void drop() { backlog_ = EventBacklog(); }

    // See EventBacklog.
    [[nodiscard]] bool hasRoom() const { return backlog_.hasRoom(); }
    [[nodiscard]] bool overflows() const { return backlog_.overflows(); }
    // While there is no room: calls once, on the loop, when there is.
    void whenRoom(std::function<void()> callback) { room_waiters_.push_back(std::move(callback)); }

  private:
    using Batch = EventBacklog::Batch;

    boost::asio::awaitable<void> writeAll();
    boost::asio::awaitable<bool> tryWrite(std::shared_ptr<const Batch> batch);
    void wakeWaiters();
    boost::asio::awaitable<void> waitForCommit(std::chrono::milliseconds limit);

    boost::asio::any_io_executor loop_;
    sql::Database& db_;
    std::chrono::milliseconds pause_;
    EventBacklog backlog_;
    bool writing_ = false;
    std::vector<boost::asio::steady_timer*> commit_waiters_;
    std::vector<std::function<void()>> room_waiters_;
};

}  // namespace heddle::run
