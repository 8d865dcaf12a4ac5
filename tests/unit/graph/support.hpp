// SPDX-License-Identifier: Apache-2.0
// What the graph tests share: a clock that stands still, an observer that writes down, a database in memory.
#pragma once

#include "base/json.hpp"
#include "base/log.hpp"
#include "base/random.hpp"
#include "base/time.hpp"
#include "domain/thread.hpp"
#include "graph/executor.hpp"
#include "sql/sqlite.hpp"
#include "store/runs.hpp"
#include "store/schema.hpp"
#include "store/threads.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace heddle::test {

namespace asio = boost::asio;

class FakeClock final : public Clock {
  public:
    [[nodiscard]] Timestamp now() const override {
        return Timestamp::fromMicros(1'700'000'000'000'000) + time_;
    }
    [[nodiscard]] microseconds steady() const override { return time_; }
    void advance(microseconds by) { time_ += by; }

  private:
    microseconds time_ = std::chrono::hours(1);
};

class CountingRandom final : public Random {
  public:
    void fill(std::span<std::uint8_t> out) override {
        for (auto& byte : out) byte = static_cast<std::uint8_t>(++last_ * 37);
    }

  private:
    std::uint64_t last_ = 0;
};

class Observer final : public graph::RunObserver {
  public:
    struct End {
        RunId run;
        std::int64_t attempt;
        graph::RunEnd end;
    };
    void onEvent(const RunId&, std::int64_t, std::string_view event, std::string data) override {
        events.push_back(std::string(event) + " " + data);
    }
    void onEnd(const RunId& run, std::int64_t attempt, graph::RunEnd end) override {
        ends.push_back({run, attempt, std::move(end)});
    }
    void onCapacity() override { ++capacity; }
    [[nodiscard]] bool hasRoom() const override { return has_room; }
    void whenRoom(std::function<void()> callback) override { room_waiters.push_back(std::move(callback)); }
    void makeRoom() {
        has_room = true;
        for (const auto& told : std::exchange(room_waiters, {})) told();
    }

    std::vector<std::string> events;
    std::vector<End> ends;
    int capacity = 0;
    bool has_room = true;
    std::vector<std::function<void()>> room_waiters;
};

// Runs the loop until `done()`, at most 20 s.
inline void runUntil(asio::io_context& io, const std::function<bool()>& done) {
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!done()) {
        io.restart();
        io.run_one_for(std::chrono::milliseconds(100));
        if (std::chrono::steady_clock::now() > limit) throw std::runtime_error("it did not happen");
    }
}

template <class T>
T runToEnd(asio::io_context& io, asio::awaitable<T> task) {
    std::optional<T> value;
    std::exception_ptr error;
    const auto keep = [](asio::awaitable<T> inner, std::optional<T>& out) -> asio::awaitable<void> {
        T got = co_await std::move(inner);
        out.emplace(std::move(got));
    };
    bool done = false;
    asio::co_spawn(io, keep(std::move(task), value), [&](std::exception_ptr thrown) {
        error = thrown;
        done = true;
    });
    runUntil(io, [&] { return done; });
    if (error) std::rethrow_exception(error);
    return std::move(*value);
}

// The schema in memory, with one thread and runs on it.
class Storage {
  public:
    explicit Storage(asio::io_context& loop) : io(loop), db(loop.get_executor(), ":memory:", options()) {
        log::configure(log::Format::kText, log::Level::kError);
        thread.id = ThreadId(Uuid::v7(clock.now(), random));
        thread.created_at = thread.updated_at = thread.state_updated_at = clock.now();
        write([this](sql::Connection& connection) { store::insertThread(connection, thread); });
    }

    // A run in its first attempt, as the scheduler hands it over.
    Run claimed(std::string graph_id, std::string input) {
        Run run;
        run.id = RunId(Uuid::v7(clock.now(), random));
        run.thread_id = thread.id;
        run.graph_id = std::move(graph_id);
        run.kwargs.input = RawJson::trusted(std::move(input));
        run.kwargs.config = RawJson::trusted(R"({"metadata":{"who":"me"}})");
        run.created_at = run.updated_at = clock.now();
        write([&run](sql::Connection& connection) { store::insertRun(connection, run); });
        return claim(run.id);
    }
    Run claim(RunId id) {
        std::optional<Run> out;
        write([&](sql::Connection& connection) { out = store::claimRun(connection, id, clock.now()); });
        return out.value();
    }
    void finish(const Run& run) {
        write([&](sql::Connection& connection) {
            store::finishRun(connection, run.id, run.attempt, RunStatus::kSuccess, std::nullopt, clock.now());
        });
    }
    void write(std::function<void(sql::Connection&)> change) {
        auto job = [change = std::move(change)](sql::Connection& connection) -> Result<bool> {
            change(connection);
            return true;
        };
        const Result<bool> done = runToEnd(io, db.write(std::move(job)));
        if (!done) throw std::runtime_error(done.error().detail);
    }

    static sql::SqliteOptions options() {
        sql::SqliteOptions made;
        made.migrations = store::schema(sql::Dialect::kSqlite);
        return made;
    }

    asio::io_context& io;
    FakeClock clock;
    CountingRandom random;
    sql::SqliteDatabase db;
    Thread thread;
};

}  // namespace heddle::test
