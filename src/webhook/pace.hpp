// SPDX-License-Identifier: Apache-2.0
// A token bucket: how fast a destination may be called. Pure: time is handed in.
#pragma once

#include "base/time.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace heddle::webhook {

// Holds a second's worth of tokens, at least one. Times are of a monotonic clock.
class Pace {
  public:
    // When a token is there for `per_s` a second (> 0): `now` or later.
    [[nodiscard]] microseconds next(double per_s, microseconds now) const {
        const double have = tokens(per_s, now);
        if (have >= 1) return now;
        return now + microseconds(static_cast<std::int64_t>(std::ceil((1 - have) / per_s * 1e6)));
    }
    // Takes one that is there.
    void take(double per_s, microseconds now) {
        tokens_ = tokens(per_s, now) - 1;
        at_ = now;
        fresh_ = false;
    }

  private:
    [[nodiscard]] double tokens(double per_s, microseconds now) const {
        const double most = std::max(per_s, 1.0);
        if (fresh_) return most;
        return std::min(most, tokens_ + static_cast<double>((now - at_).count()) / 1e6 * per_s);
    }

    double tokens_ = 0;
    microseconds at_{};
    bool fresh_ = true;  // full: nothing was taken yet
};

}  // namespace heddle::webhook
