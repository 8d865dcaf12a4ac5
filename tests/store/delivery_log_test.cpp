// SPDX-License-Identifier: Apache-2.0
#include "store/delivery_log.hpp"

#include "base/limits.hpp"
#include "store/deliveries.hpp"
#include "store/harness.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <set>

namespace heddle::test {
namespace {

using sql::Connection;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

using Ids = std::vector<DeliveryId>;

// Passes everything on and keeps the text of the statements.
class Listening final : public Connection {
  public:
    explicit Listening(Connection& inner) : inner_(inner) {}
    sql::Statement prepare(std::string_view text) override {
        texts.emplace_back(text);
        return inner_.prepare(text);
    }
    void execute(std::string_view text) override { inner_.execute(text); }
    [[nodiscard]] std::int64_t changes() const override { return inner_.changes(); }
    [[nodiscard]] sql::Dialect dialect() const override { return inner_.dialect(); }

    std::vector<std::string> texts;

  private:
    Connection& inner_;
};

std::string planOf(Connection& db, const std::string& text) {
    std::string out;
    auto rows = db.query("EXPLAIN QUERY PLAN " + text);
    while (rows.step()) out += rows.string(3) + "\n";
    return out;
}

class DeliveryLogTest : public StoreTest {
  protected:
    static Delivery make(const std::string& host, std::int64_t created) {
        Delivery delivery;
        delivery.id = nextId<DeliveryId>();
        delivery.run_id = nextId<RunId>();
        delivery.thread_id = nextId<ThreadId>();
        delivery.host = host;
        delivery.lane = "https://" + host;
        delivery.url = delivery.lane + "/hook?token=secret";
        delivery.body = R"({"x":1})";
        delivery.sent_at_offset = -1;
        delivery.due_at = delivery.created_at = delivery.queued_at = delivery.updated_at = at(created);
        return delivery;
    }
    Delivery add(const Delivery& delivery) {
        EXPECT_TRUE(write([delivery](Connection& db) { return store::insertDelivery(db, delivery); }));
        return delivery;
    }
    Delivery add(const std::string& host, std::int64_t created,
                 DeliveryStatus status = DeliveryStatus::kPending) {
        Delivery delivery = make(host, created);
        delivery.status = status;
        return add(delivery);
    }
    store::DeliveryPage page(const store::DeliveryQuery& query) {
        return read([query](Connection& db) { return store::listDeliveries(db, query); });
    }
    Ids list(const store::DeliveryQuery& query) {
        Ids out;
        for (const auto& logged : page(query).deliveries) out.push_back(logged.delivery.id);
        return out;
    }
    std::optional<store::LoggedDelivery> find(const DeliveryId& id,
                                              store::Responses responses = store::Responses::kIncluded) {
        return read([=](Connection& db) { return store::findLoggedDelivery(db, id, responses); });
    }
    bool begin(const DeliveryId& id, std::int64_t now) {
        return write(
            [=](Connection& db) { return store::beginAttempt(db, id, at(now), at(now + 30)).has_value(); });
    }
    bool end(const DeliveryId& id, store::AttemptEnd end, std::int64_t now) {
        return write([=](Connection& db) { return store::endAttempt(db, id, end, at(now)); });
    }
    // One attempt from its start to its end.
    void attempt(const DeliveryId& id, std::int64_t number, std::int64_t now, DeliveryStatus status,
                 std::int64_t due = 0) {
        ASSERT_TRUE(begin(id, now));
        ASSERT_TRUE(end(id, ended(number, now, status, due), now + 1));
    }
    static store::AttemptEnd ended(std::int64_t number, std::int64_t now, DeliveryStatus status,
                                   std::int64_t due = 0) {
        store::AttemptEnd out;
        out.status = status;
        out.due_at = at(due);
        out.attempt.number = number;
        out.attempt.started_at = at(now);
        out.attempt.duration = microseconds(1234);
        out.attempt.outcome = AttemptOutcome::kHttpError;
        out.attempt.status_code = 500;
        out.attempt.error = "answered 500";
        out.attempt.response_body = "no";
        return out;
    }
    Result<store::ChangedDelivery> resend(const DeliveryId& id, std::int64_t now) {
        return write([=](Connection& db) { return store::resendDelivery(db, id, at(now)); });
    }
    Result<store::ChangedDelivery> cancel(const DeliveryId& id, std::int64_t now) {
        return write([=](Connection& db) { return store::cancelDelivery(db, id, at(now)); });
    }
    store::RecoveredChunk recover(const store::RecoverQuery& query, std::int64_t now) {
        return write([=](Connection& db) { return store::recoverDeliveries(db, query, at(now)); });
    }
    std::vector<std::pair<std::string, std::int64_t>> lanes() {
        std::vector<std::pair<std::string, std::int64_t>> out;
        for (const auto& head : read([](Connection& db) { return store::nextLanes(db, 100); })) {
            out.emplace_back(head.lane, (head.due_at - at(0)).count() / 1'000'000);
        }
        return out;
    }
};

TEST_P(DeliveryLogTest, ListsTheNewestFirst) {
    const auto old = add("a", 1), newest = add("a", 9), same = add("b", 5), later_row = add("a", 5);
    EXPECT_EQ(list({}), (Ids{newest.id, later_row.id, same.id, old.id}));
}

TEST_P(DeliveryLogTest, FiltersCombine) {
    const auto failed = add("a", 1, DeliveryStatus::kExhausted);
    const auto waiting = add("a", 2), elsewhere = add("b", 3), done = add("b", 4, DeliveryStatus::kSucceeded);
    store::DeliveryQuery query;
    query.host = "a";
    EXPECT_EQ(list(query), (Ids{waiting.id, failed.id}));
    query.status = DeliveryStatus::kExhausted;
    EXPECT_EQ(list(query), Ids{failed.id});
    query.run_id = waiting.run_id;
    EXPECT_EQ(list(query), Ids{});
    query = {};
    query.status = DeliveryStatus::kPending;
    EXPECT_EQ(list(query), (Ids{elsewhere.id, waiting.id}));
    query.since = at(3);
    EXPECT_EQ(list(query), Ids{elsewhere.id});
    query = {};
    query.thread_id = done.thread_id;
    query.host = "b";
    EXPECT_EQ(list(query), Ids{done.id});
    query.host = "a";
    EXPECT_EQ(list(query), Ids{});
    query = {};
    query.run_id = done.run_id;
    EXPECT_EQ(list(query), Ids{done.id});
}

TEST_P(DeliveryLogTest, SinceIsInclusiveAndUntilIsNot) {
    const auto first = add("a", 1), second = add("a", 2);
    add("a", 3);
    store::DeliveryQuery query;
    query.since = at(1);
    query.until = at(3);
    EXPECT_EQ(list(query), (Ids{second.id, first.id}));
    query.until = at(1);
    EXPECT_EQ(list(query), Ids{});
}

// Many rows of the same time, of every status: the cursor has to tell them apart, also where five ranges
// merge.
TEST_P(DeliveryLogTest, PagesHaveNoGapAndNoDuplicate) {
    constexpr std::array kStatuses = {DeliveryStatus::kPending, DeliveryStatus::kSucceeded,
                                      DeliveryStatus::kExhausted, DeliveryStatus::kGone,
                                      DeliveryStatus::kCancelled};
    Ids all;
    for (int i = 0; i < 60; ++i) {
        all.push_back(add("a", i / 17, kStatuses[static_cast<std::size_t>(i) % 5]).id);
        add("b", i / 17);
    }
    std::reverse(all.begin(), all.end());
    store::DeliveryQuery query;
    query.host = "a";
    query.limit = 7;
    Ids seen;
    for (;;) {
        const auto got = page(query);
        for (const auto& logged : got.deliveries) seen.push_back(logged.delivery.id);
        add("a", 100);  // new ones do not move what follows
        if (!got.next) break;
        query.after = store::DeliveryCursor::parse(got.next->text());
        ASSERT_TRUE(query.after);
    }
    EXPECT_EQ(seen, all);
}

TEST_P(DeliveryLogTest, AFullLastPageIsTheEnd) {
    add("a", 1);
    add("a", 2);
    store::DeliveryQuery query;
    query.limit = 2;
    EXPECT_FALSE(page(query).next);
    query.limit = 1;
    EXPECT_TRUE(page(query).next);
}

TEST(DeliveryCursor, ReadsBackItsOwnTextOnly) {
    const store::DeliveryCursor cursor{at(5), 1'234'567};
    EXPECT_EQ(store::DeliveryCursor::parse(cursor.text()), cursor);
    for (const std::string& bad :
         {std::string(), std::string("1"), std::string(31, '0'), std::string(33, '0'), std::string(32, 'g'),
          std::string(32, 'f'), std::string(32, ' '), "-" + std::string(31, '1'), std::string(32, '\0'),
          std::string(16, '0') + "0x00000000000001", "+" + std::string(31, '1'), std::string(64, 'a')}) {
        EXPECT_FALSE(store::DeliveryCursor::parse(bad)) << bad;
    }
}

// The plans, not the clock: whatever is asked for, an index is searched, and in the order of the answer.
TEST_P(DeliveryLogTest, NoFilterReadsTheWholeTable) {
    const auto some = add("a", 1);
    for (unsigned filters = 0; filters < 128; ++filters) {
        store::DeliveryQuery query;
        if ((filters & 1U) != 0) query.run_id = some.run_id;
        if ((filters & 2U) != 0) query.thread_id = some.thread_id;
        if ((filters & 4U) != 0) query.status = DeliveryStatus::kPending;
        if ((filters & 8U) != 0) query.host = "a";
        if ((filters & 16U) != 0) query.since = at(0);
        if ((filters & 32U) != 0) query.until = at(2);
        if ((filters & 64U) != 0) query.after = store::DeliveryCursor{at(2), 0};
        std::string index = "deliveries_by_time (created_at";
        if (query.status) index = "deliveries_of_status (status=? AND created_at";
        if (query.host) index = "deliveries_of_host (host=? AND status=? AND created_at";
        if (query.thread_id) index = "deliveries_of_thread (thread_uuid=? AND created_at";
        if (query.run_id) index = "(run_uuid=?)";
        read([&](Connection& db) {
            Listening listening(db);
            EXPECT_EQ(store::listDeliveries(listening, query).deliveries.size(), 1U) << filters;
            for (const auto& text : listening.texts) {
                const auto plan = planOf(db, text);
                if (!text.starts_with("SELECT d.")) continue;
                EXPECT_THAT(plan, AllOf(HasSubstr("SEARCH d "), HasSubstr(index), Not(HasSubstr("SCAN")),
                                        Not(HasSubstr("TEMP B-TREE"))))
                    << text;
            }
            return 0;
        });
    }
}

TEST_P(DeliveryLogTest, EverythingElseSearchesAnIndexToo) {
    const auto some = add("a", 1);
    std::set<std::string> texts;
    write([&](Connection& db) {
        Listening listening(db);
        EXPECT_TRUE(store::cancelDelivery(listening, some.id, at(2)));
        store::RecoverQuery query;
        query.status = DeliveryStatus::kCancelled;
        query.since = at(0);
        EXPECT_EQ(store::recoverDeliveries(listening, query, at(3)).recovered, 1);
        EXPECT_TRUE(store::resendDelivery(listening, some.id, at(4)));
        store::expireDeliveries(listening, {at(0), at(0)}, 10);
        texts.insert(listening.texts.begin(), listening.texts.end());
        for (const auto& text : texts) {
            EXPECT_THAT(planOf(db, text), AllOf(Not(HasSubstr("SCAN d")), Not(HasSubstr("TEMP B-TREE"))))
                << text;
        }
        return 0;
    });
    EXPECT_GT(texts.size(), 8U);
}

TEST_P(DeliveryLogTest, AttemptsComeInOrderWithTheirResponsesOnRequest) {
    const auto delivery = add("a", 1);
    attempt(delivery.id, 1, 1, DeliveryStatus::kPending, 5);
    attempt(delivery.id, 2, 5, DeliveryStatus::kGone);
    const auto found = find(delivery.id);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->delivery.status, DeliveryStatus::kGone);
    ASSERT_EQ(found->attempts.size(), 2U);
    const auto& second = found->attempts[1];
    EXPECT_EQ(found->attempts[0].number, 1);
    EXPECT_EQ(second.number, 2);
    EXPECT_EQ(second.started_at, at(5));
    EXPECT_EQ(second.duration, microseconds(1234));
    EXPECT_EQ(second.dns, std::nullopt);
    EXPECT_EQ(second.outcome, AttemptOutcome::kHttpError);
    EXPECT_EQ(second.status_code, 500);
    EXPECT_EQ(second.error, "answered 500");
    EXPECT_EQ(second.response_body, "no");
    EXPECT_EQ(find(delivery.id, store::Responses::kLeftOut)->attempts[1].response_body, std::nullopt);
    const auto listed = page({});
    ASSERT_EQ(listed.deliveries.at(0).attempts.size(), 2U);
    EXPECT_EQ(listed.deliveries[0].attempts[1].response_body, std::nullopt);
    EXPECT_FALSE(find(nextId<DeliveryId>()));
}

TEST_P(DeliveryLogTest, OfManyAttemptsTheLastOnesAreShown) {
    const auto delivery = add("a", 0);
    const auto many = static_cast<std::int64_t>(limits::kDeliveryAttemptsShown) + 3;
    for (std::int64_t i = 1; i <= many; ++i) attempt(delivery.id, i, i, DeliveryStatus::kPending, i + 1);
    const auto found = find(delivery.id);
    ASSERT_EQ(found->attempts.size(), limits::kDeliveryAttemptsShown);
    EXPECT_EQ(found->attempts.front().number, 4);
    EXPECT_EQ(found->attempts.back().number, many);
    const auto listed = page({});
    ASSERT_EQ(listed.deliveries[0].attempts.size(), limits::kDeliveryAttemptsListed);
    EXPECT_EQ(listed.deliveries[0].attempts.back().number, many);
}

TEST_P(DeliveryLogTest, OneThatEndedIsSentAgainInANewRound) {
    const auto delivery = add("a", 1);
    attempt(delivery.id, 1, 1, DeliveryStatus::kExhausted);
    EXPECT_TRUE(lanes().empty());
    const auto changed = resend(delivery.id, 50);
    ASSERT_TRUE(changed);
    EXPECT_EQ(changed->before, DeliveryStatus::kExhausted);
    const auto& now = changed->delivery.delivery;
    EXPECT_EQ(now.status, DeliveryStatus::kPending);
    EXPECT_EQ(now.due_at, at(50));
    EXPECT_EQ(now.queued_at, at(50));
    EXPECT_EQ(now.updated_at, at(50));
    EXPECT_EQ(now.attempts, 1);
    EXPECT_EQ(now.spent, 1);
    EXPECT_EQ(now.first_sent_at, at(1)) << "or the bytes would change";
    EXPECT_EQ(now.created_at, at(1));
    EXPECT_EQ(changed->delivery.attempts.size(), 1U);
    EXPECT_EQ(lanes(), (std::vector<std::pair<std::string, std::int64_t>>{{"https://a", 50}}));
    EXPECT_TRUE(begin(delivery.id, 50));
}

TEST_P(DeliveryLogTest, APendingOneLosesItsPlannedAttempt) {
    const auto delivery = add("a", 1);
    attempt(delivery.id, 1, 1, DeliveryStatus::kPending, 3600);
    const auto changed = resend(delivery.id, 50);
    ASSERT_TRUE(changed);
    EXPECT_EQ(changed->before, DeliveryStatus::kPending);
    EXPECT_EQ(changed->delivery.delivery.due_at, at(50));
    EXPECT_EQ(changed->delivery.delivery.spent, 1);
    attempt(delivery.id, 2, 50, DeliveryStatus::kSucceeded);
    EXPECT_TRUE(lanes().empty());
}

TEST_P(DeliveryLogTest, AResentOneGoesFirstInItsLaneEvenIfThatIsHeld) {
    const auto delivery = add("a", 1);
    attempt(delivery.id, 1, 1, DeliveryStatus::kExhausted);
    const auto failing = add("a", 2), waiting = add("a", 3);
    ASSERT_TRUE(begin(failing.id, 3));
    auto opened = ended(1, 3, DeliveryStatus::kPending, 9);
    opened.hold_lane_until = at(500);
    ASSERT_TRUE(end(failing.id, opened, 4));
    EXPECT_EQ(lanes().at(0).second, 500);
    ASSERT_TRUE(resend(delivery.id, 50));
    EXPECT_LE(lanes().at(0).second, 3);
    const auto heads = read([](Connection& db) { return store::nextInLane(db, "https://a", 10); });
    ASSERT_EQ(heads.size(), 3U);
    EXPECT_EQ(heads[0].id, delivery.id);
    EXPECT_EQ(heads[1].id, waiting.id);
}

TEST_P(DeliveryLogTest, AnAttemptUnderWayIsNotDisturbed) {
    const auto delivery = add("a", 1);
    ASSERT_TRUE(begin(delivery.id, 1));
    EXPECT_TRUE(find(delivery.id)->under_way);
    const auto refused = resend(delivery.id, 2);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error(), Problem::conflict("An attempt is under way"));
    EXPECT_EQ(find(delivery.id)->delivery.due_at, at(31));
}

TEST_P(DeliveryLogTest, ACancelledOneStaysSoAndItsAttemptIsLogged) {
    const auto delivery = add("a", 1);
    ASSERT_TRUE(begin(delivery.id, 1));
    const auto changed = cancel(delivery.id, 2);
    ASSERT_TRUE(changed);
    EXPECT_EQ(changed->delivery.delivery.status, DeliveryStatus::kCancelled);
    EXPECT_TRUE(lanes().empty());
    EXPECT_FALSE(resend(delivery.id, 3)) << "its attempt is under way";
    store::RecoverQuery everything;
    everything.status = DeliveryStatus::kCancelled;
    everything.since = at(0);
    EXPECT_EQ(recover(everything, 3).recovered, 0) << "for the same reason";
    EXPECT_FALSE(end(delivery.id, ended(1, 1, DeliveryStatus::kSucceeded), 4));
    const auto found = find(delivery.id);
    EXPECT_EQ(found->delivery.status, DeliveryStatus::kCancelled);
    EXPECT_EQ(found->attempts.size(), 1U);
    EXPECT_FALSE(found->under_way);
    EXPECT_TRUE(resend(delivery.id, 5));
}

TEST_P(DeliveryLogTest, OnlyPendingOnesAreCancelled) {
    const auto done = add("a", 1, DeliveryStatus::kSucceeded), waiting = add("a", 1);
    const auto refused = cancel(done.id, 2);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ProblemKind::kConflict);
    EXPECT_THAT(refused.error().detail, HasSubstr("succeeded"));
    EXPECT_TRUE(cancel(waiting.id, 2));
    EXPECT_FALSE(cancel(waiting.id, 3));
    EXPECT_FALSE(begin(waiting.id, 9));
}

TEST_P(DeliveryLogTest, UnknownOnesAreNotFound) {
    const auto id = nextId<DeliveryId>();
    const auto expected = Problem::notFound("Delivery with ID " + id.str() + " not found");
    EXPECT_EQ(resend(id, 1).error(), expected);
    EXPECT_EQ(cancel(id, 1).error(), expected);
}

TEST_P(DeliveryLogTest, RecoversWhatMatchesChunkByChunk) {
    Ids failed;
    for (int i = 0; i < 7; ++i) failed.push_back(add("a", 10 + i / 2, DeliveryStatus::kExhausted).id);
    const auto before = add("b", 9, DeliveryStatus::kExhausted),
               after = add("b", 14, DeliveryStatus::kExhausted);
    const auto gone = add("b", 11, DeliveryStatus::kGone);
    store::RecoverQuery query;
    query.since = at(10);
    query.until = at(14);
    query.limit = 3;
    std::vector<std::int64_t> counts;
    for (bool more = true; more && counts.size() < 10;) {
        const auto chunk = recover(query, 50);
        counts.push_back(chunk.recovered);
        query.after = chunk.next;
        more = chunk.next.has_value();
        // What fails again at once is not taken a second time.
        if (counts.size() == 1) attempt(failed[0], 1, 50, DeliveryStatus::kExhausted);
    }
    EXPECT_EQ(counts, (std::vector<std::int64_t>{3, 3, 1}));
    EXPECT_EQ(find(failed[0])->delivery.status, DeliveryStatus::kExhausted);
    for (std::size_t i = 1; i < failed.size(); ++i) {
        const auto found = find(failed[i]);
        EXPECT_EQ(found->delivery.status, DeliveryStatus::kPending);
        EXPECT_EQ(found->delivery.due_at, at(50));
        EXPECT_EQ(found->delivery.queued_at, at(50));
    }
    EXPECT_EQ(lanes(), (std::vector<std::pair<std::string, std::int64_t>>{{"https://a", 50}}));
    EXPECT_EQ(find(before.id)->delivery.status, DeliveryStatus::kExhausted);
    EXPECT_EQ(find(after.id)->delivery.status, DeliveryStatus::kExhausted);
    EXPECT_EQ(find(gone.id)->delivery.status, DeliveryStatus::kGone);
}

HEDDLE_BOTH_ENGINES(DeliveryLogTest);

}  // namespace
}  // namespace heddle::test
