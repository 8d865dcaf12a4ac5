// SPDX-License-Identifier: Apache-2.0
#include "cron/month_days.hpp"

#include <algorithm>

namespace heddle::cron {
namespace {

constexpr std::uint32_t kAllDays = ~std::uint32_t{1};
constexpr std::uint8_t kAllWeekdays = 0x7f;

constexpr std::uint32_t bit(unsigned day) {
    return std::uint32_t{1} << day;
}

// Bits `first` to `last`.
constexpr std::uint32_t span(unsigned first, unsigned last) {
    return (kAllDays << (first - 1)) & (kAllDays >> (31 - last));
}

// Weekdays of a month (bit 0: Sunday) as its days; `first` is the weekday of day 1.
constexpr std::uint32_t spread(std::uint8_t weekdays, unsigned first) {
    std::uint64_t week = ((unsigned{weekdays} >> first) | (unsigned{weekdays} << (7 - first))) & kAllWeekdays;
    week |= week << 7;
    week |= week << 14 | week << 28;
    return static_cast<std::uint32_t>(week << 1);
}

// The weekday (Monday to Friday) of the same month that is nearest to `day`.
unsigned nearestWeekday(unsigned day, unsigned last, unsigned first_weekday) {
    day = std::min(day, last);
    const unsigned weekday = (first_weekday + day - 1) % 7;
    if (weekday == 6) return day > 1 ? day - 1 : day + 2;
    if (weekday == 0) return day < last ? day + 1 : day - 2;
    return day;
}

}  // namespace

MonthDays::MonthDays(const ScheduleField& days, const ScheduleField& weekdays, Starred starred)
    : days_(static_cast<std::uint32_t>(days.values.to_ulong() << 1)),
      last_day_(days.last_day),
      nearest_weekday_(static_cast<unsigned>(days.nearest_weekday)),
      weekdays_(static_cast<std::uint8_t>(weekdays.values.to_ulong())),
      has_nth_(weekdays.hasNth()),
      nth_weekdays_(weekdays.nth_weekdays) {
    const bool days_free = days.any || (days_ == kAllDays && !last_day_ && starred.weekdays);
    const bool weekdays_free = weekdays.any || (weekdays_ == kAllWeekdays && starred.days);
    if (days_free) days_ = kAllDays;
    if (weekdays_free) weekdays_ = kAllWeekdays;
    if (days_free || weekdays_free) return;

    if (has_nth_ && nearest_weekday_ == 0) days_ = kAllDays;
    if (nearest_weekday_ != 0 && !has_nth_) weekdays_ = kAllWeekdays;
    either_ = nearest_weekday_ == 0 && !has_nth_;
}

std::uint32_t MonthDays::in(std::chrono::year_month month) const {
    const auto last = static_cast<unsigned>((month / std::chrono::last).day());
    const auto first = std::chrono::weekday(std::chrono::sys_days(month / 1)).c_encoding();

    std::uint32_t days = days_;
    if (last_day_) days |= bit(last);
    if (nearest_weekday_ != 0) days = bit(nearestWeekday(nearest_weekday_, last, first));

    std::uint32_t weekdays = 0;
    if (has_nth_) {
        for (unsigned week = 1; week < nth_weekdays_.size(); ++week) {
            weekdays |= spread(nth_weekdays_[week], first) & span(week * 7 - 6, std::min(week * 7, last));
        }
        weekdays |= spread(nth_weekdays_[0], first) & span(last - 6, last);
    } else {
        weekdays = spread(weekdays_, first);
    }
    return (either_ ? days | weekdays : days & weekdays) & span(1, last);
}

}  // namespace heddle::cron
