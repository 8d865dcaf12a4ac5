// SPDX-License-Identifier: Apache-2.0
#include "cron/schedule.hpp"

#include "base/limits.hpp"
#include "times.hpp"

#include <gmock/gmock.h>

namespace heddle::cron {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;
using Runs = std::vector<std::string>;

constexpr std::string_view kNewYear = "2026-01-01T00:00:00Z";  // a Thursday

// The first runs of 2026, without zone.
Runs ofYear(std::string_view schedule, std::size_t count) {
    Runs found;
    for (const auto& run : runs(schedule, "UTC", "2025-12-31T23:59:59Z", count))
        found.push_back(run.substr(0, 19));
    return found;
}

// What two spellings have in common for 200 runs.
void expectSame(std::string_view one, std::string_view other) {
    EXPECT_EQ(ofYear(one, 200), ofYear(other, 200)) << one << " and " << other;
}

std::string refusal(std::string_view text) {
    const auto schedule = Schedule::parse(text);
    return schedule ? "read" : schedule.error().detail;
}

TEST(Schedule, HasMinuteHourDayMonthWeekday) {
    EXPECT_THAT(ofYear("30 9 * * *", 2), ElementsAre("2026-01-01 09:30:00", "2026-01-02 09:30:00"));
    EXPECT_THAT(ofYear("0 0 15 3 *", 2), ElementsAre("2026-03-15 00:00:00", "2027-03-15 00:00:00"));
    EXPECT_THAT(ofYear("0 0 * * 1", 2), ElementsAre("2026-01-05 00:00:00", "2026-01-12 00:00:00"));
}

TEST(Schedule, HasTheSecondLastAndTheYearAfterIt) {
    EXPECT_THAT(ofYear("* * * * * 5,40", 3),
                ElementsAre("2026-01-01 00:00:05", "2026-01-01 00:00:40", "2026-01-01 00:01:05"));
    EXPECT_THAT(ofYear("0 0 1 1 * 7 2028,2030", 3),
                ElementsAre("2028-01-01 00:00:07", "2030-01-01 00:00:07"));
}

TEST(Schedule, ReadsNamesOfSchedules) {
    for (const auto& [name, meaning] : {std::pair{"@yearly", "0 0 1 1 *"},
                                        {"@annually", "0 0 1 1 *"},
                                        {"@monthly", "0 0 1 * *"},
                                        {"@weekly", "0 0 * * 0"},
                                        {"@daily", "0 0 * * *"},
                                        {"@Midnight", "0 0 * * *"},
                                        {"@hourly", "0 * * * *"}}) {
        EXPECT_EQ(ofYear(name, 30), ofYear(meaning, 30)) << name;
    }
}

TEST(Schedule, ReadsNamesOfDaysAndMonthsInAnyCase) {
    expectSame("0 0 * jan,DEC Mon-fri", "0 0 * 1,12 1-5");
    expectSame("0 0 1 feb/5 *", "0 0 1 2,7,12 *");
    expectSame("\t0  0 * * sun ", "0 0 * * 7");
}

TEST(Schedule, CountsStepsFromTheFirstValueOrTheRangesStart) {
    expectSame("*/20 * * * *", "0,20,40 * * * *");
    expectSame("7/20 * * * *", "7,27,47 * * * *");
    expectSame("10-40/15 * * * *", "10,25,40 * * * *");
    expectSame("59/15 * * * *", "59 * * * *");
    expectSame("*/99999999999999999999 * * * *", "0 * * * *");
    expectSame("0 0 */10 * *", "0 0 1,11,21,31 * *");
}

TEST(Schedule, GoesAroundTheEndOfARangeAndStepsGoOn) {
    expectSame("0 22-3 * * *", "0 22,23,0,1,2,3 * * *");
    expectSame("0 0 * * fri-mon", "0 0 * * 5,6,0,1");
    expectSame("0 0 1 nov-feb *", "0 0 1 11,12,1,2 *");
    expectSame("0 23-7/2 * * *", "0 23,1,3,5,7 * * *");
    expectSame("0 0 * * 5-7", "0 0 * * 5,6,0");
}

TEST(Schedule, TakesARangeWithEqualEndsForTheWholeCycle) {
    expectSame("0 0 * * sun-sun", "0 0 * * *");
    expectSame("0 0 * * 0-7", "0 0 * * *");
    expectSame("0 9-9 * * *", "0 * * * *");
}

TEST(Schedule, RunsOnTheLastDayOfTheMonth) {
    EXPECT_THAT(ofYear("0 0 L * *", 3),
                ElementsAre("2026-01-31 00:00:00", "2026-02-28 00:00:00", "2026-03-31 00:00:00"));
    EXPECT_THAT(ofYear("0 0 29-L 2 *", 3),
                ElementsAre("2028-02-29 00:00:00", "2032-02-29 00:00:00", "2036-02-29 00:00:00"));
    EXPECT_THAT(ofYear("0 0 15,l * *", 3),
                ElementsAre("2026-01-15 00:00:00", "2026-01-31 00:00:00", "2026-02-15 00:00:00"));
}

TEST(Schedule, RunsOnTheNearestWeekdayOfTheSameMonth) {
    // 15 February, 15 March 2026 are Sundays; 1 February is one, 31 May too; 1 August is a Saturday.
    EXPECT_THAT(ofYear("0 0 15W * *", 3),
                ElementsAre("2026-01-15 00:00:00", "2026-02-16 00:00:00", "2026-03-16 00:00:00"));
    EXPECT_THAT(ofYear("0 0 w1 8 *", 1), ElementsAre("2026-08-03 00:00:00"));
    EXPECT_THAT(ofYear("0 0 31W 5,6 *", 2), ElementsAre("2026-05-29 00:00:00", "2026-06-30 00:00:00"));
}

TEST(Schedule, RunsOnWeekdaysOfOneWeek) {
    EXPECT_THAT(ofYear("0 0 * * fri#2", 2), ElementsAre("2026-01-09 00:00:00", "2026-02-13 00:00:00"));
    EXPECT_THAT(ofYear("0 0 * * 5#5", 2), ElementsAre("2026-01-30 00:00:00", "2026-05-29 00:00:00"));
    EXPECT_THAT(ofYear("0 0 * * L5", 2), ElementsAre("2026-01-30 00:00:00", "2026-02-27 00:00:00"));
    EXPECT_THAT(ofYear("0 0 * * sat#1,L7", 3),
                ElementsAre("2026-01-03 00:00:00", "2026-01-25 00:00:00", "2026-02-07 00:00:00"));
    expectSame("0 0 * * mon-wed#1", "0 0 * * 1#1,2#1,3#1");
    expectSame("0 0 * * 1-3#1", "0 0 * * 1#1,2#1,3#1");
}

TEST(Schedule, RunsOnADayOfEitherFieldWhenBothAreGiven) {
    EXPECT_THAT(ofYear("0 0 13 * 5", 4), ElementsAre("2026-01-02 00:00:00", "2026-01-09 00:00:00",
                                                     "2026-01-13 00:00:00", "2026-01-16 00:00:00"));
    expectSame("0 0 31 2 1", "0 0 * 2 1");  // a day that never comes counts for nothing
    expectSame("0 0 ? * 1", "0 0 * * 1");
    expectSame("0 0 1 * ?", "0 0 1 * *");
    expectSame("0 0 * * 1,*", "0 0 * * *");
}

// croniter's rule, by the texts.
TEST(Schedule, TakesAFieldWithEveryDayForFreeOnlyBesideAStar) {
    expectSame("0 0 1-31 * 1", "0 0 * * *");
    expectSame("0 0 1-31 * */2", "0 0 * * 0,2,4,6");
    expectSame("0 0 1 * 0-6", "0 0 * * *");
    expectSame("0 0 1-31,L * */2", "0 0 * * *");
    expectSame("0 0 */2 * 0-6", "0 0 1-31/2 * *");
}

TEST(Schedule, LetsADayOfTheMonthByItsWeekdayRuleOverPlainDays) {
    expectSame("0 0 15 * fri#2", "0 0 * * fri#2");
    expectSame("0 0 15W * 1", "0 0 15W * *");
    EXPECT_THAT(ofYear("0 0 15W * thu#3", 2), ElementsAre("2026-01-15 00:00:00", "2026-10-15 00:00:00"));
}

TEST(Schedule, MayNameDatesThatNeverCome) {
    EXPECT_THAT(ofYear("0 0 30 2 *", 1), IsEmpty());
    EXPECT_THAT(ofYear("0 0 31 4,6,9,11 *", 1), IsEmpty());
    EXPECT_THAT(ofYear("0 0 29 2 * 0 2025-2027", 1), IsEmpty());
    EXPECT_THAT(ofYear("0 0 1 1 * 0 2020", 1), IsEmpty());
}

TEST(Schedule, LooksFiftyYearsAhead) {
    EXPECT_THAT(runs("0 0 1 1 * 0 2076", "UTC", kNewYear, 1), ElementsAre("2076-01-01 00:00:00 +00:00"));
    EXPECT_THAT(runs("0 0 1 1 * 0 2077", "UTC", kNewYear, 1), IsEmpty());
    EXPECT_THAT(ofYear("0 0 29 2 1#5", 2), ElementsAre("2044-02-29 00:00:00", "2072-02-29 00:00:00"));
}

TEST(Schedule, HasNoRunAfterTheYear9999) {
    EXPECT_THAT(runs("0 0 1 1 *", "UTC", "9999-01-01T00:00:00Z", 1), IsEmpty());
    EXPECT_THAT(runs("* * * * * *", "UTC", "9999-12-31T23:59:58.5Z", 2),
                ElementsAre("9999-12-31 23:59:59 +00:00"));
    EXPECT_THAT(runs("* * * * *", "America/New_York", "9999-12-31T23:59:59.5Z", 2), IsEmpty());
    EXPECT_THAT(runs("0 0 * * *", "Asia/Tokyo", "0000-01-01T00:00:00Z", 1).size(), 1);
}

TEST(Schedule, RefusalsNameTheScheduleTheFieldAndTheRule) {
    EXPECT_THAT(refusal("60 * * * *"),
                StartsWith("Invalid cron schedule: '60 * * * *'. Reason: minute: '60' "));
    for (const auto& [text, reason] : {std::pair{"* 24 * * *", "hour: '24' is not in 0 to 23"},
                                       {"* * 0 * *", "day_of_month: '0' is not in 1 to 31"},
                                       {"* * 0-5 * *", "day_of_month: '0' is not in 1 to 31"},
                                       {"* * * 13 *", "month: '13' is not in 1 to 12"},
                                       {"* * * 0-3 *", "month: '0'"},
                                       {"* * * * 8", "day_of_week: '8' is not in 0 to 7"},
                                       {"* * * * * 60", "second: '60'"},
                                       {"* * * * * 0 1969", "year: '1969' is not in 1970 to 2099"},
                                       {"* * * * * 0 99999999999999999999", "year: '99999999999999999999'"},
                                       {"* * * foo *", "month: 'foo' is not a value"},
                                       {"mon * * * *", "minute: 'mon' is not a value"},
                                       {"* * * * monday", "day_of_week: 'monday'"},
                                       {"H * * * *", "minute: 'h' is not a value"},
                                       {"R * * * *", "minute: 'r' is not a value"},
                                       {"1,,2 * * * *", "minute: an item is empty"},
                                       {"1, * * * *", "minute: an item is empty"},
                                       {", * * * *", "minute: an item is empty"},
                                       {"-5 * * * *", "minute: a number is missing"},
                                       {"5- * * * *", "minute: a number is missing"},
                                       {"*/0 * * * *", "minute: '*/0': the step after `/` is 0"},
                                       {"*/x * * * *", "minute: '*/x': the step after `/` is not a number"},
                                       {"*/ * * * *", "minute: '*/': the step"},
                                       {"/5 * * * *", "minute: a number is missing"},
                                       {"1/2/3 * * * *", "minute: '1/2/3': the step"},
                                       {"1-2-3 * * * *", "minute: '2-3' is not a value"},
                                       {"*-5 * * * *", "minute: '*' is not a value"},
                                       {"1.5 * * * *", "minute: '1.5' is not a value"},
                                       {"+1 * * * *", "minute: '+1' is not a value"},
                                       {"? * * * *", "minute: `?` is for"},
                                       {"* * 1,? * *", "day_of_month: '?': `?` stands alone"},
                                       {"* * l-5 * *", "day_of_month: 'l' is not a value"},
                                       {"* * 32W * *", "day_of_month: '32' is not in 1 to 31"},
                                       {"* * 1W,2 * *", "day_of_month: '1w': `W` stands alone"},
                                       {"* * LW * *", "day_of_month: 'lw' is not a value"},
                                       {"* * * * L", "day_of_week: 'l' is not a value"},
                                       {"* * * * 5L", "day_of_week: '5l' is not a value"},
                                       {"* * * * L8", "day_of_week: '8' is not in 0 to 7"},
                                       {"* * * * 5#6", "day_of_week: '5#6': the week after `#` is 1 to 5"},
                                       {"* * * * 5#", "day_of_week: '5#': the week"},
                                       {"* * * * #2", "day_of_week: a number is missing"},
                                       {"* * * * *#2", "day_of_week: '*#2': no `*` and no step before `#`"},
                                       {"* * * * 1-5/2#2", "no `*` and no step before `#`"},
                                       {"* * * * 1#2,3", "mixes days of every week"},
                                       {"* * * *", "it has 4 fields"},
                                       {"* * * * * * * *", "it has 8 fields"},
                                       {"", "it has 0 fields"},
                                       {"@reboot", "it has 1 fields"},
                                       {"bad", "it has 1 fields"}}) {
        EXPECT_THAT(refusal(text), HasSubstr("Reason: ")) << text;
        EXPECT_THAT(refusal(text), HasSubstr(reason)) << text;
    }
}

TEST(Schedule, HasABoundOnItsLength) {
    std::string text(limits::kScheduleChars - 8, '0');
    EXPECT_EQ(refusal(text + " * * * *"), "read");
    EXPECT_THAT(refusal(text + "0 * * * *"), HasSubstr("more than 1024 characters"));
}

}  // namespace
}  // namespace heddle::cron
