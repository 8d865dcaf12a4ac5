// SPDX-License-Identifier: Apache-2.0
// An outbox on "disk" (a map of lanes), a dispatcher that reads as the real one does, and destinations that
// answer, hang or refuse. Time is counted in steps.
#include "webhook/lanes.hpp"

#include "unit/webhook/support.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace heddle::webhook {
namespace {

using Answer = Lanes::Answer;

class Outbox {
  public:
    explicit Outbox(LaneLimits limits = {}) : lanes(limits), random_(1) {}

    store::DueDelivery add(const std::string& lane) {
        store::DueDelivery delivery{DeliveryId(Uuid::v4(random_)), lane, Timestamp::fromMicros(next_++)};
        disk_[lane].push_back(delivery);
        return delivery;
    }
    void add(const std::string& lane, int count) {
        for (int i = 0; i < count; ++i) add(lane);
    }

    // What the pump does: reads where it is wanted, starts what may start.
    void read() {
        const auto names = lanes.passOver();
        const std::set<std::string> full(names.begin(), names.end());
        ++reads;
        std::vector<std::pair<Timestamp, std::string>> heads;
        for (const auto& [lane, rows] : disk_) {
            if (!rows.empty() && held_[lane] <= now) heads.emplace_back(rows.front().due_at, lane);
        }
        std::sort(heads.begin(), heads.end());
        const bool more_lanes = heads.size() >= lanes.readLanes();
        if (more_lanes) heads.resize(lanes.readLanes());
        for (const auto& [due, lane] : heads) {
            if (full.contains(lane)) continue;
            const auto& rows = disk_[lane];
            const auto count = std::min(rows.size(), lanes.readPerLane());
            rows_read += count;
            for (std::size_t i = 0; i < count; ++i) lanes.offer(rows[i], now, Lanes::Origin::kOutbox);
            if (count == lanes.readPerLane()) lanes.markMore(lane);
        }
        if (more_lanes) lanes.markMoreLanes();
    }
    std::vector<store::DueDelivery> start() {
        std::vector<store::DueDelivery> started;
        for (;;) {
            while (auto head = lanes.start(now)) {
                auto& rows = disk_[head->lane];
                // Committed as leased: it is not due any more.
                under_way_[head->id] = head->lane;
                rows.erase(std::find_if(rows.begin(), rows.end(),
                                        [&](const auto& row) { return row.id == head->id; }));
                started.push_back(*head);
            }
            if (!lanes.takeHungry()) return started;
            read();
        }
    }
    // An attempt ends; how long the lane is held then.
    std::optional<microseconds> end(const DeliveryId& id, Answer answer) {
        const auto lane = under_way_[id];
        const auto hold = lanes.noteAnswer(id, answer, now, random_);
        if (hold) held_[lane] = now + *hold;
        lanes.ended(id);
        return hold;
    }
    [[nodiscard]] std::size_t onDisk(const std::string& lane) { return disk_[lane].size(); }

    Lanes lanes;
    microseconds now{1'000'000};  // monotonic
    std::size_t reads = 0;
    std::size_t rows_read = 0;

  private:
    std::map<std::string, std::deque<store::DueDelivery>> disk_;
    std::map<std::string, microseconds> held_;
    std::map<DeliveryId, std::string> under_way_;
    SeededRandom random_;
    std::int64_t next_ = 1;
};

std::size_t countOf(const std::vector<store::DueDelivery>& started, std::string_view lane) {
    return static_cast<std::size_t>(
        std::count_if(started.begin(), started.end(), [lane](const auto& d) { return d.lane == lane; }));
}

TEST(Lanes, SendsInTheOrderOfDueTimes) {
    Outbox box;
    const auto first = box.add("a");
    const auto second = box.add("a");
    box.read();
    EXPECT_EQ(box.lanes.start(box.now)->id, first.id);
    EXPECT_EQ(box.lanes.start(box.now)->id, second.id);
    EXPECT_FALSE(box.lanes.start(box.now));
}

TEST(Lanes, KnowsADeliveryOnlyOnce) {
    Outbox box;
    box.add("a");
    box.read();
    box.read();
    const auto head = box.lanes.start(box.now);
    ASSERT_TRUE(head);
    box.read();  // a reader that has not seen the lease yet
    EXPECT_FALSE(box.lanes.start(box.now));
    box.end(head->id, Answer::kYes);
    EXPECT_EQ(box.lanes.inFlight(), 0U);
    EXPECT_EQ(box.lanes.waiting(), 0U);
}

TEST(Lanes, GivesANewDestinationLittleUntilItAnswers) {
    Outbox box;
    box.add("a", 100);
    box.read();
    const auto started = box.start();
    EXPECT_EQ(started.size(), 2U);
    box.end(started[0].id, Answer::kYes);
    EXPECT_EQ(box.start().size(), 15U);  // and one is still under way: sixteen
    EXPECT_EQ(box.lanes.inFlight("a"), limits::kWebhookLaneInFlight);
}

TEST(Lanes, GivesADestinationThatStopsAnsweringLittle) {
    Outbox box;
    box.add("a", 100);
    box.read();
    auto started = box.start();
    box.end(started[0].id, Answer::kYes);
    auto more = box.start();
    for (int i = 0; i < 4; ++i) box.end(more[static_cast<std::size_t>(i)].id, Answer::kNo);
    EXPECT_EQ(box.start().size(), 0U);
    EXPECT_EQ(box.lanes.inFlight("a"), 12U);
    // One answer, and it is trusted again.
    box.end(more[6].id, Answer::kYes);
    EXPECT_EQ(box.start().size(), 5U);
}

TEST(Lanes, CountsRefusalsByPolicyForNothing) {
    Outbox box;
    box.add("a", 100);
    box.read();
    auto started = box.start();
    box.end(started[0].id, Answer::kYes);
    auto more = box.start();
    for (auto& delivery : more) box.end(delivery.id, Answer::kUnknown);
    EXPECT_EQ(box.start().size(), 15U);
    EXPECT_EQ(box.lanes.openCircuits(), 0U);
}

// 10,000 wait for a destination that hangs; one comes for a healthy one. It starts at once, every time.
TEST(Lanes, AHangingDestinationDelaysNoOther) {
    Outbox box;
    box.add("dead", 10'000);
    box.read();
    EXPECT_EQ(box.start().size(), 2U);
    for (int i = 0; i < 1'000; ++i) {
        const auto delivery = box.add("healthy");
        box.read();
        const auto started = box.start();
        ASSERT_EQ(started.size(), 1U);
        ASSERT_EQ(started[0].id, delivery.id);
        box.end(started[0].id, Answer::kYes);
    }
    // The backlog stayed on disk, and was not read again and again.
    EXPECT_LE(box.lanes.waiting(), LaneLimits{}.heads);
    EXPECT_LE(box.rows_read, 1'000U + 2 * box.lanes.readPerLane());
    EXPECT_EQ(box.onDisk("dead"), 9'998U);
}

TEST(Lanes, WorksABacklogOffToItsEnd) {
    Outbox box;
    box.add("a", 5'000);
    box.read();
    std::size_t sent = 0;
    for (auto started = box.start(); !started.empty(); started = box.start()) {
        for (const auto& delivery : started) box.end(delivery.id, Answer::kYes);
        sent += started.size();
    }
    EXPECT_EQ(sent, 5'000U);
    EXPECT_LT(box.reads, 5'000U / 16 + 10);
}

TEST(Lanes, TakesLanesInTurn) {
    LaneLimits limits;
    limits.total = 4;
    limits.unproven_total = 4;
    Outbox box(limits);
    for (const char* lane : {"a", "b", "c", "d"}) box.add(lane, 10);
    box.read();
    const auto started = box.start();
    ASSERT_EQ(started.size(), 4U);
    for (const char* lane : {"a", "b", "c", "d"}) EXPECT_EQ(countOf(started, lane), 1U) << lane;
}

TEST(Lanes, KeepsItsTotalBound) {
    Outbox box;
    for (int i = 0; i < 500; ++i) box.add("lane" + std::to_string(i), 10);
    box.read();
    // None has answered: together they get half.
    EXPECT_EQ(box.start().size(), limits::kWebhookInFlight / 2);
    EXPECT_EQ(box.lanes.inFlight(), limits::kWebhookInFlight / 2);
}

// Hundreds of destinations hang. Those that have answered before still get their slots.
TEST(Lanes, ManyHangingDestinationsLeaveHalfOfTheSlots) {
    Outbox box;
    box.add("healthy", 1);
    box.read();
    const auto first = box.start();
    box.end(first.at(0).id, Answer::kYes);
    for (int i = 0; i < 500; ++i) box.add("dead" + std::to_string(i), 10);
    box.read();
    EXPECT_EQ(box.start().size(), limits::kWebhookInFlight / 2);
    box.add("healthy", 20);
    box.read();
    EXPECT_EQ(countOf(box.start(), "healthy"), limits::kWebhookLaneInFlight);
}

TEST(Lanes, ProvenDestinationsFillEverySlotAndNoMore) {
    Outbox box;
    std::vector<store::DueDelivery> started;
    for (int i = 0; i < 64; ++i) box.add("lane" + std::to_string(i), 1);
    box.read();
    while (!(started = box.start()).empty()) {
        for (const auto& delivery : started) box.end(delivery.id, Answer::kYes);
    }
    for (int i = 0; i < 64; ++i) box.add("lane" + std::to_string(i), 20);
    box.read();
    EXPECT_EQ(box.start().size(), limits::kWebhookInFlight);
    EXPECT_EQ(box.start().size(), 0U);
}

TEST(Lanes, HoldsABoundedNumberOfLanesAndComesBackForTheRest) {
    LaneLimits limits;
    limits.total = 5;
    limits.loaded = 10;
    limits.remembered = 20;
    Outbox box(limits);
    for (int i = 0; i < 200; ++i) box.add("lane" + std::to_string(i), 2);
    box.read();
    EXPECT_LE(box.lanes.waiting(), 20U);
    std::size_t sent = 0;
    for (auto started = box.start(); !started.empty(); started = box.start()) {
        for (const auto& delivery : started) box.end(delivery.id, Answer::kYes);
        sent += started.size();
    }
    EXPECT_EQ(sent, 400U);
}

// Exactly as many lanes as fit were read, so none was refused; those behind them must not be forgotten.
TEST(Lanes, AsksForTheLanesBehindTheLastOneRead) {
    LaneLimits limits;
    limits.loaded = 2;
    Outbox box(limits);
    const auto first = box.add("a");
    const auto second = box.add("b");
    box.lanes.offer(first, box.now, Lanes::Origin::kOutbox);
    box.lanes.offer(second, box.now, Lanes::Origin::kOutbox);
    box.lanes.markMoreLanes();
    EXPECT_FALSE(box.lanes.takeHungry());
    EXPECT_TRUE(box.lanes.start(box.now));
    EXPECT_FALSE(box.lanes.takeHungry());  // half full
    EXPECT_TRUE(box.lanes.start(box.now));
    EXPECT_TRUE(box.lanes.takeHungry());
    EXPECT_FALSE(box.lanes.takeHungry());  // once
}

// Five attempts in a row without an answer: the lane is held, and what it had in memory goes back to disk.
TEST(Lanes, HoldADestinationWhoseCircuitOpens) {
    Outbox box;
    box.add("dead", 100);
    box.read();
    std::optional<microseconds> hold;
    auto under_way = box.start();
    for (int failures = 0; failures < Circuit::kFailuresMost; ++failures) {
        ASSERT_FALSE(hold) << failures;
        ASSERT_EQ(under_way.size(), 2U);
        hold = box.end(under_way[0].id, Answer::kNo);
        under_way.erase(under_way.begin());
        for (const auto& delivery : box.start()) under_way.push_back(delivery);
    }
    ASSERT_TRUE(hold);
    EXPECT_EQ(box.lanes.openCircuits(), 1U);
    EXPECT_EQ(box.lanes.waiting(), 0U);
    box.now += *hold - seconds(1);
    box.read();  // on disk the lane is held too; a read that began before does no harm
    EXPECT_EQ(box.start().size(), 0U);

    // One probe when the pause is over and nothing else is under way, then a longer pause.
    box.now += seconds(1);
    box.read();
    EXPECT_EQ(box.start().size(), 0U);
    ASSERT_EQ(under_way.size(), 1U);
    EXPECT_FALSE(box.end(under_way[0].id, Answer::kNo));
    auto probe = box.start();
    ASSERT_EQ(probe.size(), 1U);
    const auto longer = box.end(probe[0].id, Answer::kNo);
    ASSERT_TRUE(longer);
    EXPECT_GT(*longer, *hold);

    // The probe that is answered opens the gates.
    box.now += *longer;
    box.read();
    probe = box.start();
    ASSERT_EQ(probe.size(), 1U);
    EXPECT_FALSE(box.end(probe[0].id, Answer::kYes));
    EXPECT_EQ(box.lanes.openCircuits(), 0U);
    EXPECT_EQ(box.start().size(), limits::kWebhookLaneInFlight);
}

// A million dead destinations are due before it: what was just written does not wait behind them.
TEST(Lanes, TakeWhatWasJustWrittenBesideAFullMemory) {
    LaneLimits limits;
    limits.loaded = 4;
    limits.total = 2;
    limits.unproven_total = 2;
    Outbox box(limits);
    for (int i = 0; i < 10; ++i) box.add("dead" + std::to_string(i));
    box.read();
    const auto refused = box.add("other");
    EXPECT_FALSE(box.lanes.offer(refused, box.now, Lanes::Origin::kOutbox).taken);
    const auto fresh = box.add("fresh");
    EXPECT_TRUE(box.lanes.offer(fresh, box.now, Lanes::Origin::kWritten).taken);
    EXPECT_TRUE(box.lanes.offer(fresh, box.now, Lanes::Origin::kWritten).taken) << "known";
    EXPECT_TRUE(box.lanes.offer(box.add("fresh2"), box.now, Lanes::Origin::kWritten).taken);
    EXPECT_FALSE(box.lanes.offer(box.add("fresh3"), box.now, Lanes::Origin::kWritten).taken) << "bounded too";
    std::size_t before = 0;
    for (;; ++before) {
        const auto head = box.lanes.start(box.now);
        ASSERT_TRUE(head);
        if (head->id == fresh.id) break;
        box.end(head->id, Answer::kNo);
    }
    EXPECT_EQ(before, 4U);
}

TEST(Lanes, AProbeThatWasNotSentIsFollowedByAnother) {
    Outbox box;
    box.add("dead", 100);
    box.read();
    for (int i = 0; i < 5; ++i) box.end(box.lanes.start(box.now)->id, Answer::kNo);
    box.now += std::chrono::minutes(2);
    box.read();
    auto probe = box.start();
    ASSERT_EQ(probe.size(), 1U);
    EXPECT_FALSE(box.end(probe[0].id, Answer::kUnknown));  // its delivery was cancelled, say
    EXPECT_EQ(box.start().size(), 1U);
}

TEST(Lanes, AHeldDestinationSaysForHowLongAndIsProbedAtOnceWhenReleased) {
    Outbox box;
    box.add("dead", 100);
    box.read();
    std::optional<microseconds> hold;
    for (int i = 0; i < Circuit::kFailuresMost; ++i)
        hold = box.end(box.lanes.start(box.now)->id, Answer::kNo);
    ASSERT_TRUE(hold);
    const auto fresh = box.add("dead");
    EXPECT_EQ(box.lanes.offer(fresh, box.now, Lanes::Origin::kOutbox).wait, *hold);
    box.lanes.release("dead");
    box.lanes.release("never heard of");
    EXPECT_TRUE(box.lanes.offer(fresh, box.now, Lanes::Origin::kOutbox).taken);
    const auto probe = box.start();
    ASSERT_EQ(probe.size(), 1U) << "its circuit is still open";
    EXPECT_EQ(probe[0].id, fresh.id);
    EXPECT_TRUE(box.end(probe[0].id, Answer::kNo));
}

TEST(Lanes, KeepTheConfiguredPace) {
    LaneLimits limits;
    limits.rate_per_s = 2;
    Outbox box(limits);
    box.add("a", 50);
    box.add("b", 50);
    box.read();
    const auto began = box.now;
    std::size_t sent = 0;
    while (sent < 20) {
        for (const auto& delivery : box.start()) {
            box.end(delivery.id, Answer::kYes);
            ++sent;
        }
        if (const auto next = box.lanes.paced()) box.now = *next;
    }
    // Ten each: two at once, then two a second.
    EXPECT_NEAR(static_cast<double>((box.now - began).count()), 4e6, 0.6e6);
}

TEST(Lanes, IgnoresEndsItDidNotStart) {
    Lanes lanes;
    lanes.ended(DeliveryId());
    EXPECT_EQ(lanes.inFlight(), 0U);
}

// Any mixture of destinations, any order of answers: bounds hold, nothing is sent twice, everything is sent.
TEST(LanesProperty, HoldsForAnyTraffic) {
    for (std::uint64_t seed = 1; seed <= 100; ++seed) {
        std::mt19937_64 engine(seed);
        LaneLimits limits;
        limits.total = 1 + engine() % 20;
        limits.lane = 1 + engine() % 5;
        limits.unproven_lane = 1 + engine() % limits.lane;
        limits.unproven_total = 1 + engine() % limits.total;
        limits.heads = 1 + engine() % 8;
        limits.loaded = 1 + engine() % 8;
        limits.remembered = engine() % 8;
        Outbox box(limits);
        std::size_t added = 0;
        std::vector<store::DueDelivery> under_way;
        std::set<DeliveryId> sent;
        for (int step = 0; step < 300; ++step) {
            if (engine() % 2 == 0) {
                const auto count = static_cast<int>(engine() % 5);
                box.add("lane" + std::to_string(engine() % 10), count);
                added += static_cast<std::size_t>(count);
                box.read();
            }
            for (const auto& delivery : box.start()) {
                ASSERT_TRUE(sent.insert(delivery.id).second) << "twice, seed " << seed;
                under_way.push_back(delivery);
                ASSERT_LE(box.lanes.inFlight(delivery.lane), limits.lane) << "seed " << seed;
                ASSERT_LE(box.lanes.openCircuits(), 10U) << "seed " << seed;
            }
            ASSERT_LE(box.lanes.inFlight(), limits.total) << "seed " << seed;
            ASSERT_LE(box.lanes.waiting(), limits.heads * limits.loaded) << "seed " << seed;
            if (!under_way.empty() && engine() % 3 != 0) {
                const auto at = static_cast<std::ptrdiff_t>(engine() % under_way.size());
                box.end(under_way[static_cast<std::size_t>(at)].id, static_cast<Answer>(engine() % 3));
                under_way.erase(under_way.begin() + at);
            }
        }
        // From here on every destination answers and nothing is added: all of it goes out, held lanes after
        // their pause, without another read() call from outside.
        box.now += std::chrono::minutes(2);
        for (const auto& delivery : under_way) box.end(delivery.id, Answer::kYes);
        under_way.clear();
        box.read();
        do {
            for (const auto& delivery : under_way) box.end(delivery.id, Answer::kYes);
            under_way = box.start();
            for (const auto& delivery : under_way)
                ASSERT_TRUE(sent.insert(delivery.id).second) << "seed " << seed;
        } while (!under_way.empty());
        ASSERT_EQ(sent.size(), added) << "seed " << seed;
    }
}

}  // namespace
}  // namespace heddle::webhook
