// SPDX-License-Identifier: Apache-2.0
// Events on their way to the database: in batches, in order, seen when they are durable, and waited for.
#include "run/event_log.hpp"

#include "run/hub.hpp"
#include "store/harness.hpp"
#include "store/runs.hpp"
#include "store/threads.hpp"

namespace heddle::test {
namespace {

using run::EventLog;
using run::LiveRun;
using sql::Connection;

class EventLogTest : public StoreTest {
  protected:
    EventLogTest() {
        write([this](Connection& db) { store::insertThread(db, thread_); });
    }
    ~EventLogTest() override { turn(io_); }
    std::shared_ptr<LiveRun> open() {
        Run run = makeRun(thread_.id);
        run.kwargs.resumable = true;
        write([run](Connection& db) { store::insertRun(db, run); });
        return hub_->open(run);
    }
    void settle(const std::shared_ptr<LiveRun>& run) { runToEnd(io_, log_->settled(run)); }
    // From now on, no event can be stored; or they can again.
    void breakDisk() {
        write([](Connection& db) {
            db.run(
                "CREATE TRIGGER broken BEFORE INSERT ON run_events BEGIN SELECT RAISE(ABORT, 'full'); END");
        });
    }
    // Until writes of events have failed so often since.
    void untilFailed(std::uint64_t times) {
        const auto before = database_->stats().errors;
        io_.restart();
        while (database_->stats().errors < before + times && io_.run_one_for(std::chrono::seconds(20)) > 0) {
        }
        ASSERT_GE(database_->stats().errors, before + times);
    }
    void mendDisk() {
        write([](Connection& db) { db.run("DROP TRIGGER broken"); });
    }
    std::vector<store::RunEvent> stored(const RunId& run) {
        return read([run](Connection& db) { return store::findRunEvents(db, run, 0, 1 << 30).events; });
    }
    std::vector<std::string> data(const RunId& run) {
        std::vector<std::string> out;
        for (const auto& event : stored(run)) out.push_back(event.data);
        return out;
    }

    Thread thread_ = makeThread();
    SystemClock clock_;
    EventLog::Options options_{{1000, 2000, 10'000}, std::chrono::milliseconds(1)};
    std::shared_ptr<EventLog> log_ = std::make_shared<EventLog>(io_.get_executor(), *database_, options_);
    std::unique_ptr<run::Hub> hub_ = std::make_unique<run::Hub>(clock_, log_);
};

TEST_P(EventLogTest, EventsAreSeenWhenTheyAreStored) {
    const auto live = open();
    const auto reader = live->subscribe(LiveRun::From::kNow, {});
    live->publish("values", "1");
    live->publish("values", "2");
    EXPECT_EQ(reader->take(1 << 20), "");
    settle(live);
    EXPECT_EQ(data(live->id()), (std::vector<std::string>{"1", "2"}));
    EXPECT_NE(reader->take(1 << 20).find("data: 2"), std::string::npos);
}

TEST_P(EventLogTest, WhatComesInOneTurnIsOneTransaction) {
    const auto one = open(), two = open();
    const auto before = database_->stats().batches;
    for (int i = 0; i < 5; ++i) {
        one->publish("values", std::to_string(i));
        two->publish("values", std::to_string(i));
    }
    settle(one);
    EXPECT_EQ(two->unstored(), 0);
    EXPECT_EQ(database_->stats().batches, before + 1);
}

TEST_P(EventLogTest, WhatCannotBeStoredIsTriedAgainInOrderAndThenNothingIsMissing) {
    const auto live = open();
    const auto reader = live->subscribe(LiveRun::From::kNow, {});
    breakDisk();
    live->publish("values", "1");
    for (int i = 0; i < 3; ++i) {
        untilFailed(2);
        live->publish("values", std::to_string(2 + i));
    }
    EXPECT_EQ(live->unstored(), 4);
    EXPECT_EQ(reader->take(1 << 20), "");
    mendDisk();
    settle(live);
    EXPECT_EQ(data(live->id()), (std::vector<std::string>{"1", "2", "3", "4"}));
    EXPECT_NE(reader->take(1 << 20), "");
}

TEST_P(EventLogTest, SaysWhenThereIsRoomAgain) {
    const auto live = open();
    int told = 0;
    EXPECT_TRUE(log_->hasRoom());
    const std::string big(900, 'x');
    for (int i = 0; i < 20; ++i) live->publish("values", big);
    EXPECT_FALSE(log_->hasRoom());
    EXPECT_TRUE(log_->overflows()) << "although no write has failed";
    log_->whenRoom([&] {
        ++told;
        EXPECT_TRUE(log_->hasRoom());
    });
    settle(live);
    EXPECT_EQ(told, 1);
    EXPECT_TRUE(log_->hasRoom());
    EXPECT_FALSE(log_->overflows());
    EXPECT_EQ(stored(live->id()).size(), 20U);
}

TEST_P(EventLogTest, ThereIsNoRoomWhileTheDiskTakesNothing) {
    const auto live = open();
    breakDisk();
    int told = 0;
    const std::string big(900, 'x');
    for (int i = 0; i < 3; ++i) live->publish("values", big);
    log_->whenRoom([&] { ++told; });
    untilFailed(3);
    EXPECT_EQ(told, 0);
    EXPECT_FALSE(log_->hasRoom());
    mendDisk();
    settle(live);
    EXPECT_EQ(told, 1);
}

TEST_P(EventLogTest, IdleReturnsWhenNothingWaitsOrWhenItsTimeIsOver) {
    const auto live = open();
    runToEnd(io_, log_->idle(std::chrono::hours(1)));
    live->publish("values", "1");
    runToEnd(io_, log_->idle(std::chrono::hours(1)));
    EXPECT_EQ(live->unstored(), 0);
    breakDisk();
    live->publish("values", "2");
    runToEnd(io_, log_->idle(std::chrono::milliseconds(5)));
    EXPECT_EQ(live->unstored(), 1);
    mendDisk();
    settle(live);
}

TEST_P(EventLogTest, EventsOfARunThatWasDeletedDoNotHoldUpTheOthers) {
    const auto gone = open(), kept = open();
    write([&](Connection& db) { store::removeRun(db, gone->id()); });
    gone->publish("values", "1");
    kept->publish("values", "2");
    settle(kept);
    EXPECT_EQ(gone->unstored(), 0);
    EXPECT_EQ(data(kept->id()), std::vector<std::string>{"2"});
}

HEDDLE_BOTH_ENGINES(EventLogTest);

}  // namespace
}  // namespace heddle::test
