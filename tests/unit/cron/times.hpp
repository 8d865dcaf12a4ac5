// SPDX-License-Identifier: Apache-2.0
// Schedules and times as text, for the tests of crons.
#pragma once

#include "cron/next_run_date.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace heddle::cron {

inline Schedule scheduled(std::string_view text) {
    auto schedule = Schedule::parse(text);
    EXPECT_TRUE(schedule) << text << ": " << (schedule ? "" : schedule.error().detail);
    return schedule ? *schedule : *Schedule::parse("* * * * *");
}

// `2024-03-31T02:30:00+01:00`.
inline Timestamp at(std::string_view text) {
    const auto time = Timestamp::parse(text);
    EXPECT_TRUE(time) << text;
    return time.value_or(Timestamp());
}

// As the clock of the zone shows it, with the offset from UTC: "2024-03-31 02:30:00 +01:00".
inline std::string shown(const Zone& zone, Timestamp time) {
    const sys_seconds utc{std::chrono::seconds(time.micros() / 1'000'000)};
    const auto offset = zone.at(utc).offset;
    auto text = (time + offset).iso().substr(0, 19);
    text[10] = ' ';
    const auto minutes = std::chrono::abs(std::chrono::duration_cast<std::chrono::minutes>(offset)).count();
    const auto two = [](std::int64_t n) { return (n < 10 ? "0" : "") + std::to_string(n); };
    return text + (offset.count() < 0 ? " -" : " +") + two(minutes / 60) + ":" + two(minutes % 60);
}

// The next runs in a row.
inline std::vector<std::string> runs(std::string_view schedule, std::string_view zone_name,
                                     std::string_view after, std::size_t count) {
    Zones zones;
    const auto zone = zones.find(zone_name);
    if (!zone) return {zone.error().detail};
    std::vector<std::string> found;
    const auto parsed = scheduled(schedule);
    for (std::optional<Timestamp> time = at(after); found.size() < count;) {
        time = nextRunDate(parsed, **zone, *time);
        if (!time) break;
        found.push_back(shown(**zone, *time));
    }
    return found;
}

}  // namespace heddle::cron
