// SPDX-License-Identifier: Apache-2.0
// IANA time zones, read from the system's compiled files (package tzdata; format: RFC 9636). Our own reader:
// date-tz 3.0.1 ignores the rule at a file's end, so it knows no summer time after 2037.
#pragma once

#include "base/result.hpp"
#include "cron/zone_rule.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace heddle::cron {

using std::chrono::local_seconds;
using std::chrono::sys_seconds;

// Beyond all times that occur, with room to calculate.
inline constexpr sys_seconds kForever{std::chrono::seconds(std::int64_t{1} << 60)};

// A stretch of time with one offset: [begin, end).
struct ZonePeriod {
    sys_seconds begin{-kForever.time_since_epoch()};
    sys_seconds end = kForever;
    std::chrono::seconds offset{0};  // local - UTC

    [[nodiscard]] local_seconds local(sys_seconds time) const {
        return local_seconds(time.time_since_epoch() + offset);
    }
    // As if the period had no ends.
    [[nodiscard]] sys_seconds utc(local_seconds time) const {
        return sys_seconds(time.time_since_epoch() - offset);
    }
};

// Immutable; any thread.
class Zone {
  public:
    // UTC.
    Zone() = default;

    // `bytes`: a TZif file of version 2 or later. Nothing when it is not one.
    static std::optional<Zone> parse(std::string_view bytes);

    [[nodiscard]] ZonePeriod at(sys_seconds time) const;

  private:
    struct Change {
        sys_seconds at;
        std::chrono::seconds offset;  // from then on
    };
    std::chrono::seconds first_offset_{0};
    std::vector<Change> changes_;
    std::optional<ZoneRule> rule_;  // after the last change
};

// The zones of this machine. Reads each file once (a few kilobytes, on the caller's thread); a new tzdata
// needs a restart. Used on the loop thread; owns the zones.
class Zones {
  public:
    explicit Zones(std::string directory = "/usr/share/zoneinfo") : directory_(std::move(directory)) {}

    // By name, in the database's own spelling: `Europe/Berlin`. UTC needs no file. An unknown one is kInvalid
    // and says `timezone`. The zone lives as long as this object.
    Result<const Zone*> find(std::string_view name);

  private:
    std::string directory_;
    std::map<std::string, Zone, std::less<>> known_{{"UTC", Zone()}};
};

}  // namespace heddle::cron
