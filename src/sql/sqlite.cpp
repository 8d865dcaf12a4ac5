// SPDX-License-Identifier: Apache-2.0
#include "sql/sqlite.hpp"

#include "base/time.hpp"
#include "sql/completions.hpp"
#include "sql/data_lock.hpp"
#include "sql/sqlite_connection.hpp"
#include "sql/sqlite_threads.hpp"

#include <boost/asio/async_result.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

namespace heddle::sql {
namespace {

namespace asio = boost::asio;

constexpr std::string_view kMemory = ":memory:";

// Hands a ticket to `queue` and waits until it is delivered.
template <class Queue>
asio::awaitable<bool> enqueue(Queue& queue, Ticket::Kind kind, std::shared_ptr<Job> job) {
    return asio::async_initiate<const asio::use_awaitable_t<>, void(bool)>(
        [&queue, kind](auto handler, std::shared_ptr<Job> work) {
            queue.push(Ticket{kind, std::move(work), std::move(handler)});
        },
        asio::use_awaitable, std::move(job));
}

// For its owner only; SQLite gives its other files the same mode.
void createPrivate(const std::string& path) {
    const int file = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0) throw std::system_error(errno, std::generic_category(), "cannot open " + path);
    close(file);
}

asio::awaitable<bool> refused() {
    co_return false;
}

}  // namespace

SqliteDatabase::SqliteDatabase(asio::any_io_executor loop, const std::string& path,
                               const SqliteOptions& options)
    : completions_(std::make_shared<Completions>(std::move(loop))) {
    const bool in_memory = path == kMemory;
    if (!in_memory) {
        lock_ = std::make_unique<DataLock>(std::filesystem::absolute(path).parent_path());
        createPrivate(path);
    }
    auto connection = std::make_unique<SqliteConnection>(path, SqliteConnection::Role::kWriter);
    migrate(*connection, options.migrations, SystemClock().now());
    writer_ = std::make_unique<SqliteWriter>(std::move(connection), completions_, options.on_commit);
    if (!in_memory) readers_ = std::make_unique<SqliteReaders>(path, options.readers, completions_);
}

// Readers first: the last connection to close truncates the WAL, and that should be the writer's.
SqliteDatabase::~SqliteDatabase() {
    readers_.reset();
    writer_.reset();
}

asio::awaitable<void> SqliteDatabase::submitRead(std::shared_ptr<Job> job) {
    if (readers_) {
        co_await enqueue(*readers_, Ticket::Kind::kRead, std::move(job));
    } else {
        co_await enqueue(*writer_, Ticket::Kind::kRead, std::move(job));
    }
}

asio::awaitable<void> SqliteDatabase::submitScan(std::shared_ptr<Job> job) {
    if (readers_) {
        co_await enqueue(*readers_, Ticket::Kind::kScan, std::move(job));
    } else {
        co_await submitRead(std::move(job));
    }
}

asio::awaitable<bool> SqliteDatabase::submitWrite(std::shared_ptr<Job> job) {
    // Only the loop adds to the queue, so it cannot fill up between the two lines.
    if (writer_->full()) return refused();
    return enqueue(*writer_, Ticket::Kind::kWrite, std::move(job));
}

asio::awaitable<void> SqliteDatabase::flush() {
    co_await enqueue(*writer_, Ticket::Kind::kWrite, nullptr);
}

asio::awaitable<void> SqliteDatabase::trim() {
    co_await enqueue(*writer_, Ticket::Kind::kTrim, nullptr);
}

WriterStats SqliteDatabase::stats() const {
    return writer_->stats();
}

}  // namespace heddle::sql
