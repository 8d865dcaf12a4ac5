// SPDX-License-Identifier: Apache-2.0
// Group commit: what jobs of one batch do to each other (nothing), and what happens when the batch cannot
// commit.
#include "base/limits.hpp"
#include "store/harness.hpp"

#include <algorithm>
#include <atomic>

namespace heddle::test {
namespace {

using sql::Connection;

// Holds the writer thread until it is opened, so that everything submitted meanwhile lands in one batch.
class Gate {
  public:
    explicit Gate(asio::io_context& io, sql::SqliteDatabase& database) {
        auto job = [this](Connection&) -> Result<int> {
            started_.release();
            opened_.acquire();
            return 0;
        };
        held_.emplace(io, database.write(job));
        turn(io);
        started_.acquire();
    }
    ~Gate() { open(); }
    Gate(const Gate&) = delete;
    Gate& operator=(const Gate&) = delete;
    void open() {
        if (!std::exchange(is_open_, true)) opened_.release();
    }

  private:
    std::binary_semaphore started_{0}, opened_{0};
    bool is_open_ = false;
    std::optional<Task<Result<int>>> held_;
};

class WriterTest : public StoreTest {
  protected:
    WriterTest() {
        write([](Connection& db) {
            db.execute("CREATE TABLE numbers (id INTEGER PRIMARY KEY, n INTEGER UNIQUE)");
        });
    }

    // A job that inserts a number and returns its row.
    static auto inserts(std::int64_t n) {
        return [n](Connection& db) -> Result<std::int64_t> {
            auto row = db.query("INSERT INTO numbers (n) VALUES ($1) RETURNING id", n);
            row.step();
            return row.integer(0);
        };
    }
    static auto refusesAfter(std::int64_t n) {
        return [n](Connection& db) -> Result<std::int64_t> {
            db.run("INSERT INTO numbers (n) VALUES ($1)", n);
            return Problem::conflict("no");
        };
    }
    Task<Result<std::int64_t>> start(std::function<Result<std::int64_t>(Connection&)> job) {
        Task<Result<std::int64_t>> task(io_, database_->write(std::move(job)));
        turn(io_);
        return task;
    }
    std::vector<std::int64_t> numbers() {
        return read([](Connection& db) {
            std::vector<std::int64_t> out;
            auto rows = db.query("SELECT n FROM numbers ORDER BY n");
            while (rows.step()) out.push_back(rows.integer(0));
            return out;
        });
    }
};

using Numbers = std::vector<std::int64_t>;

TEST_P(WriterTest, AWriteIsSeenByTheNextRead) {
    for (std::int64_t n = 0; n < 50; ++n) {
        ASSERT_TRUE(start(inserts(n)).finish());
        ASSERT_EQ(numbers().size(), static_cast<std::size_t>(n + 1));
    }
}

TEST_P(WriterTest, JobsThatWaitTogetherShareOneCommitAndKeepTheirOrder) {
    Gate gate(io_, *database_);
    std::vector<Task<Result<std::int64_t>>> tasks;
    for (std::int64_t n = 0; n < 100; ++n) tasks.push_back(start(inserts(n)));
    const auto before = database_->stats();
    EXPECT_EQ(before.waiting, 100U);
    gate.open();
    std::int64_t last = 0;
    for (auto& task : tasks) {
        const auto row = task.finish();
        ASSERT_TRUE(row);
        EXPECT_EQ(*row, last + 1);
        last = *row;
    }
    const auto after = database_->stats();
    // The gate's own commit and one for all the others.
    EXPECT_EQ(after.batches - before.batches, 2U);
    EXPECT_EQ(after.batch_jobs_max, 100U);
    EXPECT_EQ(after.reruns, before.reruns);
}

TEST_P(WriterTest, ALargeBatchIsHandedOutInSeveralTurnsOfTheLoop) {
    Gate gate(io_, *database_);
    std::vector<Task<Result<std::int64_t>>> tasks;
    for (std::int64_t n = 0; n < 300; ++n) tasks.push_back(start(inserts(n)));
    gate.open();
    const auto finished = [&tasks] {
        return std::count_if(tasks.begin(), tasks.end(), [](const auto& task) { return task.done(); });
    };
    std::ptrdiff_t most = 0;
    io_.restart();
    for (auto before = finished(); before < 300; before = finished()) {
        ASSERT_GT(io_.run_one_for(std::chrono::seconds(20)), 0U);
        most = std::max(most, finished() - before);
    }
    EXPECT_EQ(most, 64);
    EXPECT_EQ(numbers().size(), 300U);
}

TEST_P(WriterTest, AProblemRollsBackItsOwnJobOnly) {
    Gate gate(io_, *database_);
    auto first = start(inserts(1));
    auto refused = start(refusesAfter(2));
    auto last = start(inserts(3));
    gate.open();
    EXPECT_TRUE(first.finish());
    EXPECT_EQ(refused.finish().error(), Problem::conflict("no"));
    EXPECT_TRUE(last.finish());
    EXPECT_EQ(numbers(), (Numbers{1, 3}));
}

TEST_P(WriterTest, AProblemOfAJobThatIsAloneRollsItBack) {
    EXPECT_FALSE(start(refusesAfter(2)).finish());
    EXPECT_EQ(numbers(), Numbers{});
}

TEST_P(WriterTest, AnExceptionRollsBackItsOwnJobOnly) {
    Gate gate(io_, *database_);
    auto first = start(inserts(1));
    auto thrower = start([](Connection& db) -> Result<std::int64_t> {
        db.run("INSERT INTO numbers (n) VALUES (2)");
        throw std::runtime_error("a bug");
    });
    auto duplicate = start([](Connection& db) -> Result<std::int64_t> {
        db.run("INSERT INTO numbers (n) VALUES (4)");
        db.run("INSERT INTO numbers (n) VALUES (1)");
        return 0;
    });
    auto last = start(inserts(3));
    gate.open();
    EXPECT_TRUE(first.finish());
    EXPECT_THROW(thrower.finish(), std::runtime_error);
    try {
        duplicate.finish();
        ADD_FAILURE() << "the duplicate went in";
    } catch (const sql::Error& error) {
        EXPECT_TRUE(error.isConstraint()) << error.what();
    }
    EXPECT_TRUE(last.finish());
    EXPECT_EQ(numbers(), (Numbers{1, 3}));
    EXPECT_EQ(database_->stats().errors, 2U);
    EXPECT_EQ(database_->stats().storage_errors, 0U);  // the disk had no part in it
}

TEST_P(WriterTest, ARefusalWithoutAChangeCostsTheBatchNoSecondRun) {
    Gate gate(io_, *database_);
    auto first = start(inserts(1));
    auto refused = start([](Connection&) -> Result<std::int64_t> { return Problem::notFound("no"); });
    auto last = start(inserts(3));
    gate.open();
    EXPECT_TRUE(first.finish());
    EXPECT_FALSE(refused.finish());
    EXPECT_TRUE(last.finish());
    EXPECT_EQ(database_->stats().reruns, 0U);
}

TEST_P(WriterTest, AJobSeesWhatEarlierJobsOfItsBatchWrote) {
    Gate gate(io_, *database_);
    auto first = start(inserts(7));
    auto refused = start(refusesAfter(8));
    auto looks = start([](Connection& db) -> Result<std::int64_t> {
        auto row = db.query("SELECT sum(n) FROM numbers");
        row.step();
        return row.integer(0);
    });
    gate.open();
    first.finish();
    refused.finish();
    EXPECT_EQ(*looks.finish(), 7);
}

// The page limit makes the batch as a whole too large, though each of its small jobs fits.
TEST_P(WriterTest, AFullDiskFailsOnlyWhatDoesNotFit) {
    write([](Connection& db) {
        std::int64_t pages = 0;
        {
            auto row = db.query("PRAGMA page_count");
            row.step();
            pages = row.integer(0);
        }
        db.execute("PRAGMA max_page_count = " + std::to_string(pages + 20));
    });
    const auto fills = [](Connection& db) -> Result<std::int64_t> {
        db.execute("CREATE TABLE bulk (b BLOB)");
        for (int i = 0; i < 100; ++i) db.run("INSERT INTO bulk VALUES (zeroblob(4000))");
        return 0;
    };
    Gate gate(io_, *database_);
    auto first = start(inserts(1));
    auto full = start(fills);
    auto last = start(inserts(2));
    gate.open();
    EXPECT_TRUE(first.finish());
    try {
        full.finish();
        ADD_FAILURE() << "the disk was not full";
    } catch (const sql::Error& error) {
        EXPECT_EQ(error.code(), sql::Error::Code::kFull) << error.what();
    }
    EXPECT_EQ(database_->stats().storage_errors, 1U);
    EXPECT_TRUE(last.finish());
    EXPECT_EQ(numbers(), (Numbers{1, 2}));
    // Recovery: there is room again.
    write([](Connection& db) { db.execute("PRAGMA max_page_count = 1000000"); });
    EXPECT_TRUE(start(fills).finish());
}

// A job that swallows the error of a lost transaction must not go on in autocommit mode.
TEST_P(WriterTest, NothingIsWrittenOutsideATransaction) {
    Gate gate(io_, *database_);
    auto first = start(inserts(1));
    auto rogue = start([](Connection& db) -> Result<std::int64_t> {
        db.execute("ROLLBACK");  // stands for what SQLite does on its own
        try {
            db.run("INSERT INTO numbers (n) VALUES (2)");
        } catch (const sql::Error&) {
        }
        return 0;
    });
    auto last = start(inserts(3));
    gate.open();
    EXPECT_TRUE(first.finish());
    EXPECT_THROW(rogue.finish(), sql::Error);
    EXPECT_TRUE(last.finish());
    EXPECT_EQ(numbers(), (Numbers{1, 3}));
}

TEST_P(WriterTest, AFullQueueRefusesAndRecovers) {
    Gate gate(io_, *database_);
    std::size_t accepted = 0, refused = 0;
    const auto submit = [&](std::int64_t n) -> asio::awaitable<void> {
        auto job = inserts(n);
        const auto result = co_await database_->write(std::move(job));
        if (result)
            ++accepted;
        else if (result.error().kind == ProblemKind::kUnavailable)
            ++refused;
    };
    const auto nothing = [](const std::exception_ptr& error) { EXPECT_FALSE(error); };
    for (std::size_t n = 0; n < limits::kSqlQueue + 3; ++n) {
        asio::co_spawn(io_, submit(static_cast<std::int64_t>(n)), nothing);
    }
    turn(io_);
    EXPECT_EQ(refused, 3U);
    EXPECT_EQ(database_->stats().waiting, limits::kSqlQueue);
    gate.open();
    runToEnd(io_, database_->flush());
    EXPECT_EQ(accepted, limits::kSqlQueue);
    EXPECT_EQ(database_->stats().batch_jobs_max, limits::kSqlBatch);
    EXPECT_TRUE(start(inserts(-1)).finish());
}

TEST_P(WriterTest, FlushWaitsForWhatWasSubmittedBefore) {
    std::vector<Task<Result<std::int64_t>>> tasks;
    for (std::int64_t n = 0; n < 20; ++n) tasks.push_back(start(inserts(n)));
    runToEnd(io_, database_->flush());
    for (const auto& task : tasks) EXPECT_TRUE(task.done());
}

TEST_P(WriterTest, TheDestructorWorksOffBothQueues) {
    std::vector<Task<Result<std::int64_t>>> tasks;
    for (std::int64_t n = 0; n < 20; ++n) tasks.push_back(start(inserts(n)));
    std::atomic<int> reads = 0;
    std::vector<Task<Result<int>>> looks;
    for (int n = 0; n < 20; ++n) {
        looks.emplace_back(io_, database_->read([&reads](Connection&) -> Result<int> { return ++reads; }));
    }
    turn(io_);
    database_.reset();
    EXPECT_EQ(reads, 20);
    for (auto& task : tasks) EXPECT_TRUE(task.finish());
    for (auto& look : looks) EXPECT_TRUE(look.finish());
}

TEST_P(WriterTest, AReadThatThrowsHarmsNoOther) {
    for (int i = 0; i < 5; ++i) {
        EXPECT_THROW(read([](Connection& db) { db.query("SELECT * FROM nowhere").step(); }), sql::Error);
        EXPECT_EQ(numbers(), Numbers{});
    }
}

TEST_P(WriterTest, AReadRefusesWithItsOwnProblem) {
    auto job = [](Connection&) -> Result<int> { return Problem::notFound("nothing"); };
    EXPECT_EQ(runToEnd(io_, database_->read(job)).error(), Problem::notFound("nothing"));
}

TEST_P(WriterTest, BoundTextsNeedNotOutliveTheCall) {
    write([](Connection& db) {
        auto row = db.query("SELECT $1, $2", std::string(5000, 'x'), std::string("short"));
        const std::string other(5000, 'y');
        ASSERT_TRUE(row.step());
        EXPECT_EQ(row.text(0), std::string(5000, 'x'));
        EXPECT_EQ(row.text(1), "short");
    });
}

TEST_P(WriterTest, TheSameStatementCannotBeUsedTwiceAtOnce) {
    write([](Connection& db) {
        auto one = db.prepare("SELECT 1");
        EXPECT_THROW(db.prepare("SELECT 1"), std::logic_error);
    });
    write([](Connection& db) { EXPECT_TRUE(db.prepare("SELECT 1").step()); });
}

TEST_P(WriterTest, EmptyTextsAndBlobsAreNotNull) {
    write([](Connection& db) {
        auto row = db.query("SELECT $1, $2, $3, $4", std::string_view(), sql::Blob{{}}, nullptr,
                            std::optional<std::int64_t>(4));
        ASSERT_TRUE(row.step());
        EXPECT_FALSE(row.isNull(0));
        EXPECT_FALSE(row.isNull(1));
        EXPECT_TRUE(row.isNull(2));
        EXPECT_EQ(row.optionalInteger(3), 4);
    });
}

HEDDLE_BOTH_ENGINES(WriterTest);

// Reads have threads of their own only with a file.
class ReaderTest : public WriterTest {};

TEST_P(ReaderTest, AReadWaitsForNoWrite) {
    Gate gate(io_, *database_);
    auto waiting = start(inserts(1));
    EXPECT_EQ(numbers(), Numbers{});
    gate.open();
    EXPECT_TRUE(waiting.finish());
    EXPECT_EQ(numbers(), Numbers{1});
}

TEST_P(ReaderTest, AReadCannotWrite) {
    EXPECT_THROW(read([](Connection& db) { db.run("INSERT INTO numbers (n) VALUES (1)"); }), sql::Error);
}

TEST_P(ReaderTest, ASlowReadHoldsUpNobody) {
    std::binary_semaphore open{0};
    Task<Result<int>> slow(io_, database_->read([&open](Connection&) -> Result<int> {
        open.acquire();
        return 1;
    }));
    turn(io_);
    for (int i = 0; i < 10; ++i) EXPECT_EQ(numbers(), Numbers{});
    open.release();
    EXPECT_TRUE(slow.finish());
}

TEST_P(ReaderTest, ScansTakeTurnsAndHoldUpNoRead) {
    std::binary_semaphore open{0};
    Task<Result<int>> slow(io_, database_->scan([&open](Connection&) -> Result<int> {
        open.acquire();
        return 1;
    }));
    std::vector<std::unique_ptr<Task<Result<int>>>> others;
    for (int i = 0; i < 5; ++i) {
        others.push_back(std::make_unique<Task<Result<int>>>(
            io_, database_->scan([i](Connection&) -> Result<int> { return i; })));
    }
    turn(io_);
    for (int i = 0; i < 10; ++i) EXPECT_EQ(numbers(), Numbers{});
    for (const auto& other : others) EXPECT_FALSE(other->done());
    open.release();
    EXPECT_TRUE(slow.finish());
    for (int i = 0; i < 5; ++i) EXPECT_EQ(others[static_cast<std::size_t>(i)]->finish().value(), i);
}

INSTANTIATE_TEST_SUITE_P(Sqlite, ReaderTest, ::testing::Values(Engine::kFile), engineName);

}  // namespace
}  // namespace heddle::test
