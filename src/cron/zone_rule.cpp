// SPDX-License-Identifier: Apache-2.0
#include "cron/zone_rule.hpp"

#include <utility>

namespace heddle::cron {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

bool isLetter(char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

// Reads from the front; what it cannot read leaves it failed.
class Reader {
  public:
    explicit Reader(std::string_view text) : rest_(text) {}

    [[nodiscard]] bool failed() const { return failed_; }
    [[nodiscard]] bool done() const { return rest_.empty(); }

    bool take(char c) {
        if (!rest_.starts_with(c)) return false;
        rest_.remove_prefix(1);
        return true;
    }
    void expect(char c) { failed_ |= !take(c); }

    // `CET` or `<+0330>`.
    void name() {
        const bool quoted = take('<');
        std::size_t length = 0;
        while (length < rest_.size() && (quoted ? rest_[length] != '>' : isLetter(rest_[length]))) ++length;
        failed_ |= length < 3;
        rest_.remove_prefix(length);
        if (quoted) expect('>');
    }

    int number(int least, int most) {
        int value = 0;
        std::size_t length = 0;
        for (; length < rest_.size() && length < 3 && rest_[length] >= '0' && rest_[length] <= '9';
             ++length) {
            value = value * 10 + (rest_[length] - '0');
        }
        rest_.remove_prefix(length);
        failed_ |= length == 0 || value < least || value > most;
        return value;
    }

    // `[+-]h[:m[:s]]`.
    seconds time() {
        const bool negative = take('-');
        if (!negative) take('+');
        seconds value = hours(number(0, 167));
        if (take(':')) value += minutes(number(0, 59));
        if (take(':')) value += seconds(number(0, 59));
        return negative ? -value : value;
    }

    ZoneRule::Date date() {
        using Kind = ZoneRule::Date::Kind;
        ZoneRule::Date date;
        if (take('M')) {
            date.month = number(1, 12);
            expect('.');
            date.week = number(1, 5);
            expect('.');
            date.day = number(0, 6);
        } else if (take('J')) {
            date.kind = Kind::kJulian;
            date.day = number(1, 365);
        } else {
            date.kind = Kind::kZeroBased;
            date.day = number(0, 365);
        }
        if (take('/')) date.time = time();
        return date;
    }

  private:
    std::string_view rest_;
    bool failed_ = false;
};

}  // namespace

std::optional<ZoneRule> ZoneRule::parse(std::string_view text) {
    Reader reader(text);
    ZoneRule rule;
    reader.name();
    rule.standard_ = -reader.time();  // POSIX counts westwards
    if (!reader.done()) {
        Summer summer{.offset = rule.standard_ + hours(1), .begin = {}, .end = {}};
        reader.name();
        if (!reader.take(',')) {
            summer.offset = -reader.time();
            reader.expect(',');
        }
        summer.begin = reader.date();
        reader.expect(',');
        summer.end = reader.date();
        rule.summer_ = summer;
    }
    const auto isOffset = [](seconds offset) { return std::chrono::abs(offset) <= hours(25); };
    if (reader.failed() || !reader.done() || !isOffset(rule.standard_)) return std::nullopt;
    if (rule.summer_ && !isOffset(rule.summer_->offset)) return std::nullopt;
    return rule;
}

std::chrono::local_seconds ZoneRule::Date::in(std::chrono::year year) const {
    using namespace std::chrono;
    const local_days new_year(year / January / 1);
    switch (kind) {
        case Kind::kJulian: {  // 29 February is not counted
            const bool after_leap_day = year.is_leap() && day >= 60;
            return new_year + days(after_leap_day ? day : day - 1) + time;
        }
        case Kind::kZeroBased:
            return new_year + days(day) + time;
        case Kind::kWeekday:
            break;
    }
    const auto in_month = year / std::chrono::month(static_cast<unsigned>(month));
    const std::chrono::weekday weekday(static_cast<unsigned>(day));
    if (week == 5) return local_days(in_month / weekday[last]) + time;
    return local_days(in_month / weekday[static_cast<unsigned>(week)]) + time;
}

std::array<ZoneRule::Change, 2> ZoneRule::changesOf(std::chrono::year year) const {
    // Each is told in the local time before it.
    const auto utc = [](std::chrono::local_seconds time, seconds offset) {
        return std::chrono::sys_seconds(time.time_since_epoch() - offset);
    };
    std::array<Change, 2> changes{{{utc(summer_->begin.in(year), standard_), summer_->offset},
                                   {utc(summer_->end.in(year), summer_->offset), standard_}}};
    if (changes[1].at < changes[0].at) std::swap(changes[0], changes[1]);
    return changes;
}

}  // namespace heddle::cron
