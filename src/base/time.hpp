// SPDX-License-Identifier: Apache-2.0
// Wall time as integer microseconds UTC, and the clock that everything else is given.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace heddle {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

// A point in wall time, µs since 1970-01-01T00:00:00Z.
class Timestamp {
  public:
    constexpr Timestamp() = default;
    static constexpr Timestamp fromMicros(std::int64_t micros) {
        Timestamp t;
        t.micros_ = micros;
        return t;
    }
    [[nodiscard]] constexpr std::int64_t micros() const { return micros_; }

    // `2024-08-30T23:07:38.242730+00:00`: always 32 characters for years 0000 to 9999.
    [[nodiscard]] std::string iso() const;

    // RFC 3339 date-time with a zone (`Z` or `±hh:mm`), up to 9 fraction digits. Nothing if it is not one or
    // lies outside the years 0000 to 9999 of UTC.
    static std::optional<Timestamp> parse(std::string_view text);

    friend constexpr auto operator<=>(Timestamp, Timestamp) = default;
    friend constexpr Timestamp operator+(Timestamp t, microseconds d) {
        return fromMicros(t.micros_ + d.count());
    }
    friend constexpr Timestamp operator-(Timestamp t, microseconds d) {
        return fromMicros(t.micros_ - d.count());
    }
    friend constexpr microseconds operator-(Timestamp a, Timestamp b) {
        return microseconds(a.micros_ - b.micros_);
    }

  private:
    std::int64_t micros_ = 0;
};

// The only source of time outside this folder. Thread-safe.
class Clock {
  public:
    virtual ~Clock() = default;
    // Wall time; may jump.
    [[nodiscard]] virtual Timestamp now() const = 0;
    // Monotonic time since an arbitrary start.
    [[nodiscard]] virtual microseconds steady() const = 0;
};

class SystemClock final : public Clock {
  public:
    [[nodiscard]] Timestamp now() const override;
    [[nodiscard]] microseconds steady() const override;
};

}  // namespace heddle
