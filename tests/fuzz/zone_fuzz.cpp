// SPDX-License-Identifier: Apache-2.0
// Compiled time zones: whatever the bytes, a zone that was read has a period around every time, and the
// periods follow each other without holes.
#include "cron/zone.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace {

using namespace heddle::cron;
using std::chrono::seconds;

void demand(bool holds) {
    if (!holds) std::abort();
}

void checkFrom(const Zone& zone, sys_seconds time) {
    for (int n = 0; n < 20; ++n) {
        const auto period = zone.at(time);
        demand(period.begin <= time && time < period.end);
        demand(std::chrono::abs(period.offset) <= std::chrono::hours(26));
        demand(zone.at(period.end - seconds(1)).offset == period.offset);
        if (period.end == kForever) return;
        demand(zone.at(period.end).begin == period.end);
        time = period.end;
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto zone = Zone::parse(std::string_view(reinterpret_cast<const char*>(data), size));
    if (!zone) return 0;
    // The years 0, 1970, 2026 and 9999.
    for (const std::int64_t at : {-62'167'219'200L, 0L, 1'767'225'600L, 253'370'764'800L}) {
        checkFrom(*zone, sys_seconds(seconds(at)));
    }
    return 0;
}
