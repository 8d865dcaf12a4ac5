// SPDX-License-Identifier: Apache-2.0
// The way of finished jobs from the storage threads back to the loop: one post for many, a few in each turn.
// Internal to sql.
#pragma once

#include "sql/database.hpp"

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/any_io_executor.hpp>

#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

namespace heddle::sql {

// A job under way. Without a job it only marks a place in the queue (flush).
struct Ticket {
    enum class Kind { kWrite, kRead, kScan, kTrim };
    Kind kind = Kind::kWrite;
    std::shared_ptr<Job> job;
    boost::asio::any_completion_handler<void(bool)> done;
};

// deliver() may be called on any thread; handlers run on the loop in the order of delivery. It outlives the
// database for as long as a post is under way; the loop's context must outlive the database.
class Completions : public std::enable_shared_from_this<Completions> {
  public:
    explicit Completions(boost::asio::any_io_executor loop) : loop_(std::move(loop)) {}

    // Takes the tickets; leaves the vector empty.
    void deliver(std::vector<Ticket>& tickets);

  private:
    void post();
    void drain();
    void endTurn();

    boost::asio::any_io_executor loop_;
    std::mutex mutex_;
    std::vector<Ticket> finished_;
    bool posted_ = false;
    // On the loop only: what is being handed out, and how far.
    std::vector<Ticket> draining_;
    std::size_t next_ = 0;
};

}  // namespace heddle::sql
