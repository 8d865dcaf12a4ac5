// SPDX-License-Identifier: Apache-2.0
// The body of a webhook (mission.md "Payload"): the run, plus values, webhook_sent_at and error.
#pragma once

#include "domain/delivery.hpp"
#include "domain/run.hpp"
#include "domain/webhook_settings.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace heddle::webhook {

struct Payload {
    std::string body;
    // Where the 32 characters of webhook_sent_at stand; negative: the body has no such field.
    std::int64_t sent_at_offset = -1;
};

// The row that carries it also needs Delivery::lane = laneOf(url) (webhook/url.hpp).
// `run` is terminal. `values`: the state's values (with `__interrupt__` where input is awaited), or nothing
// to leave the field out (stateless runs). Without langgraph_auth_* keys and `__*` keys inside kwargs.config.
// Never above fields.body_bytes_max (which is at least limits::kWebhookBodyLeast): `values`, `kwargs` and
// `metadata` give way in this order to {"$truncated":true,"url":…} with the path they can be read at, then
// the error's message is cut. Valid JSON whatever happens.
Payload buildPayload(const Run& run, const std::optional<RawJson>& values, const WebhookFields& fields);

// The body with webhook_sent_at filled in. Throws std::runtime_error for a damaged row.
std::string stamped(const Delivery& delivery, Timestamp sent_at);

}  // namespace heddle::webhook
