// SPDX-License-Identifier: Apache-2.0
#include "sql/completions.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <iterator>
#include <utility>

namespace heddle::sql {
namespace {

// Handlers in one turn of the loop: a large batch must not hold up sockets and timers.
constexpr std::size_t kTurn = 64;

}  // namespace

void Completions::deliver(std::vector<Ticket>& tickets) {
    bool needs_post = false;
    {
        const std::lock_guard lock(mutex_);
        if (finished_.empty()) {
            finished_.swap(tickets);
        } else {
            finished_.insert(finished_.end(), std::make_move_iterator(tickets.begin()),
                             std::make_move_iterator(tickets.end()));
        }
        needs_post = !std::exchange(posted_, true);
    }
    tickets.clear();
    if (needs_post) post();
}

void Completions::post() {
    boost::asio::post(loop_, [self = shared_from_this()] { self->drain(); });
}

void Completions::drain() {
    if (next_ == draining_.size()) {
        draining_.clear();
        next_ = 0;
        const std::lock_guard lock(mutex_);
        draining_.swap(finished_);
    }
    const std::size_t end = std::min(next_ + kTurn, draining_.size());
    try {
        while (next_ < end) {
            Ticket ticket = std::move(draining_[next_++]);
            std::move(ticket.done)(true);
        }
    } catch (...) {
        // Somebody's handler threw: that is the loop's business, but the others must still get their results.
        endTurn();
        throw;
    }
    endTurn();
}

void Completions::endTurn() {
    if (next_ == draining_.size()) {
        const std::lock_guard lock(mutex_);
        posted_ = !finished_.empty();
        if (!posted_) return;
    }
    post();
}

}  // namespace heddle::sql
