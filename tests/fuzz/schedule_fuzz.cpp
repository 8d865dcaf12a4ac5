// SPDX-License-Identifier: Apache-2.0
// Schedules in time zones: three lines, a schedule, a zone's rule (a TZ string), a start. Whatever they say,
// a run is after the start, is found again from just before it, and shows a time of the schedule on the
// zone's clock.
#include "cron/next_run_date.hpp"
#include "support/zone_file.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

using namespace heddle;
using namespace heddle::cron;
using std::chrono::seconds;

void demand(bool holds, const char* what, std::string_view text) {
    if (holds) return;
    std::fprintf(stderr, "%s: %.*s\n", what, static_cast<int>(text.size()), text.data());
    std::abort();
}

std::string_view line(std::string_view& text) {
    const auto taken = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), taken.size() + 1));
    return taken;
}

sys_seconds utc(Timestamp time) {
    return sys_seconds(seconds(time.micros() / 1'000'000));
}

// Of a schedule without gaps and overlaps in its way.
void checkClock(const Schedule& schedule, const Zone& zone, Timestamp run, std::string_view text) {
    const auto period = zone.at(utc(run));
    demand(period.begin <= utc(run) && utc(run) < period.end, "a period around its time", text);
    const bool shows = schedule.matches(period.local(utc(run)));
    if (schedule.isEveryHour()) demand(shows, "a beat that shows its time", text);
    // A time of the day that the clock jumped over runs when the next period begins.
    demand(shows || utc(run) == period.begin, "a time of the schedule, or a gap's end", text);
}

void checkRuns(const Schedule& schedule, const Zone& zone, Timestamp start, std::string_view text) {
    for (int n = 0; n < 20; ++n) {
        const auto run = nextRunDate(schedule, zone, start);
        if (!run) return;
        demand(*run > start, "a run after the start", text);
        demand(run->micros() % 1'000'000 == 0, "a run at a full second", text);
        demand(nextRunDate(schedule, zone, *run - microseconds(1)) == run, "the same run from just before it",
               text);
        const auto between = start + (*run - start) / 2;
        demand(nextRunDate(schedule, zone, between) == run, "the same run from between", text);
        checkClock(schedule, zone, *run, text);
        start = *run;
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto whole = text;
    const auto schedule = Schedule::parse(line(text));
    const auto zone = Zone::parse(zoneFile(line(text)));
    if (!schedule) {
        demand(schedule.error().detail.starts_with("Invalid cron schedule"), "a refusal that says of what",
               whole);
        return 0;
    }
    const auto start = Timestamp::parse(line(text));
    checkRuns(*schedule, zone.value_or(Zone()), start.value_or(Timestamp()), whole);
    return 0;
}
