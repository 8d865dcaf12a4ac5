// SPDX-License-Identifier: Apache-2.0
#include "store/deliveries.hpp"

#include "store/harness.hpp"

namespace heddle::test {
namespace {

using sql::Connection;
using store::AttemptOutcome;

class DeliveriesTest : public StoreTest {
  protected:
    static Delivery make(const std::string& lane, std::int64_t due) {
        Delivery delivery;
        delivery.id = nextId<DeliveryId>();
        delivery.run_id = nextId<RunId>();
        delivery.thread_id = nextId<ThreadId>();
        delivery.lane = lane;
        delivery.url = lane + "/hook?token=secret";
        delivery.body = "{\"x\": 1e5, \"sent\": \"" + std::string(32, ' ') + "\"}";
        delivery.sent_at_offset = 20;
        delivery.due_at = at(due);
        delivery.created_at = at(0);
        return delivery;
    }
    Delivery add(const Delivery& delivery) {
        EXPECT_TRUE(write([delivery](Connection& db) { return store::insertDelivery(db, delivery); }));
        return delivery;
    }
    Delivery add(const std::string& lane, std::int64_t due) { return add(make(lane, due)); }
    std::optional<Delivery> find(const DeliveryId& id) {
        return read([id](Connection& db) { return store::findDelivery(db, id); });
    }
    std::vector<DeliveryId> inLane(const std::string& lane, std::int64_t limit = 300) {
        std::vector<DeliveryId> out;
        for (const auto& due : read([=](Connection& db) { return store::nextInLane(db, lane, limit); })) {
            out.push_back(due.id);
        }
        return out;
    }
    std::vector<std::pair<std::string, std::int64_t>> lanes(std::int64_t limit = 100) {
        std::vector<std::pair<std::string, std::int64_t>> out;
        for (const auto& head : read([=](Connection& db) { return store::nextLanes(db, limit); })) {
            out.emplace_back(head.lane, (head.due_at - at(0)).count() / 1'000'000);
        }
        return out;
    }
    std::optional<Delivery> begin(const DeliveryId& id, std::int64_t now) {
        return write([=](Connection& db) { return store::beginAttempt(db, id, at(now), at(now + 30)); });
    }
    void record(const DeliveryId& id, const AttemptOutcome& outcome) {
        write([=](Connection& db) { store::recordOutcome(db, id, outcome); });
    }
    std::int64_t pending() {
        return read([](Connection& db) { return store::countPending(db); });
    }
};

std::int64_t count(Connection& db, const std::string& table) {
    auto row = db.query("SELECT count(*) FROM " + table);
    row.step();
    return row.integer(0);
}

using Ids = std::vector<DeliveryId>;
using Lanes = std::vector<std::pair<std::string, std::int64_t>>;

TEST_P(DeliveriesTest, ComeBackAsTheyWere) {
    Delivery delivery = make("https://a:443", 5);
    delivery.first_sent_at = at(2);
    delivery.last_status_code = 503;
    delivery.last_error = "503";
    delivery.attempts = 2;
    add(delivery);
    const auto found = find(delivery.id);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->run_id, delivery.run_id);
    EXPECT_EQ(found->thread_id, delivery.thread_id);
    EXPECT_EQ(found->url, delivery.url);
    EXPECT_EQ(found->lane, delivery.lane);
    EXPECT_EQ(found->body, delivery.body);
    EXPECT_EQ(found->sent_at_offset, 20);
    EXPECT_EQ(found->first_sent_at, at(2));
    EXPECT_EQ(found->status, DeliveryStatus::kPending);
    EXPECT_EQ(found->attempts, 2);
    EXPECT_EQ(found->due_at, at(5));
    EXPECT_EQ(found->created_at, at(0));
    EXPECT_EQ(found->last_status_code, 503);
    EXPECT_EQ(found->last_error, "503");
    EXPECT_FALSE(find(nextId<DeliveryId>()));
}

TEST_P(DeliveriesTest, ARunHasOne) {
    const Delivery delivery = add("a", 1);
    Delivery second = make("a", 1);
    second.run_id = delivery.run_id;
    EXPECT_FALSE(write([second](Connection& db) { return store::insertDelivery(db, second); }));
    EXPECT_EQ(pending(), 1);
}

TEST_P(DeliveriesTest, ALaneIsInTheOrderOfDueTimes) {
    const Delivery late = add("a", 9), soon = add("a", 3), same = add("a", 3);
    add("b", 1);
    EXPECT_EQ(inLane("a"), (Ids{soon.id, same.id, late.id}));
    EXPECT_EQ(inLane("a", 2), (Ids{soon.id, same.id}));
    EXPECT_EQ(inLane("c"), Ids{});
}

TEST_P(DeliveriesTest, LanesAreInTheOrderOfTheirHeads) {
    EXPECT_EQ(lanes(), Lanes{});
    add("b", 4);
    add("b", 7);
    add("a", 9);
    add("", 8);
    const Delivery head = add("c", 1);
    EXPECT_EQ(lanes(), (Lanes{{"c", 1}, {"b", 4}, {"", 8}, {"a", 9}}));
    EXPECT_EQ(lanes(2), (Lanes{{"c", 1}, {"b", 4}}));
    record(head.id, {DeliveryStatus::kDelivered, at(2), 200, ""});
    EXPECT_EQ(lanes(), (Lanes{{"b", 4}, {"", 8}, {"a", 9}}));
}

// The plan, not the clock: stepping along the index must not turn into reading all that wait.
TEST_P(DeliveriesTest, LanesAreFoundOnTheIndex) {
    const auto plan = read([](Connection& db) {
        std::string out;
        auto rows = db.query(
            "EXPLAIN QUERY PLAN SELECT min(d.lane) FROM deliveries d WHERE d.status = 'pending' AND d.lane > "
            "$1",
            "a");
        while (rows.step()) out += rows.string(3) + "\n";
        return out;
    });
    EXPECT_NE(plan.find("SEARCH d USING INDEX deliveries_lane (lane>?)"), std::string::npos) << plan;
}

TEST_P(DeliveriesTest, AnAttemptCountsAndLeases) {
    const Delivery delivery = add("a", 5);
    EXPECT_FALSE(begin(delivery.id, 4)) << "not due yet";
    const auto first = begin(delivery.id, 5);
    ASSERT_TRUE(first);
    EXPECT_EQ(first->attempts, 1);
    EXPECT_EQ(first->first_sent_at, at(5));
    EXPECT_EQ(first->due_at, at(35));
    EXPECT_EQ(first->body, delivery.body);
    EXPECT_FALSE(begin(delivery.id, 6)) << "somebody else has it";
    record(delivery.id, {DeliveryStatus::kPending, at(50), 500, "500"});
    const auto waiting = find(delivery.id);
    EXPECT_EQ(waiting->due_at, at(50));
    EXPECT_EQ(waiting->last_status_code, 500);
    EXPECT_EQ(waiting->last_error, "500");
    const auto second = begin(delivery.id, 50);
    EXPECT_EQ(second->attempts, 2);
    EXPECT_EQ(second->first_sent_at, at(5));
    record(delivery.id, {DeliveryStatus::kDelivered, at(51), 204, ""});
    EXPECT_EQ(find(delivery.id)->status, DeliveryStatus::kDelivered);
    EXPECT_FALSE(begin(delivery.id, 99));
    EXPECT_EQ(pending(), 0);
    // A late outcome of an attempt that was given up changes nothing.
    record(delivery.id, {DeliveryStatus::kFailed, at(52), std::nullopt, "late"});
    EXPECT_EQ(find(delivery.id)->status, DeliveryStatus::kDelivered);
}

TEST_P(DeliveriesTest, AfterACrashOnlyLeasesAreReleased) {
    const Delivery under_way = add("a", 1), waiting = add("a", 1), fresh = add("a", 70);
    begin(under_way.id, 1);
    begin(waiting.id, 1);
    record(waiting.id, {DeliveryStatus::kPending, at(60), std::nullopt, "refused"});
    write([](Connection& db) { store::releaseLeases(db, at(7)); });
    EXPECT_EQ(find(under_way.id)->due_at, at(7));
    EXPECT_EQ(find(waiting.id)->due_at, at(60));
    EXPECT_EQ(find(fresh.id)->due_at, at(70));
    EXPECT_EQ(inLane("a"), (Ids{under_way.id, waiting.id, fresh.id}));
    EXPECT_TRUE(begin(under_way.id, 7));
}

TEST_P(DeliveriesTest, OnlySettledOnesExpire) {
    const Delivery sent = add("a", 1), failed = add("a", 1), waiting = add("a", 1);
    record(sent.id, {DeliveryStatus::kDelivered, at(2), 200, ""});
    record(failed.id, {DeliveryStatus::kFailed, at(2), std::nullopt, "refused"});
    const auto expire = [this](std::int64_t before, std::int64_t limit) {
        return write([=](Connection& db) { return store::expireDeliveries(db, at(before), limit); });
    };
    EXPECT_EQ(expire(0, 10), 0);
    EXPECT_EQ(expire(1, 1), 1);
    EXPECT_EQ(expire(1, 10), 1);
    EXPECT_TRUE(find(waiting.id));
    EXPECT_FALSE(find(sent.id));
    EXPECT_EQ(read([](Connection& db) { return count(db, "delivery_bodies"); }), 1);
}

HEDDLE_BOTH_ENGINES(DeliveriesTest);

}  // namespace
}  // namespace heddle::test
