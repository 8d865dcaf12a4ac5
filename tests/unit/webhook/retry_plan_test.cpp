// SPDX-License-Identifier: Apache-2.0
#include "webhook/retry_plan.hpp"

#include "domain/webhook_settings.hpp"
#include "unit/webhook/support.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <ostream>
#include <string>
#include <vector>

namespace heddle::webhook {

void PrintTo(const NextStep& step, std::ostream* out) {
    static constexpr const char* kNames[] = {"delivered", "retry at ", "exhausted", "gone"};
    *out << kNames[static_cast<int>(step.kind)];
    if (step.kind == NextStep::Kind::kRetryAt) *out << step.due.iso();
}

namespace {

using Kind = NextStep::Kind;

const Timestamp kNow = Timestamp::parse("2026-11-23T12:00:00Z").value();

RetryPlan defaultPlan() {
    return RetryPlan(WebhookSettings{}.retry_schedule_s);
}

struct Result {
    DeliveryAttempt attempt;
    std::optional<std::string> retry_after;
};

Result answered(int status, std::optional<std::string> retry_after = std::nullopt) {
    Result result;
    result.attempt.status_code = status;
    result.attempt.outcome = status / 100 == 2   ? AttemptOutcome::kSuccess
                             : status / 100 == 3 ? AttemptOutcome::kRedirect
                             : status == 410     ? AttemptOutcome::kGone
                                                 : AttemptOutcome::kHttpError;
    result.retry_after = std::move(retry_after);
    return result;
}

Result unanswered(AttemptOutcome outcome) {
    Result result;
    result.attempt.outcome = outcome;
    return result;
}

NextStep step(const RetryPlan& plan, const Result& result, std::int64_t attempts, Random& random,
              Timestamp now = kNow) {
    return plan.step(result.attempt, result.retry_after, {attempts, kNow}, now, random);
}

// Seconds until the next attempt; -1 when there is none.
double delay(const RetryPlan& plan, const Result& result, std::int64_t attempts, Random& random) {
    const auto next = step(plan, result, attempts, random);
    return next.kind == Kind::kRetryAt ? static_cast<double>((next.due - kNow).count()) / 1e6 : -1;
}

TEST(RetryPlan, TakesEvery2xxForDelivered) {
    ConstantRandom random(0);
    for (const int status : {200, 201, 202, 204, 299}) {
        EXPECT_EQ(step(defaultPlan(), answered(status), 1, random), (NextStep{Kind::kDelivered, {}, false}))
            << status;
    }
}

TEST(RetryPlan, TriesEverythingElseAgain) {
    ConstantRandom random(0);
    for (const int status : {100, 199, 300, 301, 302, 304, 307, 308, 400, 401, 403, 404,
                             408, 409, 422, 425, 429, 500, 502, 503, 504, 599, 999}) {
        EXPECT_EQ(step(defaultPlan(), answered(status), 1, random).kind, Kind::kRetryAt) << status;
    }
    EXPECT_EQ(step(defaultPlan(), unanswered(AttemptOutcome::kTimeout), 1, random).kind, Kind::kRetryAt);
}

TEST(RetryPlan, EndsWithGone) {
    ConstantRandom random(0);
    EXPECT_EQ(step(defaultPlan(), answered(410, "5"), 1, random), (NextStep{Kind::kGone, {}, false}));
}

// The receiver is down for days: ten attempts over three days, then the delivery has failed.
TEST(RetryPlan, FollowsTheDefaultSchedule) {
    ConstantRandom least(0x00);
    ConstantRandom most(0xff);
    const std::vector<double> schedule = {5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400};
    for (std::size_t i = 0; i < schedule.size(); ++i) {
        const auto attempts = static_cast<std::int64_t>(i) + 1;
        EXPECT_NEAR(delay(defaultPlan(), answered(500), attempts, least), schedule[i] * 0.8, 0.001);
        EXPECT_NEAR(delay(defaultPlan(), answered(500), attempts, most), schedule[i] * 1.2, 0.001);
    }
    EXPECT_EQ(delay(defaultPlan(), answered(500), 10, least), -1);
    EXPECT_EQ(step(defaultPlan(), answered(500), 10, least), (NextStep{Kind::kExhausted, {}, false}));
    // A crash may have counted one more.
    EXPECT_EQ(delay(defaultPlan(), answered(500), 11, least), -1);
    EXPECT_EQ(step(defaultPlan(), answered(200), 11, least).kind, Kind::kDelivered);
}

TEST(RetryPlan, WithoutAScheduleTriesOnce) {
    ConstantRandom random(0);
    EXPECT_EQ(step(RetryPlan({}), answered(500), 1, random).kind, Kind::kExhausted);
    EXPECT_EQ(step(RetryPlan({}), answered(204), 1, random).kind, Kind::kDelivered);
}

TEST(RetryPlan, WaitsAtLeastAsLongAsABusyReceiverSays) {
    ConstantRandom least(0);
    ConstantRandom most(0xff);
    for (const int status : {429, 503}) {
        EXPECT_NEAR(delay(defaultPlan(), answered(status, "120"), 1, least), 120, 0.001);
        EXPECT_NEAR(delay(defaultPlan(), answered(status, "120"), 1, most), 144, 0.001);
        EXPECT_NEAR(delay(defaultPlan(), answered(status, " 7 "), 1, least), 7, 0.001);
        EXPECT_NEAR(delay(defaultPlan(), answered(status, "Mon, 23 Nov 2026 12:10:00 GMT"), 1, least), 600,
                    0.001);
    }
    EXPECT_NEAR(delay(defaultPlan(), answered(500, "120"), 1, least), 4, 0.001);
}

TEST(RetryPlan, DoesNotBurnItsAttemptsForAShortRetryAfter) {
    ConstantRandom least(0);
    EXPECT_NEAR(delay(defaultPlan(), answered(429, "0"), 1, least), 4, 0.001);
    EXPECT_NEAR(delay(defaultPlan(), answered(429, "1"), 4, least), 7200 * 0.8, 0.001);
    EXPECT_NEAR(delay(defaultPlan(), answered(503, "Sun, 06 Nov 1994 08:49:37 GMT"), 2, least), 240, 0.001);
}

TEST(RetryPlan, IsNotSentAwayForMoreThanADay) {
    ConstantRandom least(0);
    for (const char* text : {"86401", "999999999", "99999999999999999999", "Fri, 31 Dec 9999 23:59:59 GMT"}) {
        EXPECT_NEAR(delay(defaultPlan(), answered(429, text), 1, least), 86400, 0.001) << text;
    }
}

TEST(RetryAfter, IsSecondsOrADate) {
    EXPECT_EQ(parseRetryAfter("0", kNow), microseconds(0));
    EXPECT_EQ(parseRetryAfter("120", kNow), microseconds(120'000'000));
    EXPECT_EQ(parseRetryAfter("Mon, 23 Nov 2026 12:00:01 GMT", kNow), microseconds(1'000'000));
    EXPECT_EQ(parseRetryAfter("Mon, 23 Nov 2026 11:00:00 GMT", kNow), microseconds(0));
    for (const char* text :
         {"", " ", "-1", "+1", "1.5", "0x10", "soon", "1 2", "Mon, 23 Nov 2026 12:00:01 UTC",
          "Mon, 23 Xxx 2026 12:00:01 GMT", "Mon, 33 Nov 2026 12:00:01 GMT", "Mon, 23 Nov 2026 25:00:01 GMT",
          "Mon, 23-Nov-2026 12:00:01 GMT", "Monday, 23-Nov-26 12:00:01 GMT", "2026-11-23T12:00:01Z",
          "Mon, aa Nov 2026 12:00:01 GMT"}) {
        EXPECT_EQ(parseRetryAfter(text, kNow), std::nullopt) << text;
    }
}

std::uint64_t seed() {
    const char* chosen = std::getenv("HEDDLE_TEST_SEED");
    return chosen != nullptr ? std::strtoull(chosen, nullptr, 10) : 20261123;
}

Result anyFailure(std::mt19937_64& engine) {
    static constexpr int kStatuses[] = {301, 404, 408, 429, 500, 503};
    static constexpr const char* kRetryAfters[] = {"0",        "5",        "3600",
                                                   "99999999", "nonsense", "Mon, 23 Nov 2026 13:00:00 GMT"};
    if (engine() % 3 == 0) return unanswered(AttemptOutcome::kConnectRefused);
    auto result = answered(kStatuses[engine() % 6]);
    if (engine() % 2 == 0) result.retry_after = kRetryAfters[engine() % 6];
    return result;
}

// Whatever a receiver answers: a delivery is tried 1 + schedule times, never earlier than its jitter allows,
// never later than a day or the schedule says, and it ends.
TEST(RetryPlanProperty, HoldsForAnySchedule) {
    const auto start = seed();
    for (std::uint64_t round = 0; round < 10'000; ++round) {
        std::mt19937_64 engine(start + round);
        SeededRandom random(start + round);
        std::vector<std::int64_t> schedule(engine() % 12);
        for (auto& seconds : schedule) seconds = static_cast<std::int64_t>(engine() % 100'000);
        const RetryPlan plan(schedule);
        Timestamp now = kNow;
        std::int64_t attempts = 0;
        for (;;) {
            ++attempts;
            const auto result = anyFailure(engine);
            const auto next = plan.step(result.attempt, result.retry_after, {attempts, kNow}, now, random);
            ASSERT_FALSE(next.free);
            if (next.kind == Kind::kExhausted) break;
            ASSERT_EQ(next.kind, Kind::kRetryAt);
            const auto planned =
                static_cast<double>(schedule.at(static_cast<std::size_t>(attempts) - 1)) * 1e6;
            const auto waited = static_cast<double>((next.due - now).count());
            ASSERT_GE(waited, planned * 0.8 - 1) << "HEDDLE_TEST_SEED=" << start + round;
            ASSERT_LE(waited, std::max(planned, 86'400e6) * 1.2 + 1) << "HEDDLE_TEST_SEED=" << start + round;
            now = next.due;
        }
        ASSERT_EQ(attempts, static_cast<std::int64_t>(schedule.size()) + 1)
            << "HEDDLE_TEST_SEED=" << start + round;
    }
}

// The proxy's faults cost no attempt, but such a delivery ends too.
TEST(RetryPlan, CountsNoAttemptThatTheProxyFailed) {
    ConstantRandom least(0);
    const auto failed = unanswered(AttemptOutcome::kProxyFailed);
    const RetryPlan plan({5, 5});
    for (const std::int64_t attempts : {1, 2, 3, 100}) {
        const auto next = step(plan, failed, attempts, least);
        EXPECT_EQ(next.kind, Kind::kRetryAt);
        EXPECT_TRUE(next.free);
        EXPECT_EQ(next.due, kNow + seconds(24));
    }
    EXPECT_EQ(step(plan, failed, 1, least, kNow + plan.span() + seconds(1)).kind, Kind::kExhausted);
}

TEST(RetryPlan, KnowsItsLongestSpan) {
    EXPECT_EQ(RetryPlan({}).span(), std::chrono::minutes(1));
    EXPECT_EQ(RetryPlan({100, 900}).span(), seconds(1200) + std::chrono::minutes(1));
}

// The wall clock jumps a day ahead between attempts, again and again: each jump costs one attempt at most.
TEST(RetryPlan, AClockThatJumpsCausesNoStorm) {
    ConstantRandom least(0);
    const RetryPlan plan = defaultPlan();
    Timestamp now = kNow;
    std::int64_t attempts = 1;
    for (; attempts <= 9; ++attempts) {
        const auto next = step(plan, answered(500), attempts, least, now);
        ASSERT_EQ(next.kind, Kind::kRetryAt);
        ASSERT_GE(next.due - now, seconds(4));
        now = now + std::chrono::hours(24);
    }
    EXPECT_EQ(step(plan, answered(500), attempts, least, now).kind, Kind::kExhausted);
}

TEST(RetryPlanProperty, SpreadsJitterEvenly) {
    SeededRandom random(seed());
    const RetryPlan plan({1000});
    int below = 0;
    for (int i = 0; i < 10'000; ++i) below += delay(plan, answered(500), 1, random) < 1000 ? 1 : 0;
    EXPECT_GT(below, 4'700);
    EXPECT_LT(below, 5'300);
}

}  // namespace
}  // namespace heddle::webhook
