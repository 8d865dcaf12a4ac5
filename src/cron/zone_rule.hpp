// SPDX-License-Identifier: Apache-2.0
// The rule by which a time zone changes for ever: the TZ string of POSIX at the end of a TZif file (RFC
// 9636, 3.3.1), `CET-1CEST,M3.5.0,M10.5.0/3`. Pure, any thread.
#pragma once

#include <array>
#include <chrono>
#include <optional>
#include <string_view>

namespace heddle::cron {

class ZoneRule {
  public:
    struct Change {
        std::chrono::sys_seconds at;
        std::chrono::seconds offset;  // local - UTC, from then on
    };

    // Nothing when it is not one, or leaves the dates of its summer time open.
    static std::optional<ZoneRule> parse(std::string_view text);

    [[nodiscard]] bool changes() const { return summer_.has_value(); }
    [[nodiscard]] std::chrono::seconds standardOffset() const { return standard_; }

    // The two changes of a year in the order of their times; only when it changes().
    [[nodiscard]] std::array<Change, 2> changesOf(std::chrono::year year) const;

    // A day of each year and a time of it, which may lie on other days (-167 to 167 hours).
    struct Date {
        enum class Kind { kWeekday, kJulian, kZeroBased };  // M3.5.0, J60, 59
        Kind kind = Kind::kWeekday;
        int month = 0;  // 1 to 12
        int week = 0;   // 1 to 5; 5: the last one
        int day = 0;    // of the week (0: Sunday) or of the year
        std::chrono::seconds time{7200};

        [[nodiscard]] std::chrono::local_seconds in(std::chrono::year year) const;
    };

  private:
    struct Summer {
        std::chrono::seconds offset;
        Date begin;
        Date end;
    };
    std::chrono::seconds standard_{0};
    std::optional<Summer> summer_;
};

}  // namespace heddle::cron
