// SPDX-License-Identifier: Apache-2.0
// Which days of a month a schedule names, from its two day fields. Pure, any thread, allocates nothing.
#pragma once

#include "cron/schedule_field.hpp"

#include <array>
#include <chrono>
#include <cstdint>

namespace heddle::cron {

class MonthDays {
  public:
    // Every day.
    MonthDays() = default;

    // `days` and `weekdays` are the fields day of month and day of week.
    // A field is free when it is `*` or `?`, or names every day while the other one has a `*` in its text
    // (croniter's rule); `starred` tells of that `*`. When neither is free, a day of either counts. But
    // `15W`, `5#2` and `L5` are already days of the month: beside them a plain field counts for nothing, and
    // of two such both must agree.
    struct Starred {
        bool days = false;
        bool weekdays = false;
    };
    MonthDays(const ScheduleField& days, const ScheduleField& weekdays, Starred starred);

    // Bit d (1 to 31) of the result: the schedule names day d of that month.
    [[nodiscard]] std::uint32_t in(std::chrono::year_month month) const;

  private:
    std::uint32_t days_ = ~std::uint32_t{1};  // bit d: day d
    bool last_day_ = false;
    unsigned nearest_weekday_ = 0;  // 1 to 31, or 0

    std::uint8_t weekdays_ = 0x7f;  // bit 0: Sunday
    bool has_nth_ = false;
    std::array<std::uint8_t, 6> nth_weekdays_{};  // as in ScheduleField

    bool either_ = false;
};

}  // namespace heddle::cron
