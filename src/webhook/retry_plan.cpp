// SPDX-License-Identifier: Apache-2.0
#include "webhook/retry_plan.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace heddle::webhook {
namespace {

constexpr double kJitter = 0.2;
constexpr std::int64_t kDelayMax_s = 366LL * 86'400;

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

// Why it was not delivered.
std::string reason(const AttemptResult& result) {
    if (!result.status) return result.error.empty() ? "no answer" : result.error;
    if (*result.status == 410) return "gone (HTTP 410)";
    std::string text = "HTTP " + std::to_string(*result.status);
    if (*result.status / 100 == 3) text += " (redirects are not followed)";
    return text;
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

NextStep RetryPlan::step(const AttemptResult& result, std::int64_t attempts, Timestamp now,
                         Random& random) const {
    if (result.status && *result.status / 100 == 2) return {NextStep::Kind::kDelivered, {}, {}};
    NextStep next{NextStep::Kind::kFailed, {}, reason(result)};
    if (result.status && *result.status == 410) return next;
    const auto index = static_cast<std::size_t>(std::max<std::int64_t>(attempts, 1) - 1);
    if (index >= schedule_.size()) return next;

    const double unit = random.unit();
    microseconds delay = scaled(schedule_[index], 1.0 - kJitter + 2 * kJitter * unit);
    const bool throttled = result.status && (*result.status == 429 || *result.status == 503);
    if (throttled && result.retry_after) {
        if (const auto asked = parseRetryAfter(*result.retry_after, now)) {
            // Jitter only upwards: all who were told "in 60 s" must not come back together, nor too early.
            const auto spread =
                microseconds(static_cast<std::int64_t>(static_cast<double>(asked->count()) * kJitter * unit));
            delay = std::max(delay, *asked + spread);
        }
    }
    next.kind = NextStep::Kind::kRetryAt;
    next.due = now + delay;
    return next;
}

}  // namespace heddle::webhook
