// SPDX-License-Identifier: Apache-2.0
// A bound on how long something may go on. Loop thread only.
#pragma once

#include "base/time.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <functional>
#include <memory>

namespace heddle::http {

class TimeLimit {
  public:
    // Calls `act` once, when `after` has passed and this still exists.
    TimeLimit(const boost::asio::any_io_executor& loop, microseconds after, std::function<void()> act);
    ~TimeLimit();
    TimeLimit(const TimeLimit&) = delete;
    TimeLimit& operator=(const TimeLimit&) = delete;

    [[nodiscard]] bool hasPassed() const;

  private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace heddle::http
