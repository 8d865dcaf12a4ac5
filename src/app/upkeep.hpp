// SPDX-License-Identifier: Apache-2.0
// Looks after what grows: threads that expire, old idempotency keys, deleted checkpoints, the file's free
// pages. Works in small write jobs, so that it delays nobody. Loop thread only.
#pragma once

#include "base/ids.hpp"
#include "base/time.hpp"
#include "sql/database.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <vector>

namespace heddle::app {

struct UpkeepOptions {
    std::chrono::milliseconds every{5 * 60 * 1000};
    std::int64_t threads_max = 1000;  // that expire in one round
    // Is the server at work? Space is given back slower then.
    std::function<bool()> busy = [] { return false; };
    // Threads whose state is being changed: they are left alone.
    std::function<std::vector<ThreadId>()> held = [] { return std::vector<ThreadId>(); };
    // After the commit that deleted an expired thread.
    std::function<void(const ThreadId&)> deleted = [](const ThreadId&) {};
};

class Upkeep {
  public:
    Upkeep(boost::asio::any_io_executor loop, sql::Database& db, const Clock& clock, UpkeepOptions options);

    // The first round begins at once. Outlives its rounds only after stop() and the loop's next turn.
    void start();
    void stop();

  private:
    boost::asio::awaitable<void> rounds();
    boost::asio::awaitable<void> expireThreads();
    boost::asio::awaitable<void> expireKeys();
    boost::asio::awaitable<void> sweepCheckpoints();
    boost::asio::awaitable<void> giveBack();
    // False when stopped meanwhile.
    boost::asio::awaitable<bool> pause(std::chrono::milliseconds time);

    boost::asio::any_io_executor loop_;
    sql::Database& db_;
    const Clock& clock_;
    UpkeepOptions options_;
    boost::asio::steady_timer timer_;
    bool stopped_ = false;
};

}  // namespace heddle::app
