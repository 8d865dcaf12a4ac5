// SPDX-License-Identifier: Apache-2.0
#include "store/deliveries.hpp"

#include "store/harness.hpp"

namespace heddle::test {
namespace {

using sql::Connection;

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
        delivery.created_at = delivery.queued_at = delivery.updated_at = at(0);
        delivery.host = "a";
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
    // Ends attempt `number` after a second.
    bool record(const DeliveryId& id, DeliveryStatus status, std::int64_t due, std::optional<int> code,
                const std::string& error, std::int64_t number = 1) {
        store::AttemptEnd end;
        end.status = status;
        end.due_at = at(due);
        end.attempt.number = number;
        end.attempt.started_at = at(0);
        end.attempt.duration = microseconds(1'000'000);
        end.attempt.status_code = code;
        end.attempt.outcome = code ? AttemptOutcome::kHttpError : AttemptOutcome::kConnectRefused;
        end.attempt.error = error;
        return write([=](Connection& db) { return store::endAttempt(db, id, end, at(9)); });
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
    record(head.id, DeliveryStatus::kSucceeded, 2, 200, "");
    EXPECT_EQ(lanes(), (Lanes{{"b", 4}, {"", 8}, {"a", 9}}));
}

// A lane's row may be early while an attempt is under way; the end of the attempt brings it up to date.
TEST_P(DeliveriesTest, ALaneIsNeverLate) {
    const Delivery first = add("a", 1);
    begin(first.id, 1);
    EXPECT_EQ(lanes(), (Lanes{{"a", 1}}));
    record(first.id, DeliveryStatus::kPending, 60, 500, "500");
    EXPECT_EQ(lanes(), (Lanes{{"a", 60}}));
    const Delivery second = add("a", 5);
    EXPECT_EQ(lanes(), (Lanes{{"a", 5}}));
    begin(second.id, 5);
    record(second.id, DeliveryStatus::kSucceeded, 0, 200, "");
    EXPECT_EQ(lanes(), (Lanes{{"a", 60}}));
    begin(first.id, 60);
    record(first.id, DeliveryStatus::kGone, 0, 410, "gone", 2);
    EXPECT_EQ(lanes(), Lanes{});
}

// While a circuit is open, neither new deliveries nor retries bring the lane forward.
TEST_P(DeliveriesTest, AHeldLaneWaits) {
    const Delivery first = add("a", 1);
    begin(first.id, 1);
    store::AttemptEnd end;
    end.due_at = at(6);
    end.attempt.number = 1;
    end.attempt.outcome = AttemptOutcome::kConnectRefused;
    end.hold_lane_until = at(20);
    EXPECT_TRUE(
        write([id = first.id, end](Connection& db) { return store::endAttempt(db, id, end, at(2)); }));
    EXPECT_EQ(lanes(), (Lanes{{"a", 20}}));
    add("a", 3);
    EXPECT_EQ(lanes(), (Lanes{{"a", 20}}));
    write([](Connection& db) { store::releaseLane(db, "a", at(4)); });
    EXPECT_EQ(lanes(), (Lanes{{"a", 4}}));
}

TEST_P(DeliveriesTest, ARestartForgetsHolds) {
    const Delivery first = add("a", 1);
    begin(first.id, 1);
    store::AttemptEnd end;
    end.due_at = at(6);
    end.attempt.number = 1;
    end.hold_lane_until = at(20);
    write([id = first.id, end](Connection& db) { return store::endAttempt(db, id, end, at(2)); });
    write([](Connection& db) { store::releaseLeases(db, at(7)); });
    EXPECT_EQ(lanes(), (Lanes{{"a", 7}}));
}

// The proxy failed: as if the attempt had not been, but it is logged.
TEST_P(DeliveriesTest, AFreeAttemptIsLoggedButNotCounted) {
    const Delivery delivery = add("a", 1);
    begin(delivery.id, 1);
    store::AttemptEnd end;
    end.due_at = at(6);
    end.attempt.number = 1;
    end.budget = store::AttemptEnd::Budget::kKept;
    write([id = delivery.id, end](Connection& db) { return store::endAttempt(db, id, end, at(2)); });
    EXPECT_EQ(find(delivery.id)->attempts, 1);
    EXPECT_EQ(find(delivery.id)->spent, 1);
    EXPECT_EQ(read([](Connection& db) { return count(db, "delivery_attempts"); }), 1);
}

// What waits behind an open circuit for longer than its schedule is exhausted; what has a time of its own
// (Retry-After) or an attempt under way is not.
TEST_P(DeliveriesTest, TheOverdueAreExhausted) {
    const Delivery held = add("a", 1), later = add("a", 500), leased = add("b", 1);
    begin(leased.id, 1);
    const auto exhaust = [this](std::int64_t before, std::int64_t now) {
        return write([=](Connection& db) { return store::exhaustOverdue(db, at(before), at(now), 10); });
    };
    EXPECT_EQ(exhaust(0, 100), 0);
    EXPECT_EQ(exhaust(1, 100), 1);
    EXPECT_EQ(find(held.id)->status, DeliveryStatus::kExhausted);
    EXPECT_EQ(find(later.id)->status, DeliveryStatus::kPending);
    EXPECT_EQ(find(leased.id)->status, DeliveryStatus::kPending);
    EXPECT_EQ(lanes(), (Lanes{{"b", 1}, {"a", 500}}));
    EXPECT_EQ(read([](Connection& db) { return store::oldestPending(db); }), at(0));
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
    record(delivery.id, DeliveryStatus::kPending, 50, 500, "500");
    const auto waiting = find(delivery.id);
    EXPECT_EQ(waiting->due_at, at(50));
    EXPECT_EQ(waiting->last_status_code, 500);
    EXPECT_EQ(waiting->last_error, "500");
    const auto second = begin(delivery.id, 50);
    EXPECT_EQ(second->attempts, 2);
    EXPECT_EQ(second->first_sent_at, at(5));
    EXPECT_TRUE(record(delivery.id, DeliveryStatus::kSucceeded, 51, 204, "", 2));
    EXPECT_EQ(find(delivery.id)->status, DeliveryStatus::kSucceeded);
    EXPECT_FALSE(begin(delivery.id, 99));
    EXPECT_EQ(pending(), 0);
    // A late outcome of an attempt that was given up changes nothing.
    EXPECT_FALSE(record(delivery.id, DeliveryStatus::kExhausted, 52, std::nullopt, "late", 3));
    EXPECT_EQ(find(delivery.id)->status, DeliveryStatus::kSucceeded);
}

TEST_P(DeliveriesTest, AfterACrashOnlyLeasesAreReleased) {
    const Delivery under_way = add("a", 1), waiting = add("a", 1), fresh = add("a", 70);
    begin(under_way.id, 1);
    begin(waiting.id, 1);
    record(waiting.id, DeliveryStatus::kPending, 60, std::nullopt, "refused");
    write([](Connection& db) { store::releaseLeases(db, at(7)); });
    EXPECT_EQ(find(under_way.id)->due_at, at(7));
    EXPECT_EQ(find(under_way.id)->spent, 1) << "the server's end is not the receiver's fault";
    EXPECT_EQ(find(waiting.id)->due_at, at(60));
    EXPECT_EQ(find(fresh.id)->due_at, at(70));
    EXPECT_EQ(inLane("a"), (Ids{under_way.id, waiting.id, fresh.id}));
    EXPECT_TRUE(begin(under_way.id, 7));
}

TEST_P(DeliveriesTest, OnlySettledOnesExpireEachAfterItsTime) {
    const Delivery sent = add("a", 1), failed = add("a", 1), waiting = add("a", 1);
    record(sent.id, DeliveryStatus::kSucceeded, 2, 200, "");
    record(failed.id, DeliveryStatus::kExhausted, 2, std::nullopt, "refused");
    const auto expire = [this](std::int64_t succeeded, std::int64_t others) {
        const store::Retention retention{at(succeeded), at(others)};
        return write([=](Connection& db) { return store::expireDeliveries(db, retention, 10); });
    };
    EXPECT_EQ(expire(0, 0), 0);
    EXPECT_EQ(expire(1, 0), 1);
    EXPECT_FALSE(find(sent.id));
    EXPECT_TRUE(find(failed.id));
    EXPECT_EQ(expire(1, 1), 1);
    EXPECT_FALSE(find(failed.id));
    EXPECT_TRUE(find(waiting.id));
    EXPECT_EQ(read([](Connection& db) { return count(db, "delivery_bodies"); }), 1);
    EXPECT_EQ(read([](Connection& db) { return count(db, "delivery_attempts"); }), 0);
}

HEDDLE_BOTH_ENGINES(DeliveriesTest);

}  // namespace
}  // namespace heddle::test
