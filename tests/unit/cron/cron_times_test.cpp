// SPDX-License-Identifier: Apache-2.0
#include "cron/cron_times.hpp"

#include "times.hpp"

#include <gtest/gtest.h>

namespace heddle::cron {
namespace {

class CronTimesTest : public ::testing::Test {
  protected:
    CronTimes times(const std::string& schedule, std::optional<Timestamp> end = std::nullopt) {
        Cron cron;
        cron.schedule = schedule;
        cron.end_time = end;
        return CronTimes::read(zones_, cron).value();
    }
    FiringPlan plan(const std::string& schedule, std::string_view due, std::string_view now,
                    std::optional<Timestamp> end = std::nullopt) {
        return planFiring(times(schedule, end), at(due), at(now), std::chrono::minutes(5));
    }
    Zones zones_;
};

TEST_F(CronTimesTest, WhatIsDueFires) {
    const auto found = plan("*/5 * * * *", "2026-05-01T10:00:00Z", "2026-05-01T10:00:00.003Z");
    EXPECT_EQ(found.slot, at("2026-05-01T10:00:00Z"));
    EXPECT_EQ(found.next, at("2026-05-01T10:05:00Z"));
    EXPECT_EQ(found.missed, 0);
    // In the very microsecond.
    EXPECT_EQ(plan("*/5 * * * *", "2026-05-01T10:00:00Z", "2026-05-01T10:00:00Z").slot,
              at("2026-05-01T10:00:00Z"));
}

TEST_F(CronTimesTest, OfSeveralMissedTimesTheNewestFires) {
    const auto found = plan("* * * * *", "2026-05-01T10:00:00Z", "2026-05-01T10:03:20Z");
    EXPECT_EQ(found.slot, at("2026-05-01T10:03:00Z"));
    EXPECT_EQ(found.next, at("2026-05-01T10:04:00Z"));
    EXPECT_EQ(found.missed, 3);
}

TEST_F(CronTimesTest, AMissedTimeFiresWithinTheWindowOnly) {
    EXPECT_EQ(plan("0 * * * *", "2026-05-01T10:00:00Z", "2026-05-01T10:05:00Z").slot,
              at("2026-05-01T10:00:00Z"));
    const auto late = plan("0 * * * *", "2026-05-01T10:00:00Z", "2026-05-01T10:05:00.000001Z");
    EXPECT_EQ(late.slot, std::nullopt);
    EXPECT_EQ(late.next, at("2026-05-01T11:00:00Z"));
    EXPECT_EQ(late.missed, 1);
}

TEST_F(CronTimesTest, WithoutAWindowABusyServerStillFires) {
    const auto none = [this](std::string_view now) {
        return planFiring(times("0 * * * *"), at("2026-05-01T10:00:00Z"), at(now), microseconds(0)).slot;
    };
    EXPECT_EQ(none("2026-05-01T10:00:00.000003Z"), at("2026-05-01T10:00:00Z"));
    EXPECT_EQ(none("2026-05-01T10:00:05Z"), at("2026-05-01T10:00:00Z"));
    EXPECT_EQ(none("2026-05-01T10:00:05.1Z"), std::nullopt);
}

TEST_F(CronTimesTest, AfterALongTimeTheNewestStillFires) {
    const auto found = plan("* * * * * *", "2026-01-01T00:00:00Z", "2026-05-01T10:00:00.5Z");
    EXPECT_EQ(found.slot, at("2026-05-01T10:00:00Z"));
    EXPECT_EQ(found.next, at("2026-05-01T10:00:01Z"));
    EXPECT_EQ(found.missed, kMissedMost);
}

TEST_F(CronTimesTest, NothingFiresAfterTheEnd) {
    const auto end = at("2026-05-01T10:02:00Z");
    const auto last = plan("* * * * *", "2026-05-01T10:02:00Z", "2026-05-01T10:02:01Z", end);
    EXPECT_EQ(last.slot, end);
    EXPECT_EQ(last.next, std::nullopt);
    const auto missed = plan("* * * * *", "2026-05-01T10:01:00Z", "2026-05-01T10:04:00Z", end);
    EXPECT_EQ(missed.slot, end);
    EXPECT_EQ(missed.next, std::nullopt);
    const auto over = plan("* * * * *", "2026-05-01T10:02:00Z", "2026-05-01T10:30:00Z", end);
    EXPECT_EQ(over.slot, std::nullopt);
    EXPECT_EQ(over.next, std::nullopt);
}

// Whatever the schedule, the due time and the clock: the slot is a time of the schedule within the window and
// not after now, the next one is after now, and no time between them is left out.
TEST_F(CronTimesTest, APlanLeavesNoTimeBetweenItsSlotAndTheNext) {
    for (const char* schedule : {"* * * * * *", "*/7 * * * *", "0 */2 * * *", "30 2 29 2 *", "0 0 * * 1#1"}) {
        const auto each = times(schedule);
        for (std::int64_t step = 0; step < 300; ++step) {
            const auto begin = at("2026-03-01T00:00:00Z") + seconds(step * 977);
            const auto due = each.after(begin).value();
            const auto now = due + microseconds((step * step * 7'919'993) % 900'000'000);
            const auto found = planFiring(each, due, now, std::chrono::minutes(5));
            ASSERT_TRUE(found.next.has_value());
            EXPECT_GT(*found.next, now);
            if (found.slot) {
                EXPECT_LE(*found.slot, now);
                EXPECT_GE(*found.slot, std::max(due, now - std::chrono::minutes(5)));
                EXPECT_EQ(each.after(*found.slot), found.next);
                EXPECT_EQ(each.after(*found.slot - microseconds(1)), found.slot);
            } else {
                EXPECT_EQ(each.after(now - std::chrono::minutes(5)), found.next);
            }
        }
    }
}

TEST_F(CronTimesTest, AnEndWithoutAnOffsetIsOneOfTheZone) {
    const auto read = [this](std::string_view text, const char* zone) {
        return readEndTime(zones_, std::optional<std::string>(zone), text).value();
    };
    EXPECT_EQ(read("2026-07-01T09:00:00", "Europe/Berlin"), at("2026-07-01T07:00:00Z"));
    EXPECT_EQ(read("2026-12-01T09:00:00.25", "Europe/Berlin"), at("2026-12-01T08:00:00.25Z"));
    EXPECT_EQ(read("2026-07-01T09:00:00-03:00", "Europe/Berlin"), at("2026-07-01T12:00:00Z"));
    // Twice that night: the first.
    EXPECT_EQ(read("2026-10-25T02:30:00", "Europe/Berlin"), at("2026-10-25T00:30:00Z"));
    EXPECT_EQ(read("2026-03-29T12:00:00", "Europe/Berlin"), at("2026-03-29T10:00:00Z"));
    for (const char* bad : {"", "bad", "2026-07-01", "2026-13-01T00:00:00", "09:00:00"}) {
        const auto refused = readEndTime(zones_, std::nullopt, bad);
        ASSERT_FALSE(refused.has_value()) << bad;
        EXPECT_TRUE(refused.error().detail.starts_with("end_time: ")) << refused.error().detail;
    }
}

}  // namespace
}  // namespace heddle::cron
