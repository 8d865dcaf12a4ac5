// SPDX-License-Identifier: Apache-2.0
#include "run/hub.hpp"

#include "base/limits.hpp"
#include "live.hpp"

#include <gtest/gtest.h>

#include <string>

namespace heddle::run {
namespace {

heddle::Run run(bool resumable = false) {
    return test::makeRun(resumable);
}

struct HubTest : ::testing::Test {
    test::FakeClock clock;
    Hub hub{clock};
};

TEST_F(HubTest, ASubscriberFromTheStartSeesEveryEventInTheReferencesBytes) {
    const auto live = hub.open(run());
    const auto reader = live->subscribe(Subscription::From::kNow, {});
    live->publish("metadata", R"({"attempt":1})");
    live->publish("values", R"({"a":1})");
    EXPECT_EQ(reader->take(1 << 20),
              "event: metadata\r\ndata: {\"attempt\":1}\r\n\r\nevent: values\r\ndata: {\"a\":1}\r\n\r\n");
    EXPECT_EQ(reader->take(1 << 20), "");
    EXPECT_FALSE(reader->finished());
    live->finish(Outcome{});
    EXPECT_TRUE(reader->finished());
}

TEST_F(HubTest, AJoinerOfAnOrdinaryRunGetsOnlyWhatComesFromNowOn) {
    const auto live = hub.open(run());
    const auto first = live->subscribe(Subscription::From::kNow, {});
    live->publish("values", "1");
    const auto late = live->subscribe(Subscription::From::kNow, {});
    live->publish("values", "2");
    EXPECT_EQ(late->take(1 << 20), "event: values\r\ndata: 2\r\n\r\n");
}

TEST_F(HubTest, EventsWithoutReadersAreNotKept) {
    const auto live = hub.open(run());
    live->publish("values", "1");
    const auto reader = live->subscribe(Subscription::From::kStart, {});
    EXPECT_EQ(reader->take(1 << 20), "");
}

TEST_F(HubTest, AResumableRunKeepsItsEventsAndNumbersThem) {
    const auto live = hub.open(run(true));
    live->publish("metadata", "0");
    live->publish("values", "1");
    const auto all = live->subscribeFrom(0, {}, EventIds::kRun);
    ASSERT_TRUE(all);
    EXPECT_EQ(all->take(1 << 20),
              "event: metadata\r\ndata: 0\r\nid: 1700000000000-0\r\n\r\n"
              "event: values\r\ndata: 1\r\nid: 1700000000000-1\r\n\r\n");
    const auto after = live->subscribeFrom(1, {}, EventIds::kRun);
    ASSERT_TRUE(after);
    EXPECT_EQ(after->take(1 << 20), "event: values\r\ndata: 1\r\nid: 1700000000000-1\r\n\r\n");
    EXPECT_FALSE(parseEventId("nonsense"));
    EXPECT_FALSE(parseEventId("1700000000000-x"));
    EXPECT_EQ(parseEventId("1700000000000-3")->seq, 3);
    EXPECT_TRUE(parseEventId("-1")->fromStart());
}

TEST_F(HubTest, AFilterShowsOnlyTheModesAskedFor) {
    const auto live = hub.open(run());
    const auto updates = live->subscribe(Subscription::From::kNow, {"updates"});
    const auto messages = live->subscribe(Subscription::From::kNow, {"messages"});
    const auto tuples = live->subscribe(Subscription::From::kNow, {"messages-tuple"});
    for (const char* event : {"values", "updates|child:1", "messages/partial", "messages"})
        live->publish(event, "0");
    EXPECT_EQ(updates->take(1 << 20), "event: updates|child:1\r\ndata: 0\r\n\r\n");
    EXPECT_EQ(tuples->take(1 << 20), "event: messages\r\ndata: 0\r\n\r\n");
    EXPECT_NE(messages->take(1 << 20).find("messages/partial"), std::string::npos);
}

TEST_F(HubTest, ReadersAreWokenByEventsAndByTheEnd) {
    const auto live = hub.open(run());
    const auto reader = live->subscribe(Subscription::From::kNow, {});
    int wakes = 0;
    reader->onWake([&] { ++wakes; });
    EXPECT_EQ(reader->take(1 << 20), "");
    live->publish("values", "1");
    live->publish("values", "2");
    EXPECT_EQ(wakes, 1) << "it was told already and has not come yet";
    EXPECT_NE(reader->take(1 << 20), "");
    EXPECT_EQ(reader->take(1 << 20), "");
    live->finish(Outcome{});
    EXPECT_EQ(wakes, 2);
}

TEST_F(HubTest, AReaderMayGoAwayInsideAnothersWake) {
    const auto live = hub.open(run());
    auto first = live->subscribe(Subscription::From::kNow, {});
    auto second = live->subscribe(Subscription::From::kNow, {});
    first->onWake([&] { second.reset(); });
    second->onWake([&] { first.reset(); });
    EXPECT_EQ(first->take(1), "");
    EXPECT_EQ(second->take(1), "");
    live->publish("values", "1");
    EXPECT_EQ(live->subscribers(), 1U);
}

TEST_F(HubTest, WaitersAreCalledOnceAndLateOnesAtOnce) {
    const auto live = hub.open(run());
    int called = 0;
    live->onFinished(
        [&](const Outcome& outcome) { called += outcome.status == RunStatus::kSuccess ? 1 : 100; });
    const auto forgotten = live->onFinished([&](const Outcome&) { called += 1000; });
    live->forget(forgotten);
    live->finish(Outcome{});
    EXPECT_EQ(called, 1);
    live->onFinished([&](const Outcome&) { ++called; });
    EXPECT_EQ(called, 2);
}

TEST_F(HubTest, ASlowReaderIsDroppedOnlyWhenItIsFarBehindAndMakesNoProgress) {
    const auto live = hub.open(run());
    const auto slow = live->subscribe(Subscription::From::kNow, {});
    const std::string big(1024 * 1024, '1');
    const auto publishMegabytes = [&](std::size_t count) {
        for (std::size_t i = 0; i < count; ++i) live->publish("values", big);
    };
    const std::size_t lag = limits::kSubscriberLag / big.size() + 2;
    // Far behind, but only just.
    publishMegabytes(lag);
    EXPECT_FALSE(slow->dropped());
    // Long without progress, but then it takes something.
    clock.advance(limits::kSubscriberStall + seconds(1));
    EXPECT_NE(slow->take(1), "");
    publishMegabytes(1);
    EXPECT_FALSE(slow->dropped());
    // Both.
    clock.advance(limits::kSubscriberStall + seconds(1));
    bool woken = false;
    slow->onWake([&] { woken = true; });
    publishMegabytes(1);
    EXPECT_TRUE(slow->dropped());
    EXPECT_TRUE(woken);
    EXPECT_EQ(slow->take(1 << 20), "");
}

TEST_F(HubTest, WhatAReaderCostsIsBoundedWhateverProgressItMakes) {
    const auto live = hub.open(run());
    const auto slow = live->subscribe(Subscription::From::kNow, {});
    const auto quick = live->subscribe(Subscription::From::kNow, {});
    const std::string big(1024 * 1024, '1');
    std::size_t published = 0;
    while (!slow->dropped() && published < 2 * limits::kSubscriberLagMost) {
        live->publish("values", big);
        live->publish("values", big);
        published += 2 * big.size();
        slow->take(1);
        while (!quick->take(1 << 20).empty()) {
        }
    }
    EXPECT_NEAR(static_cast<double>(published), 2 * limits::kSubscriberLagMost, 8e6);
    EXPECT_TRUE(slow->dropped());
    EXPECT_FALSE(quick->dropped());
}

TEST_F(HubTest, AReaderOfAResumableRunMayBeFarBehindSinceThatIsStored) {
    const auto disk = std::make_shared<test::Disk>();
    Hub storing{clock, disk};
    const auto live = storing.open(run(true));
    const auto slow = live->subscribe(Subscription::From::kNow, {});
    const std::string big(1024 * 1024, '1');
    for (std::size_t bytes = 0; bytes < 2 * limits::kSubscriberLagMost; bytes += big.size()) {
        live->publish("values", big);
        disk->store();
        disk->events.clear();
    }
    EXPECT_FALSE(slow->dropped());
    clock.advance(limits::kSubscriberStall + seconds(1));
    live->publish("values", big);
    EXPECT_TRUE(slow->dropped()) << "but it has to make progress";
}

TEST_F(HubTest, EventsOfAResumableRunAreSeenInOrderWhenTheyAreStoredFromMemoryOrFromPages) {
    const auto disk = std::make_shared<test::Disk>();
    Hub storing{clock, disk};
    const auto live = storing.open(run(true));
    const auto quick = live->subscribeFrom(0, {}, EventIds::kRun);
    const auto slow = live->subscribeFrom(0, {}, EventIds::kRun);
    std::string all, quickly;
    const std::string padding(limits::kResumableTail / 4, 'x');
    for (int n = 0; n < 20; ++n) {
        const std::string data = std::to_string(n) + padding;
        live->publish("custom", data);
        EXPECT_EQ(test::drain(*quick, *disk), "") << "it is not stored";
        disk->store();
        quickly += test::drain(*quick, *disk);
        all += test::frame("custom", data, std::to_string(test::kCreatedMs) + "-" + std::to_string(n));
    }
    EXPECT_TRUE(quickly == all);
    EXPECT_TRUE(slow->wanted()) << "memory has only the newest";
    EXPECT_TRUE(test::drain(*slow, *disk, 3) == all);
    live->finish(Outcome{});
    EXPECT_TRUE(slow->finished());
}

TEST_F(HubTest, AStreamOfAResumableRunEndsAfterItsLastEventIsStored) {
    const auto disk = std::make_shared<test::Disk>();
    Hub storing{clock, disk};
    const auto live = storing.open(run(true));
    const auto reader = live->subscribe(Subscription::From::kNow, {});
    live->publish("error", "1");
    live->finish(Outcome{});
    EXPECT_EQ(test::drain(*reader, *disk), "");
    EXPECT_FALSE(reader->finished());
    bool woken = false;
    reader->onWake([&] { woken = true; });
    disk->store();
    EXPECT_TRUE(woken);
    EXPECT_NE(test::drain(*reader, *disk), "");
    EXPECT_TRUE(reader->finished());
}

TEST_F(HubTest, ADroppedReaderFreesWhatOnlyItNeeded) {
    const auto live = hub.open(run());
    auto slow = live->subscribe(Subscription::From::kNow, {});
    const auto quick = live->subscribe(Subscription::From::kNow, {});
    const std::string big(1024 * 1024, '1');
    for (std::size_t i = 0; i < limits::kSubscriberLag / big.size() + 2; ++i) {
        live->publish("values", big);
        quick->take(1 << 30);
    }
    slow.reset();
    const auto late = live->subscribe(Subscription::From::kStart, {});
    EXPECT_EQ(late->take(1 << 30), "") << "events nobody needs were let go";
}

TEST_F(HubTest, ALiveResumableRunKeepsABoundedLog) {
    const auto live = hub.open(run(true));
    const std::string big(1024 * 1024, '1');
    for (std::size_t i = 0; i < 2 * limits::kResumableTail / big.size(); ++i) live->publish("values", big);
    const auto reader = live->subscribe(Subscription::From::kStart, {});
    EXPECT_LE(reader->take(1 << 30).size(), limits::kResumableTail + 2 * big.size());
}

TEST_F(HubTest, AClosedRunIsNotFoundButItsReadersGoOn) {
    const heddle::Run row = run();
    const auto live = hub.open(row);
    const auto reader = live->subscribe(Subscription::From::kNow, {});
    live->publish("values", "1");
    live->finish(Outcome{});
    hub.close(row.id);
    EXPECT_FALSE(hub.find(row.id));
    EXPECT_FALSE(reader->finished());
    EXPECT_NE(reader->take(1 << 20), "");
    EXPECT_TRUE(reader->finished());
}

}  // namespace
}  // namespace heddle::run
