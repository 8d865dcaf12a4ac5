// SPDX-License-Identifier: Apache-2.0
#include "cron/schedule.hpp"

#include "base/limits.hpp"
#include "base/text.hpp"

#include <fmt/core.h>

#include <array>
#include <bit>
#include <string>
#include <utility>
#include <vector>

namespace heddle::cron {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::local_days;
using std::chrono::minutes;
using std::chrono::seconds;
using std::chrono::year;
using std::chrono::year_month_day;

constexpr std::array<std::pair<std::string_view, std::string_view>, 7> kNamed{{{"@yearly", "0 0 1 1 *"},
                                                                               {"@annually", "0 0 1 1 *"},
                                                                               {"@monthly", "0 0 1 * *"},
                                                                               {"@weekly", "0 0 * * 0"},
                                                                               {"@daily", "0 0 * * *"},
                                                                               {"@midnight", "0 0 * * *"},
                                                                               {"@hourly", "0 * * * *"}}};
constexpr std::string_view kBlanks = " \t\n\r\f\v";

std::vector<std::string_view> words(std::string_view text) {
    std::vector<std::string_view> found;
    for (auto at = text.find_first_not_of(kBlanks); at != std::string_view::npos;) {
        const auto end = std::min(text.find_first_of(kBlanks, at), text.size());
        found.push_back(text.substr(at, end - at));
        at = text.find_first_not_of(kBlanks, end);
    }
    return found;
}

Problem refusal(std::string_view text, std::string_view reason) {
    return Problem::invalid(fmt::format("Invalid cron schedule: '{}'. Reason: {}.", text, reason));
}

// Bit n of the result: value n.
std::uint64_t bits(const ScheduleField& field, FieldName name) {
    return std::uint64_t{field.values.to_ullong()} << rangeOf(name).lowest;
}

constexpr bool has(std::uint64_t set, std::int64_t value) {
    return ((set >> value) & 1) != 0;
}

// The lowest value of the set that is at least `least`, or -1.
constexpr int atLeast(std::uint64_t set, std::int64_t least) {
    const std::uint64_t rest = least > 63 ? 0 : set >> least << least;
    return rest == 0 ? -1 : std::countr_zero(rest);
}

}  // namespace

Result<Schedule> Schedule::parse(std::string_view text) {
    if (text.size() > limits::kScheduleChars) {
        return Problem::invalid(fmt::format("Invalid cron schedule. Reason: it has more than {} characters.",
                                            limits::kScheduleChars));
    }
    const std::string lowered = lowerCase(text);
    auto parts = words(lowered);
    if (parts.size() == 1) {
        for (const auto& [name, meaning] : kNamed) {
            if (parts.front() == name) {
                parts = words(meaning);
                break;
            }
        }
    }
    if (parts.size() < 5 || parts.size() > kFieldNames) {
        return refusal(
            text, fmt::format("it has {} fields, not 5 (minute hour day_of_month month day_of_week), 6 (and "
                              "second) or 7 (and year); an example is '*/5 * * * *'",
                              parts.size()));
    }

    std::array<ScheduleField, kFieldNames> fields;
    for (std::size_t n = 0; n < parts.size(); ++n) {
        const auto field = ScheduleField::parse(static_cast<FieldName>(n), parts[n]);
        if (!field) return refusal(text, field.error().detail);
        fields.at(n) = *field;
    }
    const auto field = [&fields](FieldName name) { return fields.at(static_cast<std::size_t>(name)); };
    const auto isStarred = [&parts](FieldName name) {
        return parts[static_cast<std::size_t>(name)].find('*') != std::string_view::npos;
    };

    Schedule schedule;
    schedule.minutes_ = bits(field(FieldName::kMinute), FieldName::kMinute);
    schedule.hours_ = bits(field(FieldName::kHour), FieldName::kHour);
    schedule.months_ = bits(field(FieldName::kMonth), FieldName::kMonth);
    schedule.days_ =
        MonthDays(field(FieldName::kDayOfMonth), field(FieldName::kDayOfWeek),
                  {.days = isStarred(FieldName::kDayOfMonth), .weekdays = isStarred(FieldName::kDayOfWeek)});
    if (parts.size() > 5) schedule.seconds_ = bits(field(FieldName::kSecond), FieldName::kSecond);
    if (parts.size() > 6) {
        schedule.years_ = field(FieldName::kYear).values;
        schedule.every_year_ = schedule.years_.all();
    }
    return schedule;
}

bool Schedule::hasYear(year in) const {
    if (every_year_) return true;
    const auto range = rangeOf(FieldName::kYear);
    const int number = static_cast<int>(in);
    return number >= range.lowest && number <= range.highest &&
           years_.test(static_cast<std::size_t>(number - range.lowest));
}

bool Schedule::matches(local_seconds time) const {
    const auto day = std::chrono::floor<days>(time);
    const year_month_day date(day);
    return timeFrom(time - day) == time - day && hasYear(date.year()) &&
           has(months_, static_cast<unsigned>(date.month())) &&
           has(days_.in(date.year() / date.month()), static_cast<unsigned>(date.day()));
}

std::optional<seconds> Schedule::timeFrom(seconds time_of_day) const {
    const std::chrono::hh_mm_ss time(time_of_day);
    const auto at = [](int h, int m, int s) { return hours(h) + minutes(m) + seconds(s); };
    const int first_second = std::countr_zero(seconds_);
    const int hour = static_cast<int>(time.hours().count());
    if (has(hours_, hour)) {
        const int minute = static_cast<int>(time.minutes().count());
        if (has(minutes_, minute)) {
            if (const int s = atLeast(seconds_, time.seconds().count()); s >= 0) return at(hour, minute, s);
        }
        if (const int m = atLeast(minutes_, minute + 1); m >= 0) return at(hour, m, first_second);
    }
    if (const int h = atLeast(hours_, hour + 1); h >= 0)
        return at(h, std::countr_zero(minutes_), first_second);
    return std::nullopt;
}

std::optional<local_days> Schedule::dayFrom(local_days from, year last_year) const {
    const year_month_day date(from);
    auto month = date.year() / date.month();
    auto day = static_cast<unsigned>(date.day());
    while (month.year() <= last_year) {
        const int next = hasYear(month.year()) ? atLeast(months_, static_cast<unsigned>(month.month())) : -1;
        if (next < 0) {
            month = (month.year() + std::chrono::years(1)) / std::chrono::January;
            day = 1;
            continue;
        }
        const std::chrono::month named(static_cast<unsigned>(next));
        if (named != month.month()) day = 1;
        month = month.year() / named;
        if (const int found = atLeast(days_.in(month), day); found > 0) {
            return local_days(month / static_cast<int>(found));
        }
        month += std::chrono::months(1);
        day = 1;
    }
    return std::nullopt;
}

std::optional<local_seconds> Schedule::firstFrom(local_seconds from, year last_year) const {
    const auto today = std::chrono::floor<days>(from);
    const auto first_time = timeFrom(seconds(0));
    auto day = dayFrom(today, last_year);
    if (day == today) {
        if (const auto time = timeFrom(from - today)) return today + *time;
        day = dayFrom(today + days(1), last_year);
    }
    if (!day || !first_time) return std::nullopt;
    return *day + *first_time;
}

bool Schedule::isEveryHour() const {
    constexpr std::uint64_t kAll = (std::uint64_t{1} << 24) - 1;
    return hours_ == kAll;
}

}  // namespace heddle::cron
