// SPDX-License-Identifier: Apache-2.0
#include "cron/next_run_date.hpp"

#include <algorithm>

namespace heddle::cron {
namespace {

using std::chrono::hours;
using std::chrono::seconds;
using std::chrono::year;

// More than offsets of one zone ever differ by (a day, at the date line).
constexpr hours kLargestShift{52};

// The instant at which the zone's clock first shows `time` or later.
sys_seconds firstReach(const Zone& zone, local_seconds time) {
    auto period = zone.at(sys_seconds(time.time_since_epoch() - kLargestShift));
    while (period.utc(time) >= period.end) period = zone.at(period.end);
    return std::max(period.utc(time), period.begin);
}

// The latest that the zone's clock has shown until `now`; what it shows, unless it was put back.
local_seconds latestShown(const Zone& zone, sys_seconds now) {
    auto period = zone.at(now);
    auto latest = period.local(now);
    while (period.begin > now - kLargestShift) {
        const auto last = period.begin - seconds(1);
        period = zone.at(last);
        latest = std::max(latest, period.local(last));
    }
    return latest;
}

std::optional<sys_seconds> nextOfDay(const Schedule& schedule, const Zone& zone, sys_seconds now,
                                     year last_year) {
    const auto time = schedule.firstFrom(latestShown(zone, now) + seconds(1), last_year);
    if (!time) return std::nullopt;
    return firstReach(zone, *time);
}

std::optional<sys_seconds> nextBeat(const Schedule& schedule, const Zone& zone, sys_seconds now,
                                    year last_year) {
    for (auto from = now + seconds(1);;) {
        const auto period = zone.at(from);
        const auto time = schedule.firstFrom(period.local(from), last_year);
        if (!time) return std::nullopt;
        const auto found = period.utc(*time);
        if (found < period.end) return found;
        // The clock may be put back and show earlier times again, but not times from before `from` when that
        // is far from the change; then nothing matches until `time` comes near.
        const bool is_far = period.end - from > kLargestShift;
        from = is_far ? std::max(period.end, found - kLargestShift) : period.end;
    }
}

}  // namespace

std::optional<Timestamp> nextRunDate(const Schedule& schedule, const Zone& zone, Timestamp after) {
    constexpr std::chrono::years kHorizon{50};
    constexpr year kLast{9999};
    const auto now =
        std::chrono::floor<seconds>(std::chrono::sys_time<microseconds>(microseconds(after.micros())));
    const auto today = std::chrono::floor<std::chrono::days>(zone.at(now).local(now + seconds(1)));
    const auto last_year = std::min(std::chrono::year_month_day(today).year() + kHorizon, kLast);

    const auto found = schedule.isEveryHour() ? nextBeat(schedule, zone, now, last_year)
                                              : nextOfDay(schedule, zone, now, last_year);
    if (!found || *found >= sys_seconds(std::chrono::sys_days(kLast / 12 / 31)) + std::chrono::days(1)) {
        return std::nullopt;
    }
    return Timestamp::fromMicros(microseconds(found->time_since_epoch()).count());
}

}  // namespace heddle::cron
