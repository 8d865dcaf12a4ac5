// SPDX-License-Identifier: Apache-2.0
// Tells in the log how far the graphs are, from the start of the workers until runs can be taken. On the
// loop.
#pragma once

#include "base/time.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstddef>
#include <string>

namespace heddle::graph {

class Loading {
  public:
    Loading(boost::asio::any_io_executor loop, const Clock& clock) : clock_(clock), timer_(loop) {}

    // `graphs.loading`, and every ten seconds `graphs.still_loading`.
    void begin(std::size_t graphs, std::size_t workers);
    // `graphs.loaded`, once; `failed` of the graphs can run nowhere.
    void end(std::size_t failed);
    // Nothing more: a worker has failed and says so itself, or the server stops.
    void giveUp() { timer_.cancel(); }

  private:
    void repeat();
    [[nodiscard]] std::int64_t milliseconds() const;

    const Clock& clock_;
    boost::asio::steady_timer timer_;
    microseconds begun_{0};
    std::size_t graphs_ = 0;
    bool open_ = false;
};

}  // namespace heddle::graph
