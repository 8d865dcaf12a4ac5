// SPDX-License-Identifier: Apache-2.0
// Whatever the schedule, the zone and the start: nextRunDate against a walk over every second or minute.
#include "times.hpp"

#include <random>
#include <set>

namespace heddle::cron {
namespace {

constexpr std::string_view kZones[] = {"UTC",
                                       "Europe/Berlin",
                                       "America/New_York",
                                       "America/Sao_Paulo",
                                       "Australia/Lord_Howe",
                                       "Africa/Casablanca",
                                       "Asia/Kathmandu",
                                       "Pacific/Apia"};
// Around a change of the clock of one of them, and far from all.
constexpr std::string_view kStarts[] = {
    "2024-03-30T12:00:00Z", "2024-10-26T12:00:00Z", "2024-03-10T00:00:00Z", "2024-11-02T20:00:00Z",
    "2018-11-03T12:00:00Z", "2018-02-17T12:00:00Z", "2024-10-05T06:00:00Z", "2024-04-06T06:00:00Z",
    "2024-04-13T15:00:00Z", "1985-12-31T06:00:00Z", "2011-12-29T18:00:00Z", "2050-03-26T12:00:00Z",
    "2023-06-15T12:00:00Z"};

class Maker {
  public:
    explicit Maker(unsigned seed) : random_(seed) {}

    int below(int n) { return std::uniform_int_distribution<int>(0, n - 1)(random_); }

    std::string field(int low, int high) {
        const auto value = [&] { return std::to_string(low + below(high - low + 1)); };
        switch (below(6)) {
            case 0:
                return value();
            case 1:
                return value() + "," + value() + "," + value();
            case 2:
                return value() + "-" + value();
            case 3:
                return "*/" + std::to_string(1 + below(high / 2));
            case 4:
                return value() + "-" + value() + "/" + std::to_string(1 + below(4));
            default:
                return "*";
        }
    }
    std::string days() { return below(3) > 0 ? "*" : field(1, 31); }
    std::string weekdays() { return below(3) > 0 ? "*" : field(0, 7); }

    std::string schedule() {
        auto text = field(0, 59) + " " + field(0, 23) + " " + days() + " * " + weekdays();
        return text;
    }

  private:
    std::mt19937 random_;
};

// The rule of next_run_date.hpp, second by second: when the clock shows one of the schedule's times; with
// times of the day only at the first time that it shows it, or at once when it jumped over one.
std::set<std::int64_t> walked(const Schedule& schedule, const Zone& zone, sys_seconds from,
                              sys_seconds until) {
    constexpr std::chrono::minutes kStep{
        1};  // schedules without seconds; changes of the clock are at whole minutes
    std::set<std::int64_t> found;
    const auto clock = [&zone](sys_seconds time) { return zone.at(time).local(time); };
    auto shown = clock(from - std::chrono::hours(48));
    for (auto time = from - std::chrono::hours(48); time <= until; time += kStep) {
        const auto now = clock(time);
        bool runs = false;
        if (schedule.isEveryHour()) {
            runs = schedule.matches(now);
        } else {
            for (; shown < now; shown += kStep) runs |= schedule.matches(shown + kStep);
        }
        if (runs && time > from) found.insert(time.time_since_epoch().count());
    }
    return found;
}

TEST(ScheduleProperties, NextRunsAreThoseOfAWalkOverEveryMinute) {
    Maker maker(7);
    Zones zones;
    for (int n = 0; n < 400; ++n) {
        const auto text = maker.schedule();
        const auto name = kZones[maker.below(std::size(kZones))];
        const auto schedule = scheduled(text);
        const auto zone = zones.find(name);
        ASSERT_TRUE(zone);
        const auto start =
            at(kStarts[maker.below(std::size(kStarts))]) + std::chrono::seconds(60 * maker.below(600));
        const sys_seconds from{std::chrono::seconds(start.micros() / 1'000'000)};
        const auto until = from + std::chrono::hours(60);

        std::set<std::int64_t> found;
        for (auto next = nextRunDate(schedule, **zone, start); next;
             next = nextRunDate(schedule, **zone, *next)) {
            const auto seconds = next->micros() / 1'000'000;
            if (sys_seconds(std::chrono::seconds(seconds)) > until) break;
            ASSERT_TRUE(found.empty() || *found.rbegin() < seconds);
            found.insert(seconds);
        }
        EXPECT_EQ(found, walked(schedule, **zone, from, until))
            << text << " from " << start.iso() << " in " << name;
    }
}

TEST(ScheduleProperties, NothingThatMatchesIsSkippedBySecondsAndYears) {
    Maker maker(11);
    for (int n = 0; n < 200; ++n) {
        const auto text = maker.field(0, 59) + " * * * * " + maker.field(0, 59) + " " +
                          (maker.below(2) > 0 ? "*" : "2026," + maker.field(1970, 2099));
        const auto schedule = scheduled(text);
        const local_seconds from{std::chrono::seconds(1'767'225'600 + maker.below(31'000'000))};  // in 2026
        const auto first = schedule.firstFrom(from, std::chrono::year(2076));
        ASSERT_TRUE(first) << text;
        EXPECT_TRUE(schedule.matches(*first)) << text;
        for (auto time = from; time < *first && time < from + std::chrono::hours(2);
             time += std::chrono::seconds(1)) {
            ASSERT_FALSE(schedule.matches(time)) << text;
        }
    }
}

TEST(ScheduleProperties, NoDayThatMatchesIsSkippedInFiftyYears) {
    Maker maker(13);
    constexpr std::string_view kDays[] = {"L", "15W", "31w", "1W", "29", "30", "31,L", "*", "*/2", "13"};
    constexpr std::string_view kWeekdays[] = {"*", "1#5", "L0", "fri#2,L1", "5", "0-6", "mon-fri#1"};
    for (int n = 0; n < 300; ++n) {
        const auto text = "0 0 " + std::string(kDays[maker.below(std::size(kDays))]) + " " +
                          maker.field(1, 12) + " " +
                          std::string(kWeekdays[maker.below(std::size(kWeekdays))]);
        const auto schedule = scheduled(text);
        const std::chrono::local_days from{std::chrono::days(20'000 + maker.below(10'000))};
        const auto first = schedule.firstFrom(from, std::chrono::year(2102));
        const std::chrono::local_days end = first ? std::chrono::floor<std::chrono::days>(*first)
                                                  : std::chrono::local_days(std::chrono::year(2103) / 1 / 1);
        for (auto day = from; day < end; day += std::chrono::days(1))
            ASSERT_FALSE(schedule.matches(day)) << text;
        if (first) EXPECT_TRUE(schedule.matches(*first)) << text;
    }
}

}  // namespace
}  // namespace heddle::cron
