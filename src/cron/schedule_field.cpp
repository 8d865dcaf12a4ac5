// SPDX-License-Identifier: Apache-2.0
#include "cron/schedule_field.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <span>

namespace heddle::cron {
namespace {

constexpr std::array<FieldRange, kFieldNames> kRanges{
    {{0, 59}, {0, 23}, {1, 31}, {1, 12}, {0, 6}, {0, 59}, {1970, 2099}}};
constexpr std::array<std::string_view, kFieldNames> kNames{"minute",      "hour",   "day_of_month", "month",
                                                           "day_of_week", "second", "year"};
constexpr std::array<std::string_view, 12> kMonths{"jan", "feb", "mar", "apr", "may", "jun",
                                                   "jul", "aug", "sep", "oct", "nov", "dec"};
constexpr std::array<std::string_view, 7> kWeekdays{"sun", "mon", "tue", "wed", "thu", "fri", "sat"};

bool isNumber(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

// Of digits alone; what no field can hold becomes a large number.
int number(std::string_view digits) {
    constexpr int kLarge = 1'000'000;
    int value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return error == std::errc() ? std::min(value, kLarge) : kLarge;
}

class Parser {
  public:
    explicit Parser(FieldName name) : name_(name), range_(rangeOf(name)) {}

    // An empty text: it was read.
    std::string field(std::string_view text);

    ScheduleField read;

  private:
    std::string item(std::string_view text);
    std::string starred(std::string_view text);
    std::string nearestWeekday(std::string_view text);
    std::string nthWeekday(std::string_view days, std::string_view nth);
    std::string lastWeekday(std::string_view day);

    // `a`, `a-b`, `a/step`, `a-b/step`, `*/step` into `values`.
    std::string span(std::string_view text, FieldValues& values);
    std::string value(std::string_view text, int& value) const;

    [[nodiscard]] bool is(FieldName name) const { return name_ == name; }
    [[nodiscard]] std::span<const std::string_view> names() const {
        if (is(FieldName::kMonth)) return kMonths;
        if (is(FieldName::kDayOfWeek)) return kWeekdays;
        return {};
    }

    FieldName name_;
    FieldRange range_;
    std::size_t items_ = 0;
};

std::string Parser::field(std::string_view text) {
    items_ = static_cast<std::size_t>(std::ranges::count(text, ',')) + 1;
    std::string_view rest = text;
    for (std::size_t n = 0; n < items_; ++n) {
        const auto one = rest.substr(0, rest.find(','));
        if (auto why = item(one); !why.empty()) return why;
        rest.remove_prefix(std::min(rest.size(), one.size() + 1));
    }
    if (read.hasNth() && read.values.any()) {
        return fmt::format("'{}' mixes days of every week with days of one week (`#`, `L`)", text);
    }
    return {};
}

std::string Parser::item(std::string_view text) {
    if (text.empty()) return "an item is empty";
    if (text == "*" || text.find('?') != std::string_view::npos) return starred(text);
    if (is(FieldName::kDayOfMonth)) {
        if (text == "l") {
            read.last_day = true;
            return {};
        }
        if (text.starts_with('w') && isNumber(text.substr(1))) return nearestWeekday(text.substr(1));
        if (text.ends_with('w') && isNumber(text.substr(0, text.size() - 1))) {
            return nearestWeekday(text.substr(0, text.size() - 1));
        }
    }
    if (is(FieldName::kDayOfWeek)) {
        if (text.starts_with('l') && isNumber(text.substr(1))) return lastWeekday(text.substr(1));
        if (const auto hash = text.find('#'); hash != std::string_view::npos) {
            return nthWeekday(text.substr(0, hash), text.substr(hash + 1));
        }
    }
    return span(text, read.values);
}

std::string Parser::starred(std::string_view text) {
    if (text != "*") {
        if (text != "?" || items_ > 1) return fmt::format("'{}': `?` stands alone", text);
        if (!is(FieldName::kDayOfMonth) && !is(FieldName::kDayOfWeek)) {
            return "`?` is for day_of_month and day_of_week only";
        }
    }
    read.any = true;
    for (int n = 0; n < range_.size(); ++n) read.values.set(static_cast<std::size_t>(n));
    return {};
}

std::string Parser::nearestWeekday(std::string_view text) {
    if (items_ > 1) return fmt::format("'{}w': `W` stands alone, not in a list", text);
    return value(text, read.nearest_weekday);
}

std::string Parser::nthWeekday(std::string_view days, std::string_view nth) {
    const int week = isNumber(nth) ? number(nth) : 0;
    if (week < 1 || week > 5) return fmt::format("'{}#{}': the week after `#` is 1 to 5", days, nth);
    if (days.find_first_of("/*") != std::string_view::npos) {
        return fmt::format("'{}#{}': no `*` and no step before `#`", days, nth);
    }
    FieldValues values;
    if (auto why = span(days, values); !why.empty()) return why;
    read.nth_weekdays.at(static_cast<std::size_t>(week)) |= static_cast<std::uint8_t>(values.to_ulong());
    return {};
}

std::string Parser::lastWeekday(std::string_view day) {
    int weekday = 0;
    if (auto why = value(day, weekday); !why.empty()) return why;
    read.nth_weekdays.front() |= static_cast<std::uint8_t>(1U << weekday);
    return {};
}

std::string Parser::span(std::string_view text, FieldValues& values) {
    int step = 1;
    const auto slash = text.find('/');
    const bool stepped = slash != std::string_view::npos;
    if (stepped) {
        const auto digits = text.substr(slash + 1);
        if (!isNumber(digits)) return fmt::format("'{}': the step after `/` is not a number", text);
        step = number(digits);
        if (step == 0) return fmt::format("'{}': the step after `/` is 0", text);
        text = text.substr(0, slash);
    }

    int low = range_.lowest;
    int high = range_.highest;
    if (text != "*") {
        const auto dash = text.find('-');
        if (auto why = value(text.substr(0, dash), low); !why.empty()) return why;
        if (dash == std::string_view::npos) {
            if (!stepped) high = low;
        } else {
            auto end = text.substr(dash + 1);
            if (is(FieldName::kDayOfMonth) && end == "l") end = "31";
            if (auto why = value(end, high); !why.empty()) return why;
            // Ends that are the same day (`sun-sun`, `0-7`) or month go once around, as in croniter.
            if (low == high) {
                low = range_.lowest;
                high = range_.highest;
            }
        }
    }
    if (high < low) high += range_.size();  // `fri-mon`, `22-6`: around the end; a step goes on counting
    for (int at = low; at <= high; at += step) {
        values.set(static_cast<std::size_t>((at - range_.lowest) % range_.size()));
    }
    return {};
}

std::string Parser::value(std::string_view text, int& value) const {
    if (text.empty()) return "a number is missing";
    if (!isNumber(text)) {
        const auto known = names();
        const auto name = std::ranges::find(known, text);
        if (name == known.end()) return fmt::format("'{}' is not a value", text);
        value = range_.lowest + static_cast<int>(name - known.begin());
        return {};
    }
    value = number(text);
    if (is(FieldName::kDayOfWeek) && value == 7) value = 0;
    if (value < range_.lowest || value > range_.highest) {
        const int highest = is(FieldName::kDayOfWeek) ? 7 : range_.highest;
        return fmt::format("'{}' is not in {} to {}", text, range_.lowest, highest);
    }
    return {};
}

}  // namespace

FieldRange rangeOf(FieldName field) {
    return kRanges.at(static_cast<std::size_t>(field));
}

bool ScheduleField::hasNth() const {
    return std::ranges::any_of(nth_weekdays, [](std::uint8_t days) { return days != 0; });
}

Result<ScheduleField> ScheduleField::parse(FieldName field, std::string_view text) {
    Parser parser(field);
    if (const auto why = parser.field(text); !why.empty()) {
        return Problem::invalid(fmt::format("{}: {}", kNames.at(static_cast<std::size_t>(field)), why));
    }
    return parser.read;
}

}  // namespace heddle::cron
