// SPDX-License-Identifier: Apache-2.0
// What follows an attempt: delivered, again at a time, or given up. Pure: no clock, no I/O.
#pragma once

#include "base/random.hpp"
#include "base/time.hpp"
#include "domain/delivery.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace heddle::webhook {

struct NextStep {
    enum class Kind { kDelivered, kRetryAt, kExhausted, kGone };
    Kind kind = Kind::kDelivered;
    Timestamp due;  // kRetryAt
    // The attempt does not count: it was not the receiver that failed.
    bool free = false;

    friend bool operator==(const NextStep&, const NextStep&) = default;
};

// How far a delivery is.
struct Progress {
    std::int64_t attempts = 1;  // that count, this one included
    Timestamp queued_at;
};

class RetryPlan {
  public:
    static constexpr std::chrono::hours kRetryAfterMax{24};
    static constexpr seconds kProxyPause{30};

    // `schedule`: seconds between attempts; there are schedule.size() + 1 attempts in all.
    explicit RetryPlan(std::vector<std::int64_t> schedule);

    // 2xx is success; 410 ends the delivery; everything else is retried after the schedule's delay ±20 %, for
    // 429 and 503 not before `retry_after` (the header, as received) has passed (up to 24 h). Retry-After
    // never shortens a delay: a busy receiver's "1 s" must not use all attempts up in seconds. A proxy's
    // failure costs no attempt; such a delivery ends when the whole span has passed.
    [[nodiscard]] NextStep step(const DeliveryAttempt& attempt, const std::optional<std::string>& retry_after,
                                const Progress& progress, Timestamp now, Random& random) const;
    // From queued_at to the last attempt, at most, jitter included: what is still waiting after it (its
    // destination's circuit is open) is exhausted.
    [[nodiscard]] microseconds span() const;

  private:
    std::vector<std::int64_t> schedule_;
};

// Retry-After: seconds or an HTTP-date, as time from `now`; never negative, at most kRetryAfterMax. Nothing
// when it is neither.
std::optional<microseconds> parseRetryAfter(std::string_view text, Timestamp now);

}  // namespace heddle::webhook
