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
    static constexpr const char* kNames[] = {"delivered", "retry at ", "failed"};
    *out << kNames[static_cast<int>(step.kind)];
    if (step.kind == NextStep::Kind::kRetryAt) *out << step.due.iso();
    *out << " (" << step.error << ")";
}

namespace {

using Kind = NextStep::Kind;

const Timestamp kNow = Timestamp::parse("2026-11-23T12:00:00Z").value();

RetryPlan defaultPlan() {
    return RetryPlan(WebhookSettings{}.retry_schedule_s);
}

AttemptResult answered(unsigned status, std::optional<std::string> retry_after = std::nullopt) {
    AttemptResult result;
    result.status = status;
    result.retry_after = std::move(retry_after);
    return result;
}

AttemptResult unanswered(std::string error) {
    AttemptResult result;
    result.error = std::move(error);
    return result;
}

// Seconds until the next attempt; -1 when there is none.
double delay(const RetryPlan& plan, const AttemptResult& result, std::int64_t attempts, Random& random) {
    const auto next = plan.step(result, attempts, kNow, random);
    return next.kind == Kind::kRetryAt ? static_cast<double>((next.due - kNow).count()) / 1e6 : -1;
}

TEST(RetryPlan, TakesEvery2xxForDelivered) {
    ConstantRandom random(0);
    for (const unsigned status : {200U, 201U, 202U, 204U, 299U}) {
        EXPECT_EQ(defaultPlan().step(answered(status), 1, kNow, random), (NextStep{Kind::kDelivered, {}, {}}))
            << status;
    }
}

TEST(RetryPlan, TriesEverythingElseAgain) {
    ConstantRandom random(0);
    for (const unsigned status : {100U, 199U, 300U, 301U, 302U, 304U, 307U, 308U, 400U, 401U, 403U, 404U,
                                  408U, 409U, 422U, 425U, 429U, 500U, 502U, 503U, 504U, 599U, 999U}) {
        EXPECT_EQ(defaultPlan().step(answered(status), 1, kNow, random).kind, Kind::kRetryAt) << status;
    }
    EXPECT_EQ(defaultPlan().step(unanswered("timed out"), 1, kNow, random).kind, Kind::kRetryAt);
}

TEST(RetryPlan, EndsWithGone) {
    ConstantRandom random(0);
    EXPECT_EQ(defaultPlan().step(answered(410, "5"), 1, kNow, random),
              (NextStep{Kind::kFailed, {}, "gone (HTTP 410)"}));
}

TEST(RetryPlan, SaysWhy) {
    ConstantRandom random(0);
    EXPECT_EQ(defaultPlan().step(answered(500), 1, kNow, random).error, "HTTP 500");
    EXPECT_EQ(defaultPlan().step(answered(302), 1, kNow, random).error,
              "HTTP 302 (redirects are not followed)");
    EXPECT_EQ(defaultPlan().step(unanswered("connection refused"), 1, kNow, random).error,
              "connection refused");
    EXPECT_EQ(defaultPlan().step(unanswered(""), 1, kNow, random).error, "no answer");
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
    EXPECT_EQ(defaultPlan().step(answered(500), 10, kNow, least), (NextStep{Kind::kFailed, {}, "HTTP 500"}));
    // A crash may have counted one more.
    EXPECT_EQ(delay(defaultPlan(), answered(500), 11, least), -1);
    EXPECT_EQ(defaultPlan().step(answered(200), 11, kNow, least).kind, Kind::kDelivered);
}

TEST(RetryPlan, WithoutAScheduleTriesOnce) {
    ConstantRandom random(0);
    EXPECT_EQ(RetryPlan({}).step(answered(500), 1, kNow, random).kind, Kind::kFailed);
    EXPECT_EQ(RetryPlan({}).step(answered(204), 1, kNow, random).kind, Kind::kDelivered);
}

TEST(RetryPlan, WaitsAtLeastAsLongAsABusyReceiverSays) {
    ConstantRandom least(0);
    ConstantRandom most(0xff);
    for (const unsigned status : {429U, 503U}) {
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

AttemptResult anyFailure(std::mt19937_64& engine) {
    static constexpr unsigned kStatuses[] = {301, 404, 408, 429, 500, 503};
    static constexpr const char* kRetryAfters[] = {"0",        "5",        "3600",
                                                   "99999999", "nonsense", "Mon, 23 Nov 2026 13:00:00 GMT"};
    if (engine() % 3 == 0) return unanswered("connection refused");
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
            const auto next = plan.step(result, attempts, now, random);
            ASSERT_FALSE(next.error.empty());
            if (next.kind == Kind::kFailed) break;
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
