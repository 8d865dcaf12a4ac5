// SPDX-License-Identifier: Apache-2.0
// Webhook deliveries as the API shows them.
#pragma once

#include "base/json.hpp"
#include "store/delivery_log.hpp"

#include <string>
#include <string_view>

namespace heddle::api {

// A URL's query may hold a token: it is shown as `?***`. User information, which new URLs cannot have, as
// `***@`.
[[nodiscard]] std::string maskedUrl(std::string_view url);

// `responses`: with what the receiver answered (attempts' `response_body`), or without the field.
void writeAttempt(JsonWriter& writer, const DeliveryAttempt& attempt, store::Responses responses);
void writeDelivery(JsonWriter& writer, const store::LoggedDelivery& logged, store::Responses responses);

}  // namespace heddle::api
