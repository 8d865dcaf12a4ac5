// SPDX-License-Identifier: Apache-2.0
// The database's verbs. A job runs on a storage thread; its awaitable completes on the loop, a write after
// its commit.
#pragma once

#include "base/result.hpp"
#include "sql/connection.hpp"
#include "sql/writer_stats.hpp"

#include <boost/asio/awaitable.hpp>

#include <exception>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

namespace heddle::sql {

// A unit of work, type-erased. run() is called on a storage thread, perhaps more than once (a job may be
// re-run after a serialisation failure), so it captures by value and touches nothing else.
class Job {
  public:
    virtual ~Job() = default;
    // False: the job refused (its Result holds a Problem) and its changes are rolled back. May throw.
    virtual bool run(Connection& connection) = 0;
    void fail(std::exception_ptr error) { error_ = std::move(error); }

  protected:
    std::exception_ptr error_;
};

template <class F>
class TypedJob final : public Job {
  public:
    using ResultType = std::invoke_result_t<F&, Connection&>;
    explicit TypedJob(F function) : function_(std::move(function)) {}

    bool run(Connection& connection) override {
        result_.emplace(function_(connection));
        return result_->has_value();
    }
    // The result, or throws what the job (or its commit) threw.
    ResultType take() {
        if (error_) std::rethrow_exception(error_);
        return std::move(*result_);
    }

  private:
    F function_;
    std::optional<ResultType> result_;
};

// Call the verbs on the loop thread; jobs of one caller's sequence of awaits run in order.
class Database {
  public:
    virtual ~Database() = default;

    // `job`: Result<T>(Connection&). Sees only committed data. Throws sql::Error.
    template <class F>
    auto read(F job) -> boost::asio::awaitable<typename TypedJob<F>::ResultType> {
        auto typed = std::make_shared<TypedJob<F>>(std::move(job));
        co_await submitRead(typed);
        co_return typed->take();
    }

    // A read that goes through so much that others should not wait for it: one is under way at a time.
    template <class F>
    auto scan(F job) -> boost::asio::awaitable<typename TypedJob<F>::ResultType> {
        auto typed = std::make_shared<TypedJob<F>>(std::move(job));
        co_await submitScan(typed);
        co_return typed->take();
    }

    // `job`: Result<T>(Connection&). One transaction; completes after the commit is durable. A Problem rolls
    // back. kUnavailable when the writer's queue is full. Throws sql::Error when the commit failed.
    template <class F>
    auto write(F job) -> boost::asio::awaitable<typename TypedJob<F>::ResultType> {
        auto typed = std::make_shared<TypedJob<F>>(std::move(job));
        const bool accepted = co_await submitWrite(typed);
        if (!accepted) co_return Problem::unavailable("The server is busy: too many writes are waiting");
        co_return typed->take();
    }

    // What its writer has done. Any thread.
    [[nodiscard]] virtual WriterStats stats() const { return {}; }
    // Waits until every write submitted before has committed (drain).
    virtual boost::asio::awaitable<void> flush() = 0;
    // After space was given back: lets the files be as small as their content. Takes its turn among the
    // writes.
    virtual boost::asio::awaitable<void> trim() = 0;

  protected:
    virtual boost::asio::awaitable<void> submitRead(std::shared_ptr<Job> job) = 0;
    virtual boost::asio::awaitable<void> submitScan(std::shared_ptr<Job> job) {
        return submitRead(std::move(job));
    }
    virtual boost::asio::awaitable<bool> submitWrite(std::shared_ptr<Job> job) = 0;
};

}  // namespace heddle::sql
