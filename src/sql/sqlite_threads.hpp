// SPDX-License-Identifier: Apache-2.0
// The storage threads of SQLite and their queues. Internal to sql.
#pragma once

#include "sql/completions.hpp"
#include "sql/sqlite_batch.hpp"
#include "sql/sqlite_connection.hpp"
#include "sql/writer_stats.hpp"

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace heddle::sql {

// The only thread that writes. Takes all that waits (at most limits::kSqlBatch), settles it with one commit
// and delivers it. The destructor works off the queue first.
class SqliteWriter {
  public:
    using CommitObserver = std::function<void(std::size_t jobs, microseconds took)>;

    SqliteWriter(std::unique_ptr<SqliteConnection> connection, std::shared_ptr<Completions> completions,
                 CommitObserver on_commit);
    ~SqliteWriter();
    SqliteWriter(const SqliteWriter&) = delete;
    SqliteWriter& operator=(const SqliteWriter&) = delete;

    // Loop thread only. full(): limits::kSqlQueue jobs wait; the caller must not push then (marks are always
    // taken).
    [[nodiscard]] bool full() const;
    void push(Ticket ticket);
    [[nodiscard]] WriterStats stats() const;

  private:
    void work();
    bool take(std::vector<Ticket>& batch);
    void settle(std::vector<Ticket>& batch);
    void trim();

    std::unique_ptr<SqliteConnection> connection_;
    std::shared_ptr<Completions> completions_;
    CommitObserver on_commit_;
    SqliteBatch batch_{*connection_};
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<Ticket> queue_;
    bool stopping_ = false;
    WriterStats stats_;
    std::thread thread_;
};

// Read threads, each with its own connection, on one queue. Of the scans in it one is under way at a time.
class SqliteReaders {
  public:
    SqliteReaders(const std::string& path, int count, std::shared_ptr<Completions> completions);
    ~SqliteReaders();
    SqliteReaders(const SqliteReaders&) = delete;
    SqliteReaders& operator=(const SqliteReaders&) = delete;

    void push(Ticket ticket);

  private:
    void work(SqliteConnection& connection);
    bool take(std::vector<Ticket>& batch);
    void done(const Ticket& ticket);
    // Where the next ticket comes from that may be worked on now; null: there is none. The lock is held.
    std::deque<Ticket>* next();
    void stop();

    std::shared_ptr<Completions> completions_;
    std::mutex mutex_;
    std::condition_variable changed_;
    // Apart: tickets cannot be taken out of a queue's middle, for in Boost 1.81 a handler's move assignment
    // calls itself.
    std::deque<Ticket> queue_;
    std::deque<Ticket> scans_;
    bool scanning_ = false;
    bool stopping_ = false;
    std::vector<std::unique_ptr<SqliteConnection>> connections_;
    std::vector<std::thread> threads_;
};

}  // namespace heddle::sql
