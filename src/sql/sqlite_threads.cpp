// SPDX-License-Identifier: Apache-2.0
#include "sql/sqlite_threads.hpp"

#include "base/limits.hpp"

#include <pthread.h>

#include <algorithm>
#include <utility>

namespace heddle::sql {

SqliteWriter::SqliteWriter(std::unique_ptr<SqliteConnection> connection,
                           std::shared_ptr<Completions> completions, CommitObserver on_commit)
    : connection_(std::move(connection)),
      completions_(std::move(completions)),
      on_commit_(std::move(on_commit)),
      thread_([this] { work(); }) {
    pthread_setname_np(thread_.native_handle(), "sql-writer");
}

SqliteWriter::~SqliteWriter() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_one();
    thread_.join();
}

bool SqliteWriter::full() const {
    const std::lock_guard lock(mutex_);
    return queue_.size() >= limits::kSqlQueue;
}

void SqliteWriter::push(Ticket ticket) {
    {
        const std::lock_guard lock(mutex_);
        queue_.push_back(std::move(ticket));
    }
    changed_.notify_one();
}

WriterStats SqliteWriter::stats() const {
    const std::lock_guard lock(mutex_);
    WriterStats stats = stats_;
    stats.waiting = queue_.size();
    return stats;
}

void SqliteWriter::work() {
    std::vector<Ticket> batch;
    while (take(batch)) {
        settle(batch);
        completions_->deliver(batch);
    }
}

bool SqliteWriter::take(std::vector<Ticket>& batch) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
    // What is no write stands alone and ends a batch: reads, which come here only for a database in memory,
    // see what is committed.
    while (!queue_.empty() && batch.size() < limits::kSqlBatch) {
        if (queue_.front().kind != Ticket::Kind::kWrite && !batch.empty()) break;
        batch.push_back(std::move(queue_.front()));
        queue_.pop_front();
        if (batch.back().kind != Ticket::Kind::kWrite) break;
    }
    return !batch.empty();
}

void SqliteWriter::settle(std::vector<Ticket>& batch) {
    if (batch.front().kind == Ticket::Kind::kRead) return SqliteBatch::read(*connection_, *batch.front().job);
    if (batch.front().kind == Ticket::Kind::kTrim) return trim();
    const std::uint64_t before = batch_.counts().commit_us;
    batch_.settle(batch);
    const auto jobs = static_cast<std::uint64_t>(std::count_if(
        batch.begin(), batch.end(), [](const Ticket& ticket) { return ticket.job != nullptr; }));
    const auto& counts = batch_.counts();
    if (on_commit_ && jobs > 0) on_commit_(jobs, microseconds(counts.commit_us - before));
    const std::lock_guard lock(mutex_);
    stats_.jobs += jobs;
    stats_.batch_jobs_max = std::max(stats_.batch_jobs_max, jobs);
    stats_.batches = counts.batches;
    stats_.reruns = counts.reruns;
    stats_.errors = counts.errors;
    stats_.storage_errors = counts.storage_errors;
    stats_.commit_us = counts.commit_us;
    stats_.commit_us_max = counts.commit_us_max;
}

// The file is cut when the WAL comes into it. Best effort: what stays is done by a later checkpoint.
void SqliteWriter::trim() {
    try {
        connection_->execute("PRAGMA wal_checkpoint(PASSIVE)");
    } catch (const Error&) {
        return;
    }
}

SqliteReaders::SqliteReaders(const std::string& path, int count, std::shared_ptr<Completions> completions)
    : completions_(std::move(completions)) {
    for (int i = 0; i < count; ++i) {
        connections_.push_back(std::make_unique<SqliteConnection>(path, SqliteConnection::Role::kReader));
    }
    try {
        for (auto& connection : connections_) {
            threads_.emplace_back([this, &connection = *connection] { work(connection); });
            pthread_setname_np(threads_.back().native_handle(), "sql-reader");
        }
    } catch (...) {
        stop();
        throw;
    }
}

SqliteReaders::~SqliteReaders() {
    stop();
}

void SqliteReaders::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_all();
    for (auto& thread : threads_) thread.join();
}

void SqliteReaders::push(Ticket ticket) {
    {
        const std::lock_guard lock(mutex_);
        (ticket.kind == Ticket::Kind::kScan ? scans_ : queue_).push_back(std::move(ticket));
    }
    changed_.notify_one();
}

void SqliteReaders::work(SqliteConnection& connection) {
    std::vector<Ticket> batch;
    while (take(batch)) {
        SqliteBatch::read(connection, *batch.front().job);
        done(batch.front());
        completions_->deliver(batch);
    }
}

std::deque<Ticket>* SqliteReaders::next() {
    if (!scanning_ && !scans_.empty()) return &scans_;
    return queue_.empty() ? nullptr : &queue_;
}

// One at a time: a slow read must hold up nobody who has not started.
bool SqliteReaders::take(std::vector<Ticket>& batch) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return stopping_ || next() != nullptr; });
    auto* const queue = next();
    // Scans that are left at the end belong to the thread that scans now.
    if (queue == nullptr) return false;
    if (queue == &scans_) scanning_ = true;
    batch.push_back(std::move(queue->front()));
    queue->pop_front();
    return true;
}

void SqliteReaders::done(const Ticket& ticket) {
    if (ticket.kind != Ticket::Kind::kScan) return;
    {
        const std::lock_guard lock(mutex_);
        scanning_ = false;
    }
    changed_.notify_one();
}

}  // namespace heddle::sql
