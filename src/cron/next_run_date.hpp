// SPDX-License-Identifier: Apache-2.0
// When a cron runs next: a schedule's times on the wall clock of a time zone, as instants. Pure, any thread.
#pragma once

#include "base/time.hpp"
#include "cron/schedule.hpp"
#include "cron/zone.hpp"

#include <optional>

namespace heddle::cron {

// The first instant strictly after `after`; nothing when there is none in this (local) year and the 50 that
// follow, or before the year 10000.
//
// Where clocks are changed:
// - A schedule for every hour (`*`, `*/1`, `0-23`) is a beat: it runs at each instant at which the clock
// shows one of its
//   times. `*/15 * * * *` goes on every 15 minutes; the hour that comes twice has its runs twice.
// - Any other names times of the day, and each runs once a day: at the instant at which the clock first shows
// that time
//   or, when it jumps over it, a later one. 02:30 runs at 03:00 when there is no 02:30 (once for all times in
//   the gap), and the first time when there are two.
[[nodiscard]] std::optional<Timestamp> nextRunDate(const Schedule& schedule, const Zone& zone,
                                                   Timestamp after);

}  // namespace heddle::cron
