// SPDX-License-Identifier: Apache-2.0
#include "run/scheduler.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>
#include <vector>

namespace heddle::run {
namespace {

// Ids from small numbers, so that failures read well.
template <class IdType>
IdType id(std::uint8_t number) {
    Uuid::Bytes bytes{};
    bytes[15] = number;
    return IdType(Uuid(bytes));
}

Waiting waiting(std::uint8_t run, std::uint8_t thread, std::string graph = "echo") {
    return Waiting{id<RunId>(run), id<ThreadId>(thread), std::move(graph), std::nullopt};
}

const auto kAlways = [](const Waiting&) { return true; };
const auto kNever = [](const Waiting&) { return false; };

std::optional<std::uint8_t> nextRun(Scheduler& scheduler) {
    const auto next = scheduler.next(kAlways);
    return next ? std::optional<std::uint8_t>(next->run.uuid().bytes()[15]) : std::nullopt;
}

TEST(Scheduler, StartsRunsOfDifferentThreadsFirstComeFirstServed) {
    Scheduler scheduler;
    scheduler.add(waiting(1, 1), std::nullopt);
    scheduler.add(waiting(2, 2), std::nullopt);
    EXPECT_EQ(nextRun(scheduler), 1);
    EXPECT_EQ(nextRun(scheduler), 2);
    EXPECT_EQ(nextRun(scheduler), std::nullopt);
}

TEST(Scheduler, KeepsTheSecondRunOfAThreadUntilTheFirstHasEnded) {
    Scheduler scheduler;
    scheduler.add(waiting(1, 1), std::nullopt);
    scheduler.add(waiting(2, 1), std::nullopt);
    EXPECT_EQ(nextRun(scheduler), 1);
    EXPECT_EQ(nextRun(scheduler), std::nullopt);
    scheduler.release(id<ThreadId>(1));
    EXPECT_EQ(nextRun(scheduler), 2);
}

TEST(Scheduler, StartsNothingWhileNoExecutorIsReady) {
    Scheduler scheduler;
    scheduler.add(waiting(1, 1), std::nullopt);
    EXPECT_FALSE(scheduler.next(kNever));
    EXPECT_EQ(nextRun(scheduler), 1);
}

TEST(Scheduler, AGraphWithoutCapacityHoldsUpNoOther) {
    Scheduler scheduler;
    scheduler.add(waiting(1, 1, "busy"), std::nullopt);
    scheduler.add(waiting(2, 2, "free"), std::nullopt);
    const auto next = scheduler.next([](const Waiting& run) { return run.graph_id == "free"; });
    ASSERT_TRUE(next);
    EXPECT_EQ(next->run, id<RunId>(2));
}

TEST(Scheduler, ADelayedRunStartsWhenItIsDueAndNotBefore) {
    Scheduler scheduler;
    scheduler.add(waiting(1, 1), Timestamp::fromMicros(1000));
    scheduler.advance(Timestamp::fromMicros(999));
    EXPECT_EQ(nextRun(scheduler), std::nullopt);
    EXPECT_EQ(scheduler.nextDue(), Timestamp::fromMicros(1000));
    scheduler.advance(Timestamp::fromMicros(1000));
    EXPECT_EQ(nextRun(scheduler), 1);
    EXPECT_EQ(scheduler.nextDue(), std::nullopt);
}

TEST(Scheduler, ADelayedRunDoesNotHoldUpALaterOneOfItsThread) {
    Scheduler scheduler;
    scheduler.add(waiting(1, 1), Timestamp::fromMicros(1000));
    scheduler.add(waiting(2, 1), std::nullopt);
    EXPECT_EQ(nextRun(scheduler), 2);
}

TEST(Scheduler, ARemovedRunNeverStartsAndTheNextOneDoes) {
    Scheduler scheduler;
    scheduler.add(waiting(1, 1), std::nullopt);
    scheduler.add(waiting(2, 1), std::nullopt);
    scheduler.add(waiting(3, 1), Timestamp::fromMicros(5));
    EXPECT_TRUE(scheduler.remove(id<RunId>(1)));
    EXPECT_TRUE(scheduler.remove(id<RunId>(3)));
    EXPECT_FALSE(scheduler.remove(id<RunId>(1)));
    scheduler.advance(Timestamp::fromMicros(10));
    EXPECT_EQ(nextRun(scheduler), 2);
    EXPECT_EQ(scheduler.waiting(), 0U);
}

TEST(Scheduler, ARunThatWasHandedOutCannotBeRemoved) {
    Scheduler scheduler;
    scheduler.add(waiting(1, 1), std::nullopt);
    EXPECT_EQ(nextRun(scheduler), 1);
    EXPECT_FALSE(scheduler.remove(id<RunId>(1)));
}

TEST(Scheduler, ARunThatWentBackStartsBeforeTheOthersOfItsThread) {
    Scheduler scheduler;
    scheduler.add(waiting(1, 1), std::nullopt);
    scheduler.add(waiting(2, 1), std::nullopt);
    auto first = scheduler.next(kAlways);
    ASSERT_TRUE(first);
    scheduler.putBack(std::move(*first));
    EXPECT_EQ(scheduler.waiting(), 2U);
    EXPECT_EQ(nextRun(scheduler), 1);
}

TEST(Scheduler, ARunWhoseWorkerDiedWaitsForNoOther) {
    Scheduler scheduler;
    for (std::uint8_t run = 1; run <= 3; ++run) scheduler.add(waiting(run, run), std::nullopt);
    auto lost = scheduler.next(kAlways);
    ASSERT_TRUE(lost);
    lost->company = 2;
    scheduler.putBack(std::move(*lost));
    // The others have no place, or it has none.
    const auto next = scheduler.next([](const Waiting& run) { return !run.company; });
    ASSERT_TRUE(next);
    EXPECT_EQ(next->run, id<RunId>(2));
    EXPECT_EQ(nextRun(scheduler), 1);
    EXPECT_EQ(nextRun(scheduler), 3);
}

TEST(Scheduler, AnOccupiedThreadWaitsForItsRelease) {
    Scheduler scheduler;
    scheduler.occupy(id<ThreadId>(1));
    scheduler.add(waiting(1, 1), std::nullopt);
    EXPECT_EQ(nextRun(scheduler), std::nullopt);
    scheduler.release(id<ThreadId>(1));
    EXPECT_EQ(nextRun(scheduler), 1);
}

TEST(Scheduler, AThreadThatIsOccupiedWithARunWaitingIsServedAfterItsRelease) {
    Scheduler scheduler;
    scheduler.add(waiting(1, 1), std::nullopt);
    scheduler.occupy(id<ThreadId>(1));
    EXPECT_EQ(nextRun(scheduler), std::nullopt) << "it is passed over";
    scheduler.release(id<ThreadId>(1));
    EXPECT_EQ(nextRun(scheduler), 1);
}

TEST(Scheduler, AThreadWhoseHeadIsOfAnotherGraphAfterARemovalIsServedUnderThatGraph) {
    Scheduler scheduler;
    scheduler.add(waiting(1, 1, "a"), std::nullopt);
    scheduler.add(waiting(2, 1, "b"), std::nullopt);
    EXPECT_TRUE(scheduler.remove(id<RunId>(1)));
    EXPECT_FALSE(scheduler.next([](const Waiting& run) { return run.graph_id == "a"; }));
    const auto next = scheduler.next([](const Waiting& run) { return run.graph_id == "b"; });
    ASSERT_TRUE(next);
    EXPECT_EQ(next->run, id<RunId>(2));
}

// 10,000 random schedules: never two runs at once on a thread, every run that was not removed starts exactly
// once, and runs of one thread start in the order in which they were added.
TEST(SchedulerProperty, HoldsOverRandomSchedules) {
    for (unsigned seed = 0; seed < 10'000; ++seed) {
        std::mt19937 random(seed);
        const auto pick = [&](unsigned below) { return static_cast<std::uint8_t>(random() % below); };
        Scheduler scheduler;
        std::set<std::uint8_t> expected;
        std::map<RunId, ThreadId> active;
        std::set<ThreadId> busy;
        std::map<ThreadId, std::uint8_t> last_of_thread;
        std::vector<std::uint8_t> started;
        std::uint8_t added = 0;
        const auto start = [&] {
            const auto next = scheduler.next(kAlways);
            if (!next) return false;
            const auto number = next->run.uuid().bytes()[15];
            EXPECT_TRUE(busy.insert(next->thread).second) << "seed " << seed << ": two runs at once";
            EXPECT_LT(last_of_thread[next->thread], number) << "seed " << seed << ": out of order";
            last_of_thread[next->thread] = number;
            active[next->run] = next->thread;
            started.push_back(number);
            return true;
        };
        for (int step = 0; step < 40; ++step) {
            const auto choice = pick(10);
            if (choice < 5 && added < 200) {
                ++added;
                scheduler.add(
                    waiting(added, static_cast<std::uint8_t>(1 + pick(3)), pick(2) == 0 ? "a" : "b"),
                    std::nullopt);
                expected.insert(added);
            } else if (choice < 7) {
                start();
            } else if (choice < 9 && !active.empty()) {
                const auto ended = active.begin();
                busy.erase(ended->second);
                scheduler.release(ended->second);
                active.erase(ended);
            } else if (added > 0) {
                const auto victim = static_cast<std::uint8_t>(1 + pick(added));
                if (scheduler.remove(id<RunId>(victim))) expected.erase(victim);
            }
        }
        while (true) {
            while (start()) {
            }
            if (active.empty()) break;
            busy.erase(active.begin()->second);
            scheduler.release(active.begin()->second);
            active.erase(active.begin());
        }
        EXPECT_EQ(std::set<std::uint8_t>(started.begin(), started.end()), expected) << "seed " << seed;
        EXPECT_EQ(started.size(), expected.size()) << "seed " << seed << ": a run started twice";
        if (::testing::Test::HasFailure()) return;
    }
}

}  // namespace
}  // namespace heddle::run
