// SPDX-License-Identifier: Apache-2.0
// Group commit: many write jobs in one SQLite transaction, each with its own verdict. Internal to sql.
#pragma once

#include "base/time.hpp"
#include "sql/completions.hpp"
#include "sql/sqlite_connection.hpp"

#include <cstdint>
#include <exception>
#include <span>
#include <vector>

namespace heddle::sql {

// Runs on the writer thread. When settle() returns, every job of the batch has its result or its error, and
// what succeeded is durable.
//
// The normal case takes no savepoints: a job that refuses has usually changed nothing. One that refuses after
// a change makes the batch start again with a savepoint around each job. When SQLite has rolled everything
// back (full disk, I/O error), each job runs again in a transaction of its own, so that only those that
// cannot succeed fail. Jobs make no DDL: SQLite counts it as no change. Migrations have their own way.
class SqliteBatch {
  public:
    struct Counts {
        std::uint64_t batches = 0;
        std::uint64_t reruns = 0;
        std::uint64_t errors = 0;
        std::uint64_t storage_errors = 0;
        std::uint64_t commit_us = 0;
        std::uint64_t commit_us_max = 0;
    };

    explicit SqliteBatch(SqliteConnection& connection) : connection_(connection) {}

    void settle(std::span<Ticket> tickets);
    // Runs a read job in a transaction of its own.
    static void read(SqliteConnection& connection, Job& job);

    [[nodiscard]] const Counts& counts() const { return counts_; }

  private:
    enum class Undo { kNone, kSavepoints, kTransaction };  // how a single job's changes are taken back
    enum class Outcome { kSettled, kNeedsSavepoints, kLost };
    enum class Verdict { kDone, kRefused, kFailed };

    Outcome attempt(std::span<Ticket> tickets, Undo undo);
    Outcome runAll(std::span<Ticket> tickets, Undo undo);
    Verdict run(Job& job, std::exception_ptr& error);
    Outcome commit();
    void commitNow();
    void rollback();
    void fail(Job& job, std::exception_ptr error);
    void failAll(std::span<Ticket> tickets, const std::exception_ptr& error);

    SqliteConnection& connection_;
    SystemClock clock_;
    Counts counts_;
    std::exception_ptr lost_;                 // why the transaction was lost
    std::vector<std::exception_ptr> errors_;  // of the jobs that threw, settled with the commit
};

}  // namespace heddle::sql
