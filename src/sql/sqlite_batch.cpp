// SPDX-License-Identifier: Apache-2.0
#include "sql/sqlite_batch.hpp"

#include <algorithm>
#include <utility>

namespace heddle::sql {
namespace {

bool isOfStorage(const std::exception_ptr& error) {
    try {
        std::rethrow_exception(error);
    } catch (const Error& found) {
        return found.code() == Error::Code::kFull || found.code() == Error::Code::kIo;
    } catch (...) {
        return false;
    }
}

}  // namespace

void SqliteBatch::settle(std::span<Ticket> tickets) {
    const auto jobs = static_cast<std::size_t>(std::count_if(
        tickets.begin(), tickets.end(), [](const Ticket& ticket) { return ticket.job != nullptr; }));
    if (jobs == 0) return;
    Outcome outcome = attempt(tickets, jobs == 1 ? Undo::kTransaction : Undo::kNone);
    if (outcome == Outcome::kNeedsSavepoints) {
        counts_.reruns += jobs;
        outcome = attempt(tickets, Undo::kSavepoints);
    }
    if (outcome != Outcome::kLost) return;
    if (jobs == 1) return failAll(tickets, lost_);
    counts_.reruns += jobs;
    for (Ticket& ticket : tickets) {
        if (ticket.job == nullptr) continue;
        const std::span alone(&ticket, 1);
        if (attempt(alone, Undo::kTransaction) == Outcome::kLost) failAll(alone, lost_);
    }
}

SqliteBatch::Outcome SqliteBatch::attempt(std::span<Ticket> tickets, Undo undo) {
    errors_.assign(tickets.size(), nullptr);
    try {
        connection_.prepare("BEGIN IMMEDIATE").run();
    } catch (...) {
        failAll(tickets, std::current_exception());
        return Outcome::kSettled;
    }
    connection_.setGuard(SqliteConnection::Guard::kOn);
    Outcome outcome = runAll(tickets, undo);
    connection_.setGuard(SqliteConnection::Guard::kOff);
    if (outcome != Outcome::kSettled) {
        rollback();
        return outcome;
    }
    try {
        outcome = commit();
    } catch (...) {
        rollback();
        failAll(tickets, std::current_exception());
        return Outcome::kSettled;
    }
    if (outcome != Outcome::kSettled) return outcome;
    for (std::size_t i = 0; i < tickets.size(); ++i) {
        if (errors_[i]) fail(*tickets[i].job, std::move(errors_[i]));
    }
    return Outcome::kSettled;
}

SqliteBatch::Outcome SqliteBatch::runAll(std::span<Ticket> tickets, Undo undo) {
    for (std::size_t i = 0; i < tickets.size(); ++i) {
        if (tickets[i].job == nullptr) continue;
        if (undo == Undo::kSavepoints) connection_.prepare("SAVEPOINT job").run();
        const auto before = connection_.totalChanges();
        const Verdict verdict = run(*tickets[i].job, errors_[i]);
        if (!connection_.inTransaction()) {
            lost_ = errors_[i]
                        ? errors_[i]
                        : std::make_exception_ptr(Error(Error::Code::kOther, "the transaction was lost"));
            return Outcome::kLost;
        }
        if (verdict != Verdict::kDone && connection_.totalChanges() != before) {
            switch (undo) {
                case Undo::kNone:
                    return Outcome::kNeedsSavepoints;
                case Undo::kSavepoints:
                    connection_.prepare("ROLLBACK TO job").run();
                    break;
                case Undo::kTransaction:
                    rollback();
                    return Outcome::kSettled;
            }
        }
        if (undo == Undo::kSavepoints) connection_.prepare("RELEASE job").run();
    }
    return Outcome::kSettled;
}

SqliteBatch::Verdict SqliteBatch::run(Job& job, std::exception_ptr& error) {
    try {
        return job.run(connection_) ? Verdict::kDone : Verdict::kRefused;
    } catch (...) {
        error = std::current_exception();
        return Verdict::kFailed;
    }
}

// A commit that finds the disk full has changed nothing and is worth a second try in smaller pieces. Any
// other failure is final: after a failed fsync nobody knows what a second one would prove.
SqliteBatch::Outcome SqliteBatch::commit() {
    if (!connection_.inTransaction()) return Outcome::kSettled;  // its only job was rolled back
    try {
        commitNow();
        return Outcome::kSettled;
    } catch (const Error& error) {
        if (error.code() != Error::Code::kFull) throw;
        lost_ = std::current_exception();
    }
    rollback();
    return Outcome::kLost;
}

void SqliteBatch::commitNow() {
    const auto start = clock_.steady();
    connection_.prepare("COMMIT").run();
    const auto took = static_cast<std::uint64_t>((clock_.steady() - start).count());
    counts_.batches += 1;
    counts_.commit_us += took;
    counts_.commit_us_max = std::max(counts_.commit_us_max, took);
}

void SqliteBatch::rollback() {
    if (connection_.inTransaction()) connection_.prepare("ROLLBACK").run();
}

void SqliteBatch::fail(Job& job, std::exception_ptr error) {
    counts_.errors += 1;
    if (isOfStorage(error)) counts_.storage_errors += 1;
    job.fail(std::move(error));
}

void SqliteBatch::failAll(std::span<Ticket> tickets, const std::exception_ptr& error) {
    for (Ticket& ticket : tickets) {
        if (ticket.job != nullptr) fail(*ticket.job, error);
    }
}

void SqliteBatch::read(SqliteConnection& connection, Job& job) {
    try {
        connection.prepare("BEGIN").run();
        job.run(connection);
        connection.prepare("COMMIT").run();
    } catch (...) {
        job.fail(std::current_exception());
        try {
            if (connection.inTransaction()) connection.prepare("ROLLBACK").run();
        } catch (...) {
            // The read has failed already; the next BEGIN reports a connection that is beyond repair.
        }
    }
}

}  // namespace heddle::sql
