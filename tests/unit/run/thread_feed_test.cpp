// SPDX-License-Identifier: Apache-2.0
#include "run/thread_feed.hpp"

#include "base/limits.hpp"
#include "live.hpp"

#include <gtest/gtest.h>

#include <string>

namespace heddle::run {
namespace {

using test::frame;

constexpr FeedModes kRuns{true, false, false};
constexpr FeedModes kLifecycle{false, true, false};
constexpr FeedModes kStates{false, false, true};
constexpr std::int64_t kStart = 1'800'000'000'000'000;  // of the first run, µs; the others follow by a second

struct ThreadFeedTest : ::testing::Test {
    // A run that is created, with its `metadata` event published; not begun.
    std::shared_ptr<LiveRun> create(std::uint8_t number, bool resumable = false) {
        rows.push_back(test::makeRun(resumable, number));
        rows.back().started_at = Timestamp::fromMicros(start(number));
        rows.back().attempt = 1;
        const auto live = hub.open(rows.back());
        live->publish("metadata", metadata(number));
        return live;
    }
    void begin(const std::shared_ptr<LiveRun>& live, std::int64_t attempt = 1) {
        for (auto& row : rows) {
            if (row.id != live->id()) continue;
            row.attempt = attempt;
            hub.begin(*live, row);
        }
    }
    std::shared_ptr<LiveRun> started(std::uint8_t number, bool resumable = false) {
        const auto live = create(number, resumable);
        begin(live);
        return live;
    }
    void finish(const std::shared_ptr<LiveRun>& live) {
        disk->store();
        live->finish(Outcome{});
        hub.close(live->id());
    }
    std::unique_ptr<ThreadFeed> watch(FeedModes modes = kRuns) { return hub.watch(thread, modes); }
    std::string take(ThreadFeed& feed) { return test::drain(feed, *disk); }

    static std::int64_t start(std::uint8_t number) { return kStart + 1'000'000 * number; }
    static std::string id(std::uint8_t number, std::int64_t seq) {
        return std::to_string(start(number)) + "-" + std::to_string(seq);
    }
    static std::string metadata(std::uint8_t number) {
        return R"({"run_id":")" + test::makeRun(false, number).id.str() + R"(","attempt":1})";
    }
    static std::string opened(std::uint8_t number) {
        return frame("metadata", metadata(number), id(number, 0));
    }
    static std::string done(std::uint8_t number, std::int64_t seq) {
        return frame("metadata",
                     R"({"status":"run_done","run_id":")" + test::makeRun(false, number).id.str() + R"("})",
                     id(number, seq));
    }
    static store::StartedRun past(std::uint8_t number) {
        const auto row = test::makeRun(true, number);
        return {row.id, row.created_at, Timestamp::fromMicros(start(number))};
    }
    void storePast(std::uint8_t number, std::int64_t count) {
        const auto run = test::makeRun(true, number).id;
        disk->events.push_back({run, 0, "metadata", metadata(number)});
        for (std::int64_t seq = 1; seq < count; ++seq)
            disk->events.push_back({run, seq, "values", std::to_string(seq)});
    }
    static std::string values(std::uint8_t number, std::int64_t seq) {
        return frame("values", std::to_string(seq), id(number, seq));
    }

    test::FakeClock clock;
    std::shared_ptr<test::Disk> disk = std::make_shared<test::Disk>();
    Hub hub{clock, disk};
    ThreadId thread;
    std::vector<heddle::Run> rows;
};

TEST_F(ThreadFeedTest, ShowsRunsOneAfterTheOtherInTheOrderOfTheirStart) {
    const auto feed = watch();
    const auto late = create(2), early = create(1);
    begin(early);
    early->publish("values", "1");
    finish(early);
    begin(late);
    late->publish("values", "1");
    EXPECT_EQ(take(*feed), opened(1) + values(1, 1) + done(1, 2) + opened(2) + values(2, 1));
    late->publish("values", "2");
    EXPECT_EQ(take(*feed), values(2, 2));
    finish(late);
    EXPECT_EQ(take(*feed), done(2, 3));
    EXPECT_FALSE(feed->finished()) << "the thread may run again";
}

TEST_F(ThreadFeedTest, ARunThatBeginsBeforeTheOneBeforeWasTakenWaitsItsTurn) {
    const auto feed = watch();
    const auto one = started(1), two = started(2);
    two->publish("values", "1");
    one->publish("values", "1");
    EXPECT_EQ(take(*feed), opened(1) + values(1, 1));
    one->publish("values", "2");
    finish(one);
    EXPECT_EQ(take(*feed), values(1, 2) + done(1, 3) + opened(2) + values(2, 1));
}

TEST_F(ThreadFeedTest, LifecycleShowsOnlyStartsAndEnds) {
    const auto feed = watch(kLifecycle);
    const auto one = started(1);
    for (int i = 0; i < 3; ++i) one->publish("values", "1");
    EXPECT_EQ(take(*feed), opened(1));
    finish(one);
    EXPECT_EQ(take(*feed), done(1, 4));
}

TEST_F(ThreadFeedTest, AnotherAttemptIsTheSameRun) {
    const auto feed = watch();
    const auto one = started(1);
    one->publish("metadata", "2");
    begin(one, 2);
    EXPECT_EQ(take(*feed), opened(1) + frame("metadata", "2", id(1, 1)));
    finish(one);
    EXPECT_EQ(take(*feed), done(1, 2));
}

TEST_F(ThreadFeedTest, AFeedOpenedInTheMiddleOfARunShowsItFromThenOn) {
    const auto one = started(1);
    one->publish("values", "1");
    const auto feed = watch();
    one->publish("values", "2");
    EXPECT_EQ(take(*feed), values(1, 2));
    finish(one);
    EXPECT_EQ(take(*feed), done(1, 3));
}

TEST_F(ThreadFeedTest, StatesStandBetweenTheRunsWithoutAnId) {
    const auto feed = watch({true, false, true});
    const auto deaf = watch(kRuns);
    const auto one = started(1);
    hub.announceState(thread, RawJson::trusted("{\"a\":1}"));
    const auto two = started(2);
    finish(one);
    const std::string state = frame("state_update", R"({"state":{"a":1}})");
    EXPECT_EQ(take(*feed), opened(1) + done(1, 1) + state + opened(2));
    EXPECT_EQ(take(*deaf), opened(1) + done(1, 1) + opened(2));
    const auto states = watch(kStates);
    finish(two);
    hub.announceState(thread, RawJson::trusted("1"));
    EXPECT_EQ(take(*states), frame("state_update", R"({"state":1})"));
}

TEST_F(ThreadFeedTest, ReplaysStoredRunsBeforeWhatIsLive) {
    storePast(1, 3);
    storePast(2, 2);
    const auto live = started(3, true);
    live->publish("values", "1");
    disk->store();
    const auto feed = watch();
    live->publish("values", "2");
    feed->replay({past(1), past(2), past(3)}, EventPosition{});
    disk->store();
    EXPECT_EQ(take(*feed), opened(1) + values(1, 1) + values(1, 2) + done(1, 3) + opened(2) + values(2, 1) +
                               done(2, 2) + opened(3) + values(3, 1) + values(3, 2));
    finish(live);
    EXPECT_EQ(take(*feed), done(3, 3));
}

TEST_F(ThreadFeedTest, ResumesAfterAnyIdThatItGave) {
    storePast(1, 3);
    storePast(2, 2);
    const std::string all[] = {opened(1), values(1, 1), values(1, 2), done(1, 3),
                               opened(2), values(2, 1), done(2, 2)};
    const EventPosition ids[] = {{start(1), 0}, {start(1), 1}, {start(1), 2}, {start(1), 3},
                                 {start(2), 0}, {start(2), 1}, {start(2), 2}};
    for (std::size_t seen = 1; seen <= std::size(all); ++seen) {
        const auto feed = watch();
        const EventPosition after = ids[seen - 1];
        std::vector<store::StartedRun> runs;
        if (after.number == start(1)) runs.push_back(past(1));
        runs.push_back(past(2));
        feed->replay(runs, after);
        std::string rest;
        for (std::size_t i = seen; i < std::size(all); ++i) rest += all[i];
        EXPECT_EQ(take(*feed), rest) << "after " << seen;
    }
}

TEST_F(ThreadFeedTest, EventsOfAResumableRunAreShownWhenTheyAreStored) {
    const auto feed = watch();
    const auto one = started(1, true);
    one->publish("values", "1");
    EXPECT_EQ(take(*feed), opened(1));
    disk->store();
    EXPECT_EQ(take(*feed), values(1, 1));
}

TEST_F(ThreadFeedTest, IsWokenByEventsByRunsAndByItsEnd) {
    const auto feed = watch();
    int wakes = 0;
    feed->onWake([&] { ++wakes; });
    EXPECT_EQ(take(*feed), "");
    const auto one = started(1);
    EXPECT_EQ(wakes, 1);
    EXPECT_EQ(take(*feed), opened(1));
    one->publish("values", "1");
    EXPECT_EQ(wakes, 2);
    EXPECT_NE(take(*feed), "");
    finish(one);
    EXPECT_EQ(wakes, 3);
    EXPECT_EQ(take(*feed), done(1, 2));
    hub.closeThread(thread);
    EXPECT_EQ(wakes, 4);
    EXPECT_TRUE(feed->finished());
}

TEST_F(ThreadFeedTest, AClosedFeedGivesWhatItHoldsFirst) {
    const auto feed = watch();
    finish(started(1));
    hub.closeThread(thread);
    EXPECT_FALSE(feed->finished());
    EXPECT_EQ(take(*feed), opened(1) + done(1, 1));
    EXPECT_TRUE(feed->finished());
}

TEST_F(ThreadFeedTest, OtherThreadsAreNotShown) {
    Uuid::Bytes bytes{};
    bytes[0] = 1;
    const auto other = hub.watch(ThreadId(Uuid(bytes)), kRuns);
    finish(started(1));
    hub.announceState(thread, RawJson::trusted("1"));
    EXPECT_EQ(other->lag(), 0U);
}

TEST_F(ThreadFeedTest, IsDroppedWithARunThatItIsFarBehindOf) {
    const auto feed = watch();
    const auto one = started(1);
    const std::string big(1024 * 1024, '1');
    const auto publish = [&](std::size_t bytes) {
        for (std::size_t done = 0; done < bytes; done += big.size()) one->publish("values", big);
    };
    publish(limits::kSubscriberLag + 2 * big.size());
    clock.advance(limits::kSubscriberStall + seconds(1));
    EXPECT_NE(feed->take(1), "");
    publish(big.size());
    EXPECT_FALSE(feed->dropped()) << "it has just taken something";
    clock.advance(limits::kSubscriberStall + seconds(1));
    bool woken = false;
    feed->onWake([&] { woken = true; });
    publish(big.size());
    EXPECT_TRUE(feed->dropped());
    EXPECT_TRUE(woken);
    EXPECT_EQ(feed->take(1), "");
}

TEST_F(ThreadFeedTest, ARunThatWaitsItsTurnIsNotHeldAgainstAReaderThatReads) {
    const auto feed = watch();
    const auto one = started(1), two = started(2);
    const std::string big(1024 * 1024, '1');
    for (std::size_t i = 0; i < 40; ++i) {
        clock.advance(limits::kSubscriberStall / 2);
        one->publish("values", "1");
        EXPECT_NE(feed->take(1), "");
        two->publish("values", big);
    }
    EXPECT_FALSE(feed->dropped());
}

// Each run alone is small and over: nothing but the feed sees how much that is.
TEST_F(ThreadFeedTest, ManyRunsThatAreNotTakenAreBoundedTogether) {
    const auto feed = watch();
    const std::string big(4 * 1024 * 1024, '1');
    std::uint8_t runs = 0;
    while (!feed->dropped() && ++runs < 200) {
        const auto one = started(runs);
        one->publish("values", big);
        finish(one);
    }
    EXPECT_TRUE(feed->dropped());
    EXPECT_NEAR(runs, limits::kSubscriberLagMost / big.size() + 1, 2);
}

TEST_F(ThreadFeedTest, StatesThatAreNotTakenAreBoundedToo) {
    const auto feed = watch(kStates);
    const auto big = RawJson::trusted("\"" + std::string(4 * 1024 * 1024, '1') + "\"");
    std::size_t states = 0;
    while (!feed->dropped() && ++states < 200) hub.announceState(thread, big);
    EXPECT_TRUE(feed->dropped());
    EXPECT_NEAR(static_cast<double>(states), limits::kSubscriberLagMost / big.text().size() + 1, 2);
}

TEST_F(ThreadFeedTest, StoredEventsCostNoMemoryAndAreNotHeldAgainstIt) {
    const auto feed = watch();
    const std::string big(1024 * 1024, '1');
    std::uint8_t runs = 0;
    while (++runs < 20) {
        const auto one = started(runs, true);
        for (int i = 0; i < 10; ++i) {
            one->publish("values", big);
            disk->store();
            disk->events.clear();
        }
        finish(one);
    }
    EXPECT_FALSE(feed->dropped());
}

}  // namespace
}  // namespace heddle::run
