// SPDX-License-Identifier: Apache-2.0
// One field of a cron schedule: its text, read into the values that it names. The grammar is croniter's,
// which the reference uses; docs/crons.md has it as a table. Pure functions, any thread, no exceptions.
#pragma once

#include "base/result.hpp"

#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace heddle::cron {

// In the order of the text: a sixth field is the second, a seventh the year.
enum class FieldName { kMinute, kHour, kDayOfMonth, kMonth, kDayOfWeek, kSecond, kYear };
inline constexpr std::size_t kFieldNames = 7;

struct FieldRange {
    int lowest;
    int highest;

    [[nodiscard]] constexpr int size() const { return highest - lowest + 1; }
};

// What a field's numbers may be. (A day of the week may also be 7, which is 0: Sunday.)
[[nodiscard]] FieldRange rangeOf(FieldName field);

// Bit n stands for the value `lowest + n`.
using FieldValues = std::bitset<130>;

struct ScheduleField {
    FieldValues values;
    bool any = false;         // an item `*` or `?`; then `values` has all
    bool last_day = false;    // day of month: `L`
    int nearest_weekday = 0;  // day of month: the day of `15W`, else 0

    // Day of week: bit d of [n] is `d#n` (n from 1), of [0] `Ld`, the last one. Sunday is 0.
    std::array<std::uint8_t, 6> nth_weekdays{};

    [[nodiscard]] bool hasNth() const;

    // `text`: one field, in lower case, without blanks. A refusal's `detail` names the field, the item and
    // the rule.
    static Result<ScheduleField> parse(FieldName field, std::string_view text);
};

}  // namespace heddle::cron
