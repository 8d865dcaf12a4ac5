// SPDX-License-Identifier: Apache-2.0
// The names at the top of a webhook's body, in its order: what `webhooks.allowed_fields` may list.
#pragma once

#include <array>
#include <string_view>

namespace heddle {

inline constexpr std::array<std::string_view, 14> kWebhookFieldNames = {
    "run_id",       "thread_id",          "assistant_id", "metadata",   "status",
    "kwargs",       "multitask_strategy", "created_at",   "updated_at", "run_started_at",
    "run_ended_at", "webhook_sent_at",    "values",       "error"};

}  // namespace heddle
