// SPDX-License-Identifier: Apache-2.0
#include "webhook/retry_plan.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace heddle::webhook {
namespace {

constexpr double kJitter = 0.2;
constexpr std::int64_t kDelayMax_s = 366LL * 86'400;
constexpr std::chrono::minutes kSpanMargin{1};

bool isDigits(std::string_view text) {
    return !text.empty() &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110, IMF-fixdate; the two obsolete forms are not worth their code).
std::optional<Timestamp> parseHttpDate(std::string_view text) {
    static constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                                 "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    if (text.size() != 29 || text.substr(3, 2) != ", " || text.substr(25) != " GMT") return std::nullopt;
    const auto month = std::find(kMonths.begin(), kMonths.end(), text.substr(8, 3));
    if (month == kMonths.end() || text[7] != ' ' || text[11] != ' ' || text[16] != ' ') return std::nullopt;
    const std::string number = std::to_string(month - kMonths.begin() + 101).substr(1);
    std::string iso(text.substr(12, 4));
    iso += "-" + number + "-";
    iso += text.substr(5, 2);
    iso += "T";
    iso += text.substr(17, 8);
    iso += "Z";
    return Timestamp::parse(iso);
}

microseconds scaled(std::int64_t delay_s, double factor) {
    return microseconds(static_cast<std::int64_t>(static_cast<double>(delay_s) * 1e6 * factor));
}

}  // namespace

std::optional<microseconds> parseRetryAfter(std::string_view text, Timestamp now) {
    while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
    while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
    const microseconds longest = RetryPlan::kRetryAfterMax;
    if (isDigits(text)) {
        // More than nine digits are certainly too many seconds.
        if (text.size() > 9) return longest;
        return std::min<microseconds>(seconds(std::stoll(std::string(text))), longest);
    }
    const auto date = parseHttpDate(text);
    if (!date) return std::nullopt;
    return std::clamp(*date - now, microseconds(0), longest);
}

RetryPlan::RetryPlan(std::vector<std::int64_t> schedule) : schedule_(std::move(schedule)) {
    for (auto& delay_s : schedule_) delay_s = std::clamp<std::int64_t>(delay_s, 0, kDelayMax_s);
}

microseconds RetryPlan::span() const {
    microseconds sum = kSpanMargin;
    for (const auto delay_s : schedule_) sum += scaled(delay_s, 1.0 + kJitter);
    return sum;
}

NextStep RetryPlan::step(const DeliveryAttempt& attempt, const std::optional<std::string>& retry_after,
                         const Progress& progress, Timestamp now, Random& random) const {
    using Kind = NextStep::Kind;
    if (attempt.outcome == AttemptOutcome::kSuccess) return {Kind::kDelivered, {}, false};
    if (attempt.outcome == AttemptOutcome::kGone) return {Kind::kGone, {}, false};
    const double unit = random.unit();
    const double factor = 1.0 - kJitter + 2 * kJitter * unit;
    if (attempt.outcome == AttemptOutcome::kProxyFailed) {
        if (now - progress.queued_at > span()) return {Kind::kExhausted, {}, false};
        return {Kind::kRetryAt, now + scaled(kProxyPause.count(), factor), true};
    }
    const auto index = static_cast<std::size_t>(std::max<std::int64_t>(progress.attempts, 1) - 1);
    if (index >= schedule_.size()) return {Kind::kExhausted, {}, false};

    microseconds delay = scaled(schedule_[index], factor);
    const bool throttled = attempt.status_code == 429 || attempt.status_code == 503;
    if (throttled && retry_after) {
        if (const auto asked = parseRetryAfter(*retry_after, now)) {
            // Jitter only upwards: all who were told "in 60 s" must not come back together, nor too early.
            const auto spread =
                microseconds(static_cast<std::int64_t>(static_cast<double>(asked->count()) * kJitter * unit));
            delay = std::max(delay, *asked + spread);
        }
    }
    return {Kind::kRetryAt, now + delay, false};
}

}  // namespace heddle::webhook
