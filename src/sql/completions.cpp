// SPDX-License-Identifier: Apache-2.0
#include "sql/completions.hpp"

#include <boost/asio/post.hpp>

#include <iterator>
#include <utility>

namespace heddle::sql {

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
    {
        const std::lock_guard lock(mutex_);
        posted_ = false;
        draining_.swap(finished_);
    }
    std::size_t next = 0;
    try {
        while (next < draining_.size()) {
            Ticket ticket = std::move(draining_[next++]);
            std::move(ticket.done)(true);
        }
    } catch (...) {
        // Somebody's handler threw: that is the loop's business, but the others must still get their results.
        std::vector<Ticket> rest(
            std::make_move_iterator(draining_.begin() + static_cast<std::ptrdiff_t>(next)),
            std::make_move_iterator(draining_.end()));
        draining_.clear();
        if (!rest.empty()) deliver(rest);
        throw;
    }
    draining_.clear();
}

}  // namespace heddle::sql
