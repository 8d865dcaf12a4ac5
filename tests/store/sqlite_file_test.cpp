// SPDX-License-Identifier: Apache-2.0
// What the file itself promises: settings, one process a directory, nothing acknowledged is lost in a crash.
#include "base/random.hpp"
#include "sql/dialect.hpp"
#include "store/harness.hpp"
#include "store/threads.hpp"

#include <gmock/gmock.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <fstream>

namespace heddle::test {
namespace {

using sql::Connection;
using sql::SqliteDatabase;
using ::testing::HasSubstr;

std::int64_t pragma(asio::io_context& io, SqliteDatabase& database, const std::string& name) {
    auto job = [name](Connection& db) -> Result<std::int64_t> {
        auto row = db.query("PRAGMA " + name);
        row.step();
        return row.integer(0);
    };
    return *runToEnd(io, database.read(job));
}

TEST(SqliteFile, IsOpenedForDurability) {
    TempDir dir;
    asio::io_context io{1};
    SqliteDatabase database(io.get_executor(), dir.file(), withSchema());
    EXPECT_EQ(pragma(io, database, "synchronous"), 2);
    EXPECT_EQ(pragma(io, database, "foreign_keys"), 1);
    EXPECT_EQ(pragma(io, database, "auto_vacuum"), 2);
    EXPECT_EQ(pragma(io, database, "query_only"), 1);
    EXPECT_TRUE(std::filesystem::exists(dir.file() + "-wal"));
    auto job = [](Connection& db) -> Result<std::int64_t> {
        auto row = db.query("PRAGMA synchronous");
        row.step();
        return row.integer(0);
    };
    EXPECT_EQ(*runToEnd(io, database.write(job)), 2);
}

TEST(SqliteFile, IsReadableByItsOwnerOnly) {
    TempDir dir;
    asio::io_context io{1};
    const SqliteDatabase database(io.get_executor(), (dir.path() / "data" / "heddle.db").string(),
                                  withSchema());
    for (const char* name : {"heddle.db", "heddle.db-wal", "heddle.lock"}) {
        struct stat info {};
        ASSERT_EQ(stat((dir.path() / "data" / name).c_str(), &info), 0) << name;
        EXPECT_EQ(info.st_mode & 0777, 0600U) << name;
    }
}

TEST(SqliteFile, BelongsToOneProcess) {
    TempDir dir;
    asio::io_context io{1};
    std::optional<SqliteDatabase> first(std::in_place, io.get_executor(), dir.file(), withSchema());
    try {
        const SqliteDatabase second(io.get_executor(), dir.file(), withSchema());
        ADD_FAILURE() << "opened twice";
    } catch (const std::runtime_error& error) {
        EXPECT_THAT(error.what(), HasSubstr(dir.path().string()));
        EXPECT_THAT(error.what(), HasSubstr("process " + std::to_string(getpid())));
    }
    first.reset();
    EXPECT_NO_THROW(SqliteDatabase(io.get_executor(), dir.file(), withSchema()));
}

TEST(SqliteFile, MakesTheDataDirectory) {
    TempDir dir;
    asio::io_context io{1};
    const auto path = (dir.path() / "a" / "b" / "heddle.db").string();
    const SqliteDatabase database(io.get_executor(), path, withSchema());
    EXPECT_TRUE(std::filesystem::exists(path));
}

TEST(SqliteFile, GivesFreePagesBack) {
    TempDir dir;
    asio::io_context io{1};
    SqliteDatabase database(io.get_executor(), dir.file(), withSchema());
    auto fill = [](Connection& db) -> Result<int> {
        for (int i = 0; i < 100; ++i) {
            db.run("INSERT INTO items (ns, key, created_at, updated_at, value) VALUES ('n', $1, 0, 0, $2)", i,
                   std::string(4000, 'x'));
        }
        return 0;
    };
    runToEnd(io, database.write(fill));
    const auto full = pragma(io, database, "page_count");
    auto empty = [](Connection& db) -> Result<bool> { return db.run("DELETE FROM items") == 100; };
    runToEnd(io, database.write(empty));
    EXPECT_GT(pragma(io, database, "freelist_count"), 50);
    auto some = [](Connection& db) -> Result<int> {
        sql::dialect::reclaim(db, 10);
        return 0;
    };
    runToEnd(io, database.write(some));
    EXPECT_EQ(pragma(io, database, "page_count"), full - 10);
}

TEST(SqliteFile, ThatIsNotADatabaseIsRefused) {
    TempDir dir;
    std::ofstream(dir.file()) << std::string(5000, 'x');
    asio::io_context io{1};
    try {
        const SqliteDatabase database(io.get_executor(), dir.file(), withSchema());
        ADD_FAILURE() << "opened";
    } catch (const sql::Error& error) {
        EXPECT_THAT(error.what(), HasSubstr("not a database"));
    }
}

TEST(SqliteFile, KeepsWhatWasWrittenOverARestart) {
    TempDir dir;
    asio::io_context io{1};
    const Thread thread = makeThread();
    for (int round = 0; round < 2; ++round) {
        SqliteDatabase database(io.get_executor(), dir.file(), withSchema());
        auto job = [thread](Connection& db) -> Result<bool> { return store::insertThread(db, thread); };
        EXPECT_EQ(*runToEnd(io, database.write(job)), round == 0);
    }
    // The last connection has put the WAL into the file.
    EXPECT_FALSE(std::filesystem::exists(dir.file() + "-wal"));
}

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define HEDDLE_TSAN 1
#endif
#endif

// Writes threads, eight at a time, and reports each one's id when its write is acknowledged. Never returns.
asio::awaitable<void> writeForever(SqliteDatabase& database, int report) {
    SystemRandom random;
    const SystemClock clock;
    for (;;) {
        Thread thread = makeThread(clock.now());
        thread.id = ThreadId::v7(clock, random);
        thread.metadata = json(R"({"graph_id":"agent"})");
        auto job = [thread](Connection& db) -> Result<bool> { return store::insertThread(db, thread); };
        const auto stored = co_await database.write(job);
        if (!stored || !*stored) _exit(3);
        const auto& bytes = thread.id.uuid().bytes();
        if (::write(report, bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size())) _exit(4);
    }
}

[[noreturn]] void childWrites(const std::string& path, int report) {
    asio::io_context io{1};
    SqliteDatabase database(io.get_executor(), path, withSchema());
    for (int i = 0; i < 8; ++i) {
        asio::co_spawn(io, writeForever(database, report), [](const std::exception_ptr&) { _exit(5); });
    }
    io.run();
    _exit(6);
}

std::vector<ThreadId> readIds(int from, std::size_t at_most) {
    std::vector<ThreadId> ids;
    Uuid::Bytes bytes{};
    while (ids.size() < at_most &&
           ::read(from, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size())) {
        ids.emplace_back(Uuid(bytes));
    }
    return ids;
}

TEST(SqliteFile, AKilledProcessLosesNothingItHasAcknowledged) {
#ifdef HEDDLE_TSAN
    GTEST_SKIP() << "TSan does not follow threads that start after a fork";
#endif
    TempDir dir;
    for (std::size_t round = 1; round <= 3; ++round) {
        std::array<int, 2> pipe_ends{};
        ASSERT_EQ(pipe(pipe_ends.data()), 0);
        const pid_t child = fork();
        ASSERT_GE(child, 0);
        if (child == 0) childWrites(dir.file(), pipe_ends[1]);
        close(pipe_ends[1]);
        auto ids = readIds(pipe_ends[0], 100 * round);
        kill(child, SIGKILL);
        // What was acknowledged before the kill arrived.
        const auto rest = readIds(pipe_ends[0], 1'000'000);
        ids.insert(ids.end(), rest.begin(), rest.end());
        close(pipe_ends[0]);
        int status = 0;
        ASSERT_EQ(waitpid(child, &status, 0), child);
        ASSERT_TRUE(WIFSIGNALED(status)) << "the child ended by itself: " << WEXITSTATUS(status);
        ASSERT_GE(ids.size(), 100 * round);

        asio::io_context io{1};
        SqliteDatabase database(io.get_executor(), dir.file(), withSchema());
        auto job = [ids](Connection& db) -> Result<std::string> {
            for (const auto& id : ids) {
                if (!store::findThread(db, id)) return "lost " + id.str();
            }
            auto row = db.query("PRAGMA integrity_check");
            row.step();
            return row.string(0);
        };
        EXPECT_EQ(*runToEnd(io, database.read(job)), "ok");
    }
}

}  // namespace
}  // namespace heddle::test
