// SPDX-License-Identifier: Apache-2.0
#include "cron/cron_times.hpp"

#include "cron/next_run_date.hpp"

#include <algorithm>

namespace heddle::cron {

Result<CronTimes> CronTimes::read(Zones& zones, const Cron& cron) {
    const auto schedule = Schedule::parse(cron.schedule);
    if (!schedule) return schedule.error();
    const auto zone = zones.find(cron.timezone.value_or("UTC"));
    if (!zone) return zone.error();
    return CronTimes(*schedule, **zone, cron.end_time);
}

std::optional<Timestamp> CronTimes::after(Timestamp time) const {
    const auto next = nextRunDate(schedule_, *zone_, time);
    return next && end_ && *next > *end_ ? std::nullopt : next;
}

bool CronTimes::comes(Timestamp after) const {
    return nextRunDate(schedule_, *zone_, after).has_value();
}

FiringPlan planFiring(const CronTimes& times, Timestamp due, Timestamp now, microseconds catch_up) {
    FiringPlan plan;
    const Timestamp oldest = now - std::max(catch_up, microseconds(kOnTime));
    std::optional<Timestamp> time = due;
    // Too old ones are counted, not walked through to their end.
    while (time && *time < oldest && plan.missed < kMissedMost) {
        ++plan.missed;
        time = times.after(*time);
    }
    if (time && *time < oldest) time = times.after(oldest - microseconds(1));
    for (; time && *time <= now; time = times.after(*time)) {
        if (plan.slot && plan.missed < kMissedMost) ++plan.missed;
        plan.slot = time;
    }
    plan.next = time;
    return plan;
}

Result<Timestamp> readEndTime(Zones& zones, const std::optional<std::string>& timezone,
                              std::string_view text) {
    if (const auto time = Timestamp::parse(text)) return *time;
    const auto zone = zones.find(timezone.value_or("UTC"));
    if (!zone) return zone.error();
    const auto wall = Timestamp::parse(std::string(text) + "Z");
    if (!wall) {
        return Problem::invalid("end_time: must be a date and time such as 2030-01-31T09:00:00+01:00");
    }
    const auto whole = std::chrono::floor<seconds>(microseconds(wall->micros()));
    const local_seconds local(whole);
    // The offset of the time before a change of clocks, then of the one that this leads to.
    const ZonePeriod before = (*zone)->at(sys_seconds(whole - std::chrono::hours(26)));
    const ZonePeriod there = (*zone)->at(before.utc(local));
    return Timestamp::fromMicros(wall->micros() - microseconds(there.offset).count());
}

}  // namespace heddle::cron
