// SPDX-License-Identifier: Apache-2.0
// When a cron fires: its schedule in its zone until its end. And what is to be done about times that have
// come. Pure but for reading a zone's file the first time.
#pragma once

#include "base/result.hpp"
#include "cron/schedule.hpp"
#include "cron/zone.hpp"
#include "domain/cron.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace heddle::cron {

class CronTimes {
  public:
    // kInvalid for a schedule or a time zone that is none. Refers to a zone of `zones`.
    static Result<CronTimes> read(Zones& zones, const Cron& cron);

    // The first time after `time`; nothing when there is none before the end.
    [[nodiscard]] std::optional<Timestamp> after(Timestamp time) const;
    // Whether it ever comes, the end aside.
    [[nodiscard]] bool comes(Timestamp after) const;

  private:
    CronTimes(Schedule schedule, const Zone& zone, std::optional<Timestamp> end)
        : schedule_(schedule), zone_(&zone), end_(end) {}

    Schedule schedule_;
    const Zone* zone_;
    std::optional<Timestamp> end_;
};

struct FiringPlan {
    std::optional<Timestamp> slot;  // nothing: what was missed is too old
    std::optional<Timestamp> next;
    std::int64_t missed = 0;  // times that are passed over, counted up to kMissedMost
};
inline constexpr std::int64_t kMissedMost = 100;
// A time is on time for so long, whatever the window: a busy server has missed nothing.
inline constexpr seconds kOnTime{5};

// A cron was due at `due`, now or before. Of all times since then one fires: the newest, if it is younger
// than `catch_up` (or on time). Walks through the times in the window: of a day at most.
[[nodiscard]] FiringPlan planFiring(const CronTimes& times, Timestamp due, Timestamp now,
                                    microseconds catch_up);

// RFC 3339; without an offset it is on the wall clock of the zone (of two such instants the first). kInvalid
// names end_time.
[[nodiscard]] Result<Timestamp> readEndTime(Zones& zones, const std::optional<std::string>& timezone,
                                            std::string_view text);

}  // namespace heddle::cron
