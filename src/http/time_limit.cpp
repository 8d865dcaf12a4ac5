// SPDX-License-Identifier: Apache-2.0
#include "http/time_limit.hpp"

#include <boost/asio/steady_timer.hpp>

#include <utility>

namespace heddle::http {

struct TimeLimit::State {
    State(const boost::asio::any_io_executor& loop, microseconds after) : timer(loop, after) {}

    boost::asio::steady_timer timer;
    std::function<void()> act;
    bool has_passed = false;
};

TimeLimit::TimeLimit(const boost::asio::any_io_executor& loop, microseconds after, std::function<void()> act)
    : state_(std::make_shared<State>(loop, after)) {
    state_->act = std::move(act);
    // Weak: a timer that has rung may be waiting for its turn when this goes.
    state_->timer.async_wait([weak = std::weak_ptr(state_)](boost::system::error_code ec) {
        const auto state = weak.lock();
        if (ec || !state) return;
        state->has_passed = true;
        state->act();
    });
}

TimeLimit::~TimeLimit() = default;

bool TimeLimit::hasPassed() const {
    return state_->has_passed;
}

}  // namespace heddle::http
