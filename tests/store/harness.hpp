// SPDX-License-Identifier: Apache-2.0
// What the store tests share: a database in memory and one in a file, and coroutines run to their end.
#pragma once

#include "base/ids.hpp"
#include "base/json.hpp"
#include "domain/run.hpp"
#include "domain/thread.hpp"
#include "sql/sqlite.hpp"
#include "store/schema.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <chrono>
#include <exception>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <semaphore>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace heddle::test {

namespace asio = boost::asio;

class TempDir {
  public:
    TempDir() {
        // In memory where there is such a place: the tests are about SQLite's files, not about the disk's
        // speed.
        const std::filesystem::path memory = "/dev/shm";
        const auto base = std::filesystem::exists(memory) ? memory : std::filesystem::temp_directory_path();
        std::string name = (base / "heddle-store-XXXXXX").string();
        if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp");
        path_ = name;
    }
    ~TempDir() { std::filesystem::remove_all(path_); }
    TempDir(const TempDir&) = delete;
    TempDir& operator=(const TempDir&) = delete;
    [[nodiscard]] std::string file(const std::string& name = "heddle.db") const {
        return (path_ / name).string();
    }
    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

  private:
    std::filesystem::path path_;
};

// Starts a coroutine; finish() runs the loop until it is done and fails when it never is.
template <class T>
class Task {
  public:
    Task(asio::io_context& io, asio::awaitable<T> task) : io_(io), state_(std::make_shared<State>()) {
        asio::co_spawn(io, keep(std::move(task), state_), [state = state_](const std::exception_ptr& error) {
            state->error = error;
            state->done = true;
        });
    }
    [[nodiscard]] bool done() const { return state_->done; }
    T finish() {
        io_.restart();
        while (!state_->done && io_.run_one_for(std::chrono::seconds(20)) > 0) {
        }
        if (!state_->done) throw std::runtime_error("the coroutine did not finish");
        if (state_->error) std::rethrow_exception(state_->error);
        return std::move(*state_->value);
    }

  private:
    struct State {
        bool done = false;
        std::exception_ptr error;
        std::optional<T> value;
    };
    static asio::awaitable<void> keep(asio::awaitable<T> task, std::shared_ptr<State> state) {
        T value = co_await std::move(task);
        state->value.emplace(std::move(value));
    }

    asio::io_context& io_;
    std::shared_ptr<State> state_;
};

template <class T>
T runToEnd(asio::io_context& io, asio::awaitable<T> task) {
    return Task<T>(io, std::move(task)).finish();
}

inline void runToEnd(asio::io_context& io, asio::awaitable<void> task) {
    const auto wrapped = [](asio::awaitable<void> inner) -> asio::awaitable<int> {
        co_await std::move(inner);
        co_return 0;
    };
    runToEnd(io, wrapped(std::move(task)));
}

// Lets everything that is posted run, without waiting.
inline void turn(asio::io_context& io) {
    io.restart();
    io.poll();
}

// Ids in the order they are made, the same in every run.
template <class IdType>
IdType nextId() {
    static std::uint64_t last = 0;
    Uuid::Bytes bytes{};
    const std::uint64_t number = ++last;
    for (std::size_t i = 0; i < 8; ++i) bytes[8 + i] = static_cast<std::uint8_t>(number >> (56 - 8 * i));
    return IdType(Uuid(bytes));
}

constexpr Timestamp at(std::int64_t seconds_after) {
    return Timestamp::fromMicros(1'700'000'000'000'000 + seconds_after * 1'000'000);
}

inline RawJson json(std::string text) {
    return RawJson::trusted(std::move(text));
}

inline Thread makeThread(Timestamp created = at(0)) {
    Thread thread;
    thread.id = nextId<ThreadId>();
    thread.created_at = thread.updated_at = thread.state_updated_at = created;
    return thread;
}

inline Run makeRun(const ThreadId& thread, Timestamp created = at(0)) {
    Run run;
    run.id = nextId<RunId>();
    run.thread_id = thread;
    run.assistant_id = nextId<AssistantId>();
    run.graph_id = "agent";
    run.created_at = run.updated_at = created;
    return run;
}

inline sql::SqliteOptions withSchema() {
    sql::SqliteOptions options;
    options.migrations = store::schema(sql::Dialect::kSqlite);
    return options;
}

enum class Engine { kMemory, kFile };

// A database with the whole schema. write() and read() run one job and hand out what it returns.
class StoreTest : public ::testing::TestWithParam<Engine> {
  protected:
    StoreTest() {
        const std::string path = GetParam() == Engine::kMemory ? ":memory:" : dir_.file();
        database_ = std::make_unique<sql::SqliteDatabase>(io_.get_executor(), path, withSchema());
    }

    template <class F>
    auto write(F job) {
        return run(std::move(job),
                   [this](Erased erased) { return runToEnd(io_, database_->write(std::move(erased))); });
    }
    template <class F>
    auto read(F job) {
        return run(std::move(job),
                   [this](Erased erased) { return runToEnd(io_, database_->read(std::move(erased))); });
    }

    using Run = heddle::Run;  // not testing::Test::Run

    TempDir dir_;
    asio::io_context io_{1};
    std::unique_ptr<sql::SqliteDatabase> database_;

  private:
    // One type for all jobs: a coroutine for each of them would take minutes to compile.
    using Erased = std::function<Result<bool>(sql::Connection&)>;

    template <class F, class Verb>
    static auto run(F job, Verb verb) {
        using R = std::invoke_result_t<F&, sql::Connection&>;
        if constexpr (std::is_void_v<R>) {
            expect(verb([&job](sql::Connection& db) -> Result<bool> {
                job(db);
                return true;
            }));
        } else {
            std::optional<R> result;
            expect(verb([&job, &result](sql::Connection& db) -> Result<bool> {
                result.emplace(job(db));
                return true;
            }));
            return R(std::move(*result));
        }
    }
    static void expect(const Result<bool>& result) {
        if (!result) throw std::runtime_error("refused: " + result.error().detail);
    }
};

inline std::string engineName(const ::testing::TestParamInfo<Engine>& info) {
    return info.param == Engine::kMemory ? "Memory" : "File";
}

// NOLINTNEXTLINE: gtest's macro
#define HEDDLE_BOTH_ENGINES(suite)                                                                        \
    INSTANTIATE_TEST_SUITE_P(                                                                             \
        Sqlite, suite, ::testing::Values(::heddle::test::Engine::kMemory, ::heddle::test::Engine::kFile), \
        ::heddle::test::engineName)

}  // namespace heddle::test
