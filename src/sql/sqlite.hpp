// SPDX-License-Identifier: Apache-2.0
// The database on SQLite: one writer thread with group commit, read threads on their own connections (WAL).
#pragma once

#include "sql/database.hpp"
#include "sql/migrations.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace heddle::sql {

class Completions;
class DataLock;
class SqliteReaders;
class SqliteWriter;
struct Ticket;

struct SqliteOptions {
    std::vector<Migration> migrations;
    int readers = 2;
    // Told of every commit, on the writer thread: its jobs and the time in COMMIT. For metrics.
    std::function<void(std::size_t jobs, microseconds took)> on_commit;
};

// Group commit: the writer takes all jobs that wait, runs them in one transaction, commits once
// (synchronous=FULL) and completes them with one post. A job that refuses or throws is rolled back alone.
// Reads wait for no write.
//
// `loop` is where awaitables complete and where the verbs must be called; its context must outlive this
// object.
class SqliteDatabase final : public Database {
  public:
    // Locks the data directory (the file's), opens, migrates, starts the threads. ":memory:" has no lock, and
    // its reads take turns with the writes. Throws std::runtime_error or sql::Error with a text for the
    // operator.
    SqliteDatabase(boost::asio::any_io_executor loop, const std::string& path, const SqliteOptions& options);
    // Works off both queues, then joins the threads. Completions are posted, not waited for.
    ~SqliteDatabase() override;
    SqliteDatabase(const SqliteDatabase&) = delete;
    SqliteDatabase& operator=(const SqliteDatabase&) = delete;

    boost::asio::awaitable<void> flush() override;
    boost::asio::awaitable<void> trim() override;

    [[nodiscard]] WriterStats stats() const override;

  protected:
    boost::asio::awaitable<void> submitRead(std::shared_ptr<Job> job) override;
    boost::asio::awaitable<void> submitScan(std::shared_ptr<Job> job) override;
    boost::asio::awaitable<bool> submitWrite(std::shared_ptr<Job> job) override;

  private:
    std::unique_ptr<DataLock> lock_;
    std::shared_ptr<Completions> completions_;
    std::unique_ptr<SqliteWriter> writer_;
    std::unique_ptr<SqliteReaders> readers_;  // none for a database in memory
};

}  // namespace heddle::sql
