// SPDX-License-Identifier: Apache-2.0
// What follows an attempt: delivered, again at a time, or given up. Pure: no clock, no I/O.
#pragma once

#include "base/random.hpp"
#include "base/time.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace heddle::webhook {

// How an attempt ended.
struct AttemptResult {
    std::optional<unsigned> status;          // of the answer; nothing: there was none, `error` says why
    std::string error;                       // "connection refused", "timed out", "Webhook host blocked: …"
    std::optional<std::string> retry_after;  // the header, as received
};

struct NextStep {
    enum class Kind { kDelivered, kRetryAt, kFailed };
    Kind kind = Kind::kDelivered;
    Timestamp due;      // kRetryAt
    std::string error;  // why it was not delivered: "HTTP 500", "gone (HTTP 410)", …; empty when it was

    friend bool operator==(const NextStep&, const NextStep&) = default;
};

class RetryPlan {
  public:
    static constexpr std::chrono::hours kRetryAfterMax{24};

    // `schedule`: seconds between attempts; there are schedule.size() + 1 attempts in all.
    explicit RetryPlan(std::vector<std::int64_t> schedule);

    // `attempts`: how many there have been, this one included. 2xx is success; 410 ends the delivery;
    // everything else is retried after the schedule's delay ±20 %, for 429 and 503 not before Retry-After has
    // passed (up to 24 h). Retry-After never shortens a delay: a busy receiver's "1 s" must not use all
    // attempts up in seconds.
    NextStep step(const AttemptResult& result, std::int64_t attempts, Timestamp now, Random& random) const;

  private:
    std::vector<std::int64_t> schedule_;
};

// Retry-After: seconds or an HTTP-date, as time from `now`; never negative, at most kRetryAfterMax. Nothing
// when it is neither.
std::optional<microseconds> parseRetryAfter(std::string_view text, Timestamp now);

}  // namespace heddle::webhook
