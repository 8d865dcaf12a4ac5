// SPDX-License-Identifier: Apache-2.0
// A thread whose state is being changed, and what else may happen to it meanwhile. The test says when the
// executor answers.
#include "harness.hpp"
#include "run/service.hpp"
#include "store/assistants.hpp"
#include "store/checkpoints.hpp"
#include "store/thread_upkeep.hpp"
#include "store/threads.hpp"
#include "unasked_executor.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <gtest/gtest.h>

#include <semaphore>
#include <type_traits>
#include <utility>
#include <vector>

namespace heddle::run {
namespace {

namespace asio = boost::asio;
using test::runToEnd;

constexpr const char* kUpdated =
    R"({"values":{"out":"by hand"},"next":[],"tasks":[],"metadata":{},"interrupts":[],"checkpoint_id":"2"})";

// An update writes one checkpoint, and is answered when the test opens the gate.
class GatedExecutor final : public test::UnaskedExecutor {
  public:
    GatedExecutor(asio::io_context& io, sql::Database& db)
        : gate_(io, asio::steady_timer::time_point::max()), db_(db) {}

    [[nodiscard]] bool hosts(std::string_view) const override { return true; }
    [[nodiscard]] bool ready(std::string_view, graph::Company) const override { return true; }
    void start(graph::RunStart start, graph::Company) override { started.push_back(start.run.id); }
    void cancel(const RunId&, std::int64_t) override {}
    asio::awaitable<Result<graph::UpdatedState>> update(graph::StateUpdate update) override {
        ++updates;
        CheckpointPut put;
        put.key = {update.key.thread_id, "", "2"};
        put.checkpoint = {"msgpack", ""};
        auto job = [put](sql::Connection& connection) -> Result<void> {
            store::putCheckpoint(connection, put);
            return {};
        };
        const auto written = co_await db_.write(std::move(job));
        EXPECT_TRUE(written);
        wrote = true;
        if (gate_.expiry() == asio::steady_timer::time_point::max()) {
            (void)co_await gate_.async_wait(asio::as_tuple(asio::use_awaitable));
        }
        if (died) co_return Problem::unavailable("The worker died");
        RawJson checkpoint = RawJson::trusted(R"({"checkpoint_id":"2"})");
        co_return graph::UpdatedState{std::move(checkpoint), RawJson::trusted(kUpdated)};
    }
    void open() { gate_.expires_at(asio::steady_timer::time_point::min()); }

    int updates = 0;
    bool wrote = false;
    bool died = false;
    std::vector<RunId> started;

  private:
    asio::steady_timer gate_;
    sql::Database& db_;
};

struct StateUpdateTest : ::testing::Test {
    StateUpdateTest() {
        Thread row;
        row.id = thread = ThreadId::v7(clock, random);
        row.graph_id = "echo";
        row.ttl = ThreadTtl{microseconds(1), TtlStrategy::kDelete};
        write([row](sql::Connection& connection) -> Result<bool> {
            Assistant assistant;
            assistant.id = systemAssistantId("echo");
            assistant.graph_id = assistant.name = "echo";
            store::ensureSystemAssistants(connection, {assistant});
            return store::insertThread(connection, row);
        });
    }
    ~StateUpdateTest() override {
        executor.open();
        service.reset();
        io.restart();
        io.poll();
    }

    static ServiceOptions options() {
        ServiceOptions out;
        out.graphs = {"echo"};
        return out;
    }
    template <class F>
    typename std::invoke_result_t<F&, sql::Connection&>::value_type write(F job) {
        return *runToEnd(io, db.write(std::move(job)));
    }
    test::Task<Result<graph::UpdatedState>> update() {
        StateChange change;
        change.thread = thread;
        change.supersteps = RawJson::trusted("[]");
        return {io, service->updateState(std::move(change))};
    }
    void until(const std::function<bool()>& done) {
        io.restart();
        while (!done() && io.run_one_for(std::chrono::seconds(10)) > 0) {
        }
        ASSERT_TRUE(done());
    }
    void untilWritten() {
        until([&] { return executor.wrote; });
    }
    test::Task<Result<Service::Accepted>> create() {
        RunRequest request;
        request.thread = thread;
        request.assistant = "echo";
        return {io, service->create(std::move(request), Service::Reader::kNone)};
    }
    std::optional<Thread> row() {
        return write([id = thread](sql::Connection& connection) -> Result<std::optional<Thread>> {
            return store::findThread(connection, id);
        });
    }
    bool hasCheckpoints() {
        return write([id = thread](sql::Connection& connection) -> Result<bool> {
            return store::latestCheckpointId(connection, id.str(), "").has_value();
        });
    }

    asio::io_context io;
    SystemClock clock;
    SystemRandom random;
    // In a file, so that reads do not wait for writes.
    test::TempDir dir;
    sql::SqliteDatabase db{io.get_executor(), dir.file(), test::withSchema()};
    GatedExecutor executor{io, db};
    webhook::UrlPolicy urls{WebhookSettings{}};
    std::unique_ptr<Service> service = std::make_unique<Service>(io.get_executor(), db, clock, random,
                                                                 executor, urls, options(), ServiceEvents{});
    ThreadId thread;
};

TEST_F(StateUpdateTest, AThreadIsHeldFromBeginningToEnd) {
    EXPECT_TRUE(service->held().empty());
    auto updating = update();
    untilWritten();
    EXPECT_EQ(service->held(), std::vector<ThreadId>{thread});
    const auto expired = write([held = service->held()](sql::Connection& connection) -> Result<std::size_t> {
        return store::expireThreads(connection, test::at(1'000'000'000), 10, held).count();
    });
    EXPECT_EQ(expired, 0U) << "its time to live is over, but it is being changed";
    executor.open();
    ASSERT_TRUE(updating.finish());
    EXPECT_TRUE(service->held().empty());
    ASSERT_TRUE(row());
    EXPECT_EQ(row()->values.text(), R"({"out":"by hand"})");
}

TEST_F(StateUpdateTest, ARunThatIsCreatedMeanwhileStartsAfterIt) {
    auto updating = update();
    untilWritten();
    ASSERT_TRUE(create().finish());
    test::turn(io);
    EXPECT_TRUE(executor.started.empty());
    executor.open();
    ASSERT_TRUE(updating.finish());
    until([&] { return !executor.started.empty(); });
    EXPECT_EQ(row()->status, ThreadStatus::kBusy);
}

TEST_F(StateUpdateTest, AThreadThatIsDeletedMeanwhileGoesAfterIt) {
    auto updating = update();
    untilWritten();
    test::Task<Result<void>> removing(io, service->removeThread(thread));
    test::turn(io);
    EXPECT_FALSE(removing.done());
    executor.open();
    EXPECT_TRUE(updating.finish());
    EXPECT_TRUE(removing.finish());
    EXPECT_FALSE(row());
    EXPECT_FALSE(hasCheckpoints());
    EXPECT_TRUE(service->held().empty());
}

TEST_F(StateUpdateTest, AnUpdateAfterADeletionIsNotFound) {
    test::Task<Result<void>> removing(io, service->removeThread(thread));
    auto updating = update();
    EXPECT_TRUE(removing.finish());
    const auto updated = updating.finish();
    ASSERT_FALSE(updated);
    EXPECT_EQ(updated.error().kind, ProblemKind::kNotFound);
    EXPECT_EQ(executor.updates, 0);
}

// The job of a sweep was queued before the thread was held: what the update goes on from is looked up after
// it.
TEST_F(StateUpdateTest, AnUpdateIsPlannedBehindTheSweepThatDidNotKnowOfIt) {
    std::binary_semaphore go{0};
    auto sweep = [held = service->held(), &go](sql::Connection& connection) -> Result<std::size_t> {
        go.acquire();
        return store::expireThreads(connection, test::at(1'000'000'000), 10, held).count();
    };
    test::Task<Result<std::size_t>> sweeping(io, db.write(std::move(sweep)));
    auto updating = update();
    // A look at the database as it is now would be over after these.
    for (int i = 0; i < 5; ++i) {
        auto nothing = [](sql::Connection&) -> Result<int> { return 0; };
        EXPECT_TRUE(runToEnd(io, db.read(std::move(nothing))));
    }
    go.release();
    EXPECT_EQ(*sweeping.finish(), 1U);
    const auto updated = updating.finish();
    ASSERT_FALSE(updated);
    EXPECT_EQ(updated.error().kind, ProblemKind::kNotFound);
    EXPECT_EQ(executor.updates, 0);
    EXPECT_FALSE(hasCheckpoints());
}

TEST_F(StateUpdateTest, UpdatesOfAThreadComeOneAfterTheOther) {
    auto first = update();
    untilWritten();
    auto second = update();
    test::turn(io);
    EXPECT_EQ(executor.updates, 1);
    executor.open();
    EXPECT_TRUE(first.finish());
    EXPECT_TRUE(second.finish());
    EXPECT_EQ(executor.updates, 2);
}

TEST_F(StateUpdateTest, AWorkerThatDiesInTheMiddleLeavesAThreadThatCanBeUsed) {
    executor.died = true;
    auto updating = update();
    untilWritten();
    executor.open();
    const auto updated = updating.finish();
    ASSERT_FALSE(updated);
    EXPECT_EQ(updated.error().kind, ProblemKind::kUnavailable);
    EXPECT_TRUE(service->held().empty());
    ASSERT_TRUE(create().finish());
    until([&] { return !executor.started.empty(); });
}

TEST_F(StateUpdateTest, AThreadWithAnOpenRunIsBusy) {
    ASSERT_TRUE(create().finish());
    until([&] { return !executor.started.empty(); });
    auto updating = update();
    const auto updated = updating.finish();
    ASSERT_FALSE(updated);
    EXPECT_EQ(updated.error().kind, ProblemKind::kConflict);
    EXPECT_TRUE(service->held().empty());
}

}  // namespace
}  // namespace heddle::run
