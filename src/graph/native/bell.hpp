// SPDX-License-Identifier: Apache-2.0
// Wakes a coroutine of the loop. On the loop thread only; other threads post ring() there.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace heddle::graph {

class Bell {
  public:
    explicit Bell(const boost::asio::any_io_executor& loop) : timer_(loop) {}

    void ring() {
        rung_ = true;
        timer_.cancel();
    }
    // Until ring(), also one that came before. One coroutine waits at a time.
    boost::asio::awaitable<void> wait() {
        if (!rung_) {
            timer_.expires_at(boost::asio::steady_timer::time_point::max());
            boost::system::error_code ignored;
            co_await timer_.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, ignored));
        }
        rung_ = false;
    }

  private:
    boost::asio::steady_timer timer_;
    bool rung_ = false;
};

}  // namespace heddle::graph
