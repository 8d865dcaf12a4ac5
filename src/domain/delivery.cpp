// SPDX-License-Identifier: Apache-2.0
#include "domain/delivery.hpp"

#include "domain/enum_names.hpp"

namespace heddle {
namespace {

constexpr EnumNames<DeliveryStatus, 5> kStatuses{{
    {DeliveryStatus::kPending, "pending"},
    {DeliveryStatus::kSucceeded, "succeeded"},
    {DeliveryStatus::kExhausted, "exhausted"},
    {DeliveryStatus::kGone, "gone"},
    {DeliveryStatus::kCancelled, "cancelled"},
}};

constexpr EnumNames<AttemptOutcome, 18> kOutcomes{{
    {AttemptOutcome::kSuccess, "success"},
    {AttemptOutcome::kGone, "gone"},
    {AttemptOutcome::kRedirect, "redirect"},
    {AttemptOutcome::kHttpError, "http_error"},
    {AttemptOutcome::kBlocked, "blocked"},
    {AttemptOutcome::kDnsFailed, "dns_failed"},
    {AttemptOutcome::kConnectRefused, "connect_refused"},
    {AttemptOutcome::kConnectTimeout, "connect_timeout"},
    {AttemptOutcome::kConnectFailed, "connect_failed"},
    {AttemptOutcome::kTlsExpired, "tls_expired"},
    {AttemptOutcome::kTlsHostname, "tls_hostname"},
    {AttemptOutcome::kTlsUntrusted, "tls_untrusted"},
    {AttemptOutcome::kTlsFailed, "tls_failed"},
    {AttemptOutcome::kTimeout, "timeout"},
    {AttemptOutcome::kReset, "reset"},
    {AttemptOutcome::kBadResponse, "bad_response"},
    {AttemptOutcome::kProxyFailed, "proxy_failed"},
    {AttemptOutcome::kInterrupted, "interrupted"},
}};

}  // namespace

std::string_view toString(DeliveryStatus status) {
    return kStatuses.name(status);
}

std::optional<DeliveryStatus> parseDeliveryStatus(std::string_view text) {
    return kStatuses.parse(text);
}

std::string_view toString(AttemptOutcome outcome) {
    return kOutcomes.name(outcome);
}

std::optional<AttemptOutcome> parseAttemptOutcome(std::string_view text) {
    return kOutcomes.parse(text);
}

}  // namespace heddle
