// SPDX-License-Identifier: Apache-2.0
// Our SQLite driver without its threads: jobs run when the test says so, in batches of its choice. One
// thread, so a seed gives the same interleaving every time.
#pragma once

#include "sql/completions.hpp"
#include "sql/database.hpp"
#include "sql/sqlite_batch.hpp"
#include "sql/sqlite_connection.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <cstddef>
#include <deque>
#include <memory>
#include <utility>
#include <vector>

namespace heddle::test {

// The connection outlives it: a process dies, its data stay. Jobs that wait then are dropped with their
// callers.
class SteppedDatabase final : public sql::Database {
  public:
    SteppedDatabase(boost::asio::any_io_executor loop, sql::SqliteConnection& connection)
        : connection_(connection),
          batch_(connection),
          completions_(std::make_shared<sql::Completions>(std::move(loop))) {}

    [[nodiscard]] std::size_t waiting() const { return writes_.size() + reads_.size(); }
    // The oldest `most` writes in one transaction; their callers go on when the loop turns. False: there was
    // none.
    bool commit(std::size_t most) {
        auto batch = take(writes_, most);
        if (batch.empty()) return false;
        batch_.settle(batch);
        completions_->deliver(batch);
        return true;
    }
    bool answerReads() {
        auto batch = take(reads_, reads_.size());
        if (batch.empty()) return false;
        for (const auto& ticket : batch) sql::SqliteBatch::read(connection_, *ticket.job);
        completions_->deliver(batch);
        return true;
    }

    boost::asio::awaitable<void> flush() override { co_return; }
    boost::asio::awaitable<void> trim() override { co_return; }

  protected:
    boost::asio::awaitable<void> submitRead(std::shared_ptr<sql::Job> job) override {
        co_await enqueue(reads_, std::move(job));
    }
    boost::asio::awaitable<bool> submitWrite(std::shared_ptr<sql::Job> job) override {
        return enqueue(writes_, std::move(job));
    }

  private:
    using Queue = std::deque<sql::Ticket>;

    static boost::asio::awaitable<bool> enqueue(Queue& queue, std::shared_ptr<sql::Job> job) {
        return boost::asio::async_initiate<const boost::asio::use_awaitable_t<>, void(bool)>(
            [&queue](auto handler, std::shared_ptr<sql::Job> work) {
                queue.push_back(sql::Ticket{sql::Ticket::Kind::kWrite, std::move(work), std::move(handler)});
            },
            boost::asio::use_awaitable, std::move(job));
    }
    static std::vector<sql::Ticket> take(Queue& queue, std::size_t most) {
        std::vector<sql::Ticket> out;
        for (; !queue.empty() && out.size() < most; queue.pop_front()) {
            out.push_back(std::move(queue.front()));
        }
        return out;
    }

    sql::SqliteConnection& connection_;
    sql::SqliteBatch batch_;
    std::shared_ptr<sql::Completions> completions_;
    Queue writes_;
    Queue reads_;
};

}  // namespace heddle::test
