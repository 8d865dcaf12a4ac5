// SPDX-License-Identifier: Apache-2.0
// The templates of CallServer, for the files that define its calls.
#pragma once

#include "base/log.hpp"
#include "graph/worker/calls.hpp"
#include "store/runs.hpp"

#include <exception>
#include <type_traits>

namespace heddle::graph {

template <class Awaited, class Make>
boost::asio::awaitable<void> CallServer::answer(CallServer* self, std::weak_ptr<bool> exists, Call call,
                                                Awaited job, Make make) {
    std::string failure;
    std::string_view told = "The database failed";
    try {
        auto result = co_await std::move(job);
        if (exists.expired()) co_return;  // its workers have ended, nobody waits for the answer
        if (!result) {
            self->refuse(
                call, result.error().kind == ProblemKind::kInvalid ? "InvalidStoreOperation" : "StorageError",
                result.error().detail);
        } else if (!*result) {
            self->refuse(call, "Fenced", "The attempt is no longer the current one");
            if (call.attempt) self->fenced_(*call.attempt);
        } else {
            self->send(call, make(std::move(**result)));
        }
        co_return;
    } catch (const sql::Error& error) {
        failure = error.what();
        if (error.code() == sql::Error::Code::kFull) told = "The server's disk is full";
    } catch (const std::exception& error) {
        failure = error.what();
    }
    log::error("worker.storage_failed", {{"error", failure}});
    if (exists.expired()) co_return;
    self->refuse(call, "StorageError", std::string(told));
}

template <class Change, class Make>
void CallServer::write(Call call, Change change, Make make) {
    using Value = typename std::invoke_result_t<Change&, sql::Connection&>::value_type;
    auto job = [attempt = call.attempt,
                change = std::move(change)](sql::Connection& db) -> Result<std::optional<Value>> {
        if (attempt && !store::isCurrentAttempt(db, attempt->run, attempt->number))
            return std::optional<Value>();
        auto done = change(db);
        if (!done) return done.error();
        return std::optional<Value>(std::move(*done));
    };
    // Runs inline to the point where the job is in the writer's queue, so frames keep their order.
    auto awaited = db_.write(std::move(job));
    boost::asio::co_spawn(loop_, answer(this, exists_, std::move(call), std::move(awaited), std::move(make)),
                          boost::asio::detached);
}

template <class Change>
void CallServer::write(Call call, Change change) {
    auto job = [change = std::move(change)](sql::Connection& db) -> Result<Done> {
        change(db);
        return Done();
    };
    write(std::move(call), std::move(job), [](Done) {
        Answer empty;
        empty.fields.beginObject();
        return empty;
    });
}

template <class Query, class Make>
void CallServer::read(Call call, Query query, Make make, Length length) {
    using Value = typename std::invoke_result_t<Query&, sql::Connection&>::value_type;
    auto job = [query = std::move(query)](sql::Connection& db) -> Result<std::optional<Value>> {
        auto found = query(db);
        if (!found) return found.error();
        return std::optional<Value>(std::move(*found));
    };
    auto awaited = length == Length::kScan ? db_.scan(std::move(job)) : db_.read(std::move(job));
    boost::asio::co_spawn(loop_, answer(this, exists_, std::move(call), std::move(awaited), std::move(make)),
                          boost::asio::detached);
}

}  // namespace heddle::graph
