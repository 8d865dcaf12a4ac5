// SPDX-License-Identifier: Apache-2.0
#include "run/event_backlog.hpp"

#include "live.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace heddle::run {
namespace {

constexpr std::size_t kSize = sizeof(store::RunEvent) + 6 + 100;  // of what push() adds

struct EventBacklogTest : ::testing::Test {
    std::shared_ptr<LiveRun> open(std::uint8_t number) { return hub.open(test::makeRun(true, number)); }
    // As the log does: the run publishes, the backlog is given the event.
    void push(const std::shared_ptr<LiveRun>& run, int count = 1) {
        for (int i = 0; i < count; ++i) {
            const std::string data(100, 'x');
            run->publish("values", data);
            backlog.add(run, {run->id(), run->end() - 1, "values", data});
        }
    }
    static std::vector<std::int64_t> seqs(const EventBacklog::Batch& batch) {
        std::vector<std::int64_t> out;
        for (const auto& event : batch.events) out.push_back(event.seq);
        return out;
    }

    test::FakeClock clock;
    std::shared_ptr<test::Disk> disk = std::make_shared<test::Disk>();  // holds events back, stores none
    Hub hub{clock, disk};
    EventBacklog backlog{EventBounds{4 * kSize, 8 * kSize, 12 * kSize}};
};

using Seqs = std::vector<std::int64_t>;

TEST_F(EventBacklogTest, GivesWhatWaitsInOrderAndTellsEachRunHowFarItIsStored) {
    const auto one = open(1), two = open(2);
    push(one);
    push(two);
    push(one);
    const auto batch = backlog.take();
    EXPECT_EQ(seqs(batch), (Seqs{0, 0, 1}));
    EXPECT_EQ(batch.events[1].run, two->id());
    ASSERT_EQ(batch.runs.size(), 2U);
    EXPECT_TRUE(backlog.empty());
    EXPECT_EQ(one->unstored(), 2);
    backlog.written(batch);
    EXPECT_EQ(one->unstored(), 0);
    EXPECT_EQ(two->unstored(), 0);
    EXPECT_EQ(backlog.bytes(), 0U);
}

TEST_F(EventBacklogTest, ABatchIsBounded) {
    const auto run = open(1);
    push(run, 10);
    EXPECT_EQ(seqs(backlog.take()), (Seqs{0, 1, 2, 3}));
    EXPECT_EQ(seqs(backlog.take()), (Seqs{4, 5, 6, 7}));
    EXPECT_EQ(seqs(backlog.take()), (Seqs{8, 9}));
    EXPECT_TRUE(backlog.take().events.empty());
}

TEST_F(EventBacklogTest, OneLargeEventIsABatch) {
    const auto run = open(1);
    const std::string data(20 * kSize, 'x');
    run->publish("values", data);
    backlog.add(run, {run->id(), 0, "values", data});
    push(run);
    EXPECT_TRUE(backlog.overflows());
    const auto batch = backlog.take();
    EXPECT_EQ(seqs(batch), Seqs{0});
    backlog.written(batch);
    EXPECT_EQ(backlog.bytes(), kSize);
    EXPECT_TRUE(backlog.hasRoom());
}

TEST_F(EventBacklogTest, WhatIsTakenCountsUntilItIsWritten) {
    const auto run = open(1);
    push(run, 8);
    EXPECT_TRUE(backlog.hasRoom());
    push(run);
    EXPECT_FALSE(backlog.hasRoom());
    const auto batch = backlog.take();
    EXPECT_FALSE(backlog.hasRoom()) << "it may have to be written again";
    backlog.written(batch);
    EXPECT_TRUE(backlog.hasRoom());
}

TEST_F(EventBacklogTest, OverflowsHoweverWellTheWritesGo) {
    const auto run = open(1);
    push(run, 12);
    EXPECT_FALSE(backlog.overflows());
    push(run);
    EXPECT_TRUE(backlog.overflows());
    backlog.written(backlog.take());
    EXPECT_FALSE(backlog.overflows());
}

TEST_F(EventBacklogTest, ABatchRemovesWhatIsMoreThanIsKeptOfARun) {
    const auto run = open(1);
    const std::string data(1024 * 1024, 'x');
    const std::size_t kept = limits::kResumableStored / data.size();
    Seqs floors;
    for (std::size_t i = 0; i < kept + 10; ++i) {
        run->publish("values", data);
        backlog.add(run, {run->id(), run->end() - 1, "values", data});
        const auto batch = backlog.take();
        for (const auto& [id, floor] : batch.floors) {
            EXPECT_EQ(id, run->id());
            floors.push_back(floor);
        }
        backlog.written(batch);
    }
    ASSERT_FALSE(floors.empty());
    EXPECT_TRUE(std::ranges::is_sorted(floors));
    EXPECT_NEAR(static_cast<double>(floors.back()), 10, 2);
}

}  // namespace
}  // namespace heddle::run
