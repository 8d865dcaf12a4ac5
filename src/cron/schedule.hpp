// SPDX-License-Identifier: Apache-2.0
// A cron schedule: which times on the wall clock it names. It knows no time zone; cron/next_run_date.hpp
// does.
#pragma once

#include "base/result.hpp"
#include "cron/month_days.hpp"
#include "cron/schedule_field.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace heddle::cron {

using std::chrono::local_seconds;

// A value; any thread. After parse nothing allocates or fails.
class Schedule {
  public:
    // 5 fields (minute, hour, day of month, month, day of week), 6 (second last), 7 (year after it), or a
    // name such as
    // `@daily`. Blanks between the fields, names and letters in any case. Refusals are kInvalid: "Invalid
    // cron schedule: '60 * * * *'. Reason: minute: …". Dates that never come (30 February) are no refusal:
    // they have no next time.
    static Result<Schedule> parse(std::string_view text);

    [[nodiscard]] bool matches(local_seconds time) const;

    // The first time that matches, at `from` or later, until the end of `last_year`. Walks from month to
    // month.
    [[nodiscard]] std::optional<local_seconds> firstFrom(local_seconds from,
                                                         std::chrono::year last_year) const;

    // All 24 hours: the schedule is a beat ("every 15 minutes"), else it names times of the day.
    [[nodiscard]] bool isEveryHour() const;

  private:
    Schedule() = default;

    [[nodiscard]] bool hasYear(std::chrono::year year) const;
    [[nodiscard]] std::optional<std::chrono::seconds> timeFrom(std::chrono::seconds time_of_day) const;
    [[nodiscard]] std::optional<std::chrono::local_days> dayFrom(std::chrono::local_days from,
                                                                 std::chrono::year last_year) const;

    // Bit n: the value n.
    std::uint64_t seconds_ = 1;
    std::uint64_t minutes_ = 0;
    std::uint64_t hours_ = 0;
    std::uint64_t months_ = 0;
    MonthDays days_;
    bool every_year_ = true;
    FieldValues years_;
};

}  // namespace heddle::cron
