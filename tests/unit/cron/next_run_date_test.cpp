// SPDX-License-Identifier: Apache-2.0
#include "cron/next_run_date.hpp"

#include "times.hpp"

#include <gmock/gmock.h>

namespace heddle::cron {
namespace {

using ::testing::ElementsAre;

TEST(NextRunDate, IsStrictlyAfter) {
    EXPECT_THAT(runs("0 9 * * *", "UTC", "2026-05-01T08:59:59.999999Z", 1),
                ElementsAre("2026-05-01 09:00:00 +00:00"));
    EXPECT_THAT(runs("0 9 * * *", "UTC", "2026-05-01T09:00:00Z", 1),
                ElementsAre("2026-05-02 09:00:00 +00:00"));
    EXPECT_THAT(runs("* * * * * *", "UTC", "2026-05-01T09:00:00.5Z", 1),
                ElementsAre("2026-05-01 09:00:01 +00:00"));
    EXPECT_THAT(runs("0 0 1 1 *", "UTC", "1969-12-31T23:59:59.5Z", 1),
                ElementsAre("1970-01-01 00:00:00 +00:00"));
}

TEST(NextRunDate, IsInTheZonesTime) {
    EXPECT_THAT(runs("0 9 * * *", "America/New_York", "2026-01-15T14:00:00Z", 1),
                ElementsAre("2026-01-16 09:00:00 -05:00"));
    EXPECT_THAT(runs("0 9 * * *", "America/New_York", "2026-07-15T12:59:00Z", 1),
                ElementsAre("2026-07-15 09:00:00 -04:00"));
    EXPECT_THAT(runs("0 9 * * *", "Asia/Kathmandu", "2026-07-15T00:00:00Z", 1),
                ElementsAre("2026-07-15 09:00:00 +05:45"));
}

TEST(NextRunDate, OfATimeInTheGapIsTheGapsEnd) {
    EXPECT_THAT(runs("30 2 * * *", "Europe/Berlin", "2024-03-29T12:00:00Z", 3),
                ElementsAre("2024-03-30 02:30:00 +01:00", "2024-03-31 03:00:00 +02:00",
                            "2024-04-01 02:30:00 +02:00"));
    EXPECT_THAT(runs("0 2 * * *", "America/New_York", "2024-03-09T12:00:00Z", 2),
                ElementsAre("2024-03-10 03:00:00 -04:00", "2024-03-11 02:00:00 -04:00"));
    EXPECT_THAT(runs("15 2 * * *", "Australia/Lord_Howe", "2024-10-05T00:00:00Z", 2),
                ElementsAre("2024-10-06 02:30:00 +11:00", "2024-10-07 02:15:00 +11:00"));
    EXPECT_THAT(runs("10 0 * * *", "Asia/Kathmandu", "1985-12-31T12:00:00Z", 2),
                ElementsAre("1986-01-01 00:15:00 +05:45", "1986-01-02 00:10:00 +05:45"));
}

TEST(NextRunDate, OfAMidnightInTheGapIsOfTheSameDay) {
    EXPECT_THAT(runs("@daily", "America/Sao_Paulo", "2018-11-03T12:00:00Z", 2),
                ElementsAre("2018-11-04 01:00:00 -02:00", "2018-11-05 00:00:00 -02:00"));
    EXPECT_THAT(runs("@daily", "America/Havana", "2024-03-09T12:00:00Z", 1),
                ElementsAre("2024-03-10 01:00:00 -04:00"));
    EXPECT_THAT(runs("0 0 4 11 *", "America/Sao_Paulo", "2018-01-01T12:00:00Z", 1),
                ElementsAre("2018-11-04 01:00:00 -02:00"));
}

TEST(NextRunDate, RunsOnceForAllTimesInTheGap) {
    EXPECT_THAT(runs("*/15 2,3 * * *", "Europe/Berlin", "2024-03-31T00:00:00Z", 3),
                ElementsAre("2024-03-31 03:00:00 +02:00", "2024-03-31 03:15:00 +02:00",
                            "2024-03-31 03:30:00 +02:00"));
    EXPECT_THAT(runs("0 */2 * * *", "Europe/Berlin", "2024-03-30T23:00:00Z", 2),
                ElementsAre("2024-03-31 03:00:00 +02:00", "2024-03-31 04:00:00 +02:00"));
}

TEST(NextRunDate, OfATimeThatComesTwiceIsTheFirst) {
    EXPECT_THAT(runs("30 2 * * *", "Europe/Berlin", "2024-10-26T12:00:00Z", 2),
                ElementsAre("2024-10-27 02:30:00 +02:00", "2024-10-28 02:30:00 +01:00"));
    EXPECT_THAT(runs("30 1 * * *", "America/New_York", "2024-11-02T12:00:00Z", 2),
                ElementsAre("2024-11-03 01:30:00 -04:00", "2024-11-04 01:30:00 -05:00"));
    EXPECT_THAT(runs("45 1 * * *", "Australia/Lord_Howe", "2024-04-06T00:00:00Z", 2),
                ElementsAre("2024-04-07 01:45:00 +11:00", "2024-04-08 01:45:00 +10:30"));
    EXPECT_THAT(runs("30 23 * * *", "America/Sao_Paulo", "2018-02-17T12:00:00Z", 2),
                ElementsAre("2018-02-17 23:30:00 -02:00", "2018-02-18 23:30:00 -03:00"));
    EXPECT_THAT(runs("30 2 * * *", "Africa/Casablanca", "2024-03-10T00:00:00Z", 2),
                ElementsAre("2024-03-10 02:30:00 +01:00", "2024-03-11 02:30:00 +00:00"));
    EXPECT_THAT(runs("0 */2 * * *", "Europe/Berlin", "2024-10-26T22:00:00Z", 2),
                ElementsAre("2024-10-27 02:00:00 +02:00", "2024-10-27 04:00:00 +01:00"));
}

TEST(NextRunDate, IsNotRepeatedForOneWhoAsksInTheHourThatComesTwice) {
    EXPECT_THAT(runs("30 2 * * *", "Europe/Berlin", "2024-10-27T01:05:00Z", 1),  // 02:05, the second
                ElementsAre("2024-10-28 02:30:00 +01:00"));
    EXPECT_THAT(runs("0 3 * * *", "Europe/Berlin", "2024-10-27T01:05:00Z", 1),
                ElementsAre("2024-10-27 03:00:00 +01:00"));
}

TEST(NextRunDate, OfABeatGoesOnThroughGapAndOverlap) {
    EXPECT_THAT(runs("*/30 * * * *", "Europe/Berlin", "2024-03-31T00:00:00Z", 3),
                ElementsAre("2024-03-31 01:30:00 +01:00", "2024-03-31 03:00:00 +02:00",
                            "2024-03-31 03:30:00 +02:00"));
    EXPECT_THAT(
        runs("*/30 * * * *", "Europe/Berlin", "2024-10-27T00:00:00Z", 5),
        ElementsAre("2024-10-27 02:30:00 +02:00", "2024-10-27 02:00:00 +01:00", "2024-10-27 02:30:00 +01:00",
                    "2024-10-27 03:00:00 +01:00", "2024-10-27 03:30:00 +01:00"));
    EXPECT_THAT(runs("@hourly", "America/New_York", "2024-11-03T05:30:00Z", 2),
                ElementsAre("2024-11-03 01:00:00 -05:00", "2024-11-03 02:00:00 -05:00"));
    EXPECT_THAT(runs("15 0-23 * * *", "America/New_York", "2024-11-03T05:00:00Z", 2),
                ElementsAre("2024-11-03 01:15:00 -04:00", "2024-11-03 01:15:00 -05:00"));
    EXPECT_THAT(runs("0 * 3 11 *", "America/New_York", "2024-11-03T05:00:00Z", 2),
                ElementsAre("2024-11-03 01:00:00 -05:00", "2024-11-03 02:00:00 -05:00"));
}

// The clock is put back from midnight: the rest of a day that matches comes again before a year without.
TEST(NextRunDate, OfABeatIsInTheHourThatComesTwiceAlsoWhenTheNextOneIsFar) {
    EXPECT_THAT(runs("10 * 17 2 *", "America/Sao_Paulo", "2018-02-18T01:30:00Z", 2),
                ElementsAre("2018-02-17 23:10:00 -03:00", "2019-02-17 00:10:00 -03:00"));
}

TEST(NextRunDate, OfABeatIsElapsedTimeWhenTheClockChangesByHalfAnHour) {
    EXPECT_THAT(runs("*/15 * * * *", "Australia/Lord_Howe", "2024-10-05T15:15:00Z", 3),
                ElementsAre("2024-10-06 02:30:00 +11:00", "2024-10-06 02:45:00 +11:00",
                            "2024-10-06 03:00:00 +11:00"));
    EXPECT_THAT(runs("*/15 * * * *", "Australia/Lord_Howe", "2024-04-06T14:45:00Z", 4),
                ElementsAre("2024-04-07 01:30:00 +10:30", "2024-04-07 01:45:00 +10:30",
                            "2024-04-07 02:00:00 +10:30", "2024-04-07 02:15:00 +10:30"));
}

TEST(NextRunDate, IsEveryQuarterOfAnHourForAYearInEveryZone) {
    Zones zones;
    const auto quarters = scheduled("*/15 * * * *");
    for (const auto* name : {"Europe/Berlin", "America/New_York", "America/Sao_Paulo", "Australia/Lord_Howe",
                             "Africa/Casablanca", "Asia/Kathmandu", "Pacific/Apia", "UTC"}) {
        const auto zone = zones.find(name);
        ASSERT_TRUE(zone) << name;
        auto time = at("2011-06-01T00:00:00Z");
        const auto end = at("2012-06-01T00:00:00Z");
        while (time < end) {
            const auto next = nextRunDate(quarters, **zone, time);
            ASSERT_TRUE(next) << name;
            ASSERT_EQ(*next - time, std::chrono::minutes(15)) << name << ' ' << shown(**zone, *next);
            time = *next;
        }
    }
}

TEST(NextRunDate, OfTheDayThatSamoaSkippedIsTheNextDaysStart) {
    EXPECT_THAT(runs("0 9 * * *", "Pacific/Apia", "2011-12-29T12:00:00Z", 4),
                ElementsAre("2011-12-29 09:00:00 -10:00", "2011-12-31 00:00:00 +14:00",
                            "2011-12-31 09:00:00 +14:00", "2012-01-01 09:00:00 +14:00"));
    EXPECT_THAT(runs("0 * * * *", "Pacific/Apia", "2011-12-30T08:30:00Z", 3),
                ElementsAre("2011-12-29 23:00:00 -10:00", "2011-12-31 00:00:00 +14:00",
                            "2011-12-31 01:00:00 +14:00"));
}

TEST(NextRunDate, KnowsSummerTimeAfter2037) {
    EXPECT_THAT(runs("0 9 1 1,7 *", "Europe/Berlin", "2045-12-31T00:00:00Z", 2),
                ElementsAre("2046-01-01 09:00:00 +01:00", "2046-07-01 09:00:00 +02:00"));
    EXPECT_THAT(runs("30 2 * * *", "Europe/Berlin", "2046-03-24T12:00:00Z", 1),
                ElementsAre("2046-03-25 03:00:00 +02:00"));
}

TEST(NextRunDate, FindsRareBeatsOverManyChangesOfTheClock) {
    EXPECT_THAT(runs("* * 29 2 1#5", "Europe/Berlin", "2026-01-01T00:00:00Z", 2),
                ElementsAre("2044-02-29 00:00:00 +01:00", "2044-02-29 00:01:00 +01:00"));
    EXPECT_THAT(runs("* * 27 10 * 0 2075", "Europe/Berlin", "2026-01-01T00:00:00Z", 1),
                ElementsAre("2075-10-27 00:00:00 +02:00"));
}

}  // namespace
}  // namespace heddle::cron
