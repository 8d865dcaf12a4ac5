// SPDX-License-Identifier: Apache-2.0
#include "api/deliveries.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace heddle::api {
namespace {

// Milliseconds with up to three decimals.
void writeSpan(JsonWriter& writer, std::string_view name, const std::optional<microseconds>& span) {
    writer.key(name);
    if (!span) {
        writer.null();
        return;
    }
    const auto us = std::max<std::int64_t>(span->count(), 0);
    const auto rest = us % 1000;
    writer.raw(rest == 0 ? std::to_string(us / 1000) : fmt::format("{}.{:03}", us / 1000, rest));
}

void writeTime(JsonWriter& writer, std::string_view name, const std::optional<Timestamp>& time) {
    writer.key(name);
    if (time) {
        writer.string(time->iso());
    } else {
        writer.null();
    }
}

void writeStatusCode(JsonWriter& writer, std::string_view name, const std::optional<int>& code) {
    writer.key(name);
    if (code) {
        writer.integer(*code);
    } else {
        writer.null();
    }
}

std::optional<Timestamp> nextAttempt(const store::LoggedDelivery& logged) {
    const auto& delivery = logged.delivery;
    if (delivery.status != DeliveryStatus::kPending || logged.under_way) return std::nullopt;
    // One that is sent again by hand is put before all others of its lane.
    return std::max(delivery.due_at, delivery.queued_at);
}

}  // namespace

std::string maskedUrl(std::string_view url) {
    url = url.substr(0, url.find('#'));
    const auto query = url.find('?');
    std::string out(url.substr(0, query));
    if (const auto scheme = out.find("://"); scheme != std::string::npos) {
        const auto authority = scheme + 3;
        const auto path = std::min(out.find_first_of("/\\", authority), out.size());
        const auto at = out.rfind('@', path);
        if (at != std::string::npos && at >= authority) out.replace(authority, at - authority, "***");
    }
    if (query != std::string_view::npos) out += "?***";
    return out;
}

void writeAttempt(JsonWriter& writer, const DeliveryAttempt& attempt, store::Responses responses) {
    writer.beginObject();
    writer.key("number").integer(attempt.number);
    writer.key("started_at").string(attempt.started_at.iso());
    writeSpan(writer, "duration_ms", attempt.duration);
    writeSpan(writer, "dns_ms", attempt.dns);
    writeSpan(writer, "connect_ms", attempt.connect);
    writeSpan(writer, "tls_ms", attempt.tls);
    writeSpan(writer, "first_byte_ms", attempt.first_byte);
    writeStatusCode(writer, "status_code", attempt.status_code);
    writer.key("outcome").string(toString(attempt.outcome));
    writer.key("error");
    if (attempt.error.empty()) {
        writer.null();
    } else {
        writer.string(attempt.error);
    }
    if (responses == store::Responses::kIncluded) {
        writer.key("response_body");
        if (attempt.response_body) {
            writer.string(*attempt.response_body);
        } else {
            writer.null();
        }
    }
    writer.endObject();
}

void writeDelivery(JsonWriter& writer, const store::LoggedDelivery& logged, store::Responses responses) {
    const auto& delivery = logged.delivery;
    writer.beginObject();
    writer.key("delivery_id").string(delivery.id.str());
    writer.key("run_id").string(delivery.run_id.str());
    writer.key("thread_id").string(delivery.thread_id.str());
    writer.key("url").string(maskedUrl(delivery.url));
    writer.key("status").string(toString(delivery.status));
    writer.key("attempt_count").integer(delivery.attempts);
    writeTime(writer, "next_attempt_at", nextAttempt(logged));
    writer.key("created_at").string(delivery.created_at.iso());
    writer.key("updated_at").string(delivery.updated_at.iso());
    writer.key("attempts").beginArray();
    for (const auto& attempt : logged.attempts) writeAttempt(writer, attempt, responses);
    writer.endArray().endObject();
}

}  // namespace heddle::api
