// SPDX-License-Identifier: Apache-2.0
// A webhook delivery: one row of the outbox, written in the transaction that ends its run.
#pragma once

#include "base/ids.hpp"
#include "base/time.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace heddle {

enum class DeliveryStatus { kPending, kDelivered, kFailed };

[[nodiscard]] std::string_view toString(DeliveryStatus status);
[[nodiscard]] std::optional<DeliveryStatus> parseDeliveryStatus(std::string_view text);

struct Delivery {
    DeliveryId id;
    RunId run_id;
    ThreadId thread_id;
    std::string url;   // as the client gave it; its query is a secret
    std::string lane;  // its destination, scheme://host:port or "self" (webhook::laneOf); no secret
    // The JSON body with a placeholder of 32 characters at `sent_at_offset`, where `webhook_sent_at` goes.
    // The first attempt's time is committed before it dials, so every attempt sends the same bytes.
    std::string body;
    std::int64_t sent_at_offset = 0;
    std::optional<Timestamp> first_sent_at;
    DeliveryStatus status = DeliveryStatus::kPending;
    std::int64_t attempts = 0;
    Timestamp due_at;
    Timestamp created_at;
    std::optional<int> last_status_code;
    std::string last_error;  // why the last attempt failed: never a URL's query, never a body
};

}  // namespace heddle
