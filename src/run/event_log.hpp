// SPDX-License-Identifier: Apache-2.0
// Stores the events of resumable runs: all those of one turn of the loop in one write job, in order; what
// cannot be written is tried again until it can. Loop thread only. Held by its own coroutine while that runs.
#pragma once

#include "run/live_run.hpp"
#include "sql/database.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstddef>
#include <deque>
#include <memory>
#include <utility>
#include <vector>

namespace heddle::run {

class EventLog final : public EventSink, public std::enable_shared_from_this<EventLog> {
  public:
    EventLog(boost::asio::any_io_executor loop, sql::Database& db) : loop_(std::move(loop)), db_(db) {}

    void add(std::shared_ptr<LiveRun> run, store::RunEvent event) override;

    // Returns when everything that `run` has published is durable.
    boost::asio::awaitable<void> settled(std::shared_ptr<LiveRun> run);
    // Returns when nothing waits, at the latest after `limit`.
    boost::asio::awaitable<void> idle(std::chrono::milliseconds limit);

    // The service goes: what waits will not be stored. Its runs hold this log, so it has to let go of them.
    void drop() { waiting_.clear(); }

    // The database does not take events at the moment, and more of them wait than memory is given for.
    [[nodiscard]] bool overflows() const;

  private:
    struct Waiting {
        std::shared_ptr<LiveRun> run;
        store::RunEvent event;
    };
    // What one job stores.
    struct Batch {
        std::vector<store::RunEvent> events;
        std::vector<std::pair<RunId, std::int64_t>> floors;                   // older ones are removed
        std::vector<std::pair<std::shared_ptr<LiveRun>, std::int64_t>> runs;  // durable before that seq
    };

    boost::asio::awaitable<void> writeAll();
    boost::asio::awaitable<bool> tryWrite(std::shared_ptr<const Batch> batch);
    Batch takeBatch();
    void wakeWaiters();
    boost::asio::awaitable<void> waitForCommit(std::chrono::milliseconds limit);

    boost::asio::any_io_executor loop_;
    sql::Database& db_;
    std::deque<Waiting> waiting_;
    std::size_t waiting_bytes_ = 0;
    bool writing_ = false;
    bool failing_ = false;
    std::vector<boost::asio::steady_timer*> commit_waiters_;
};

}  // namespace heddle::run
