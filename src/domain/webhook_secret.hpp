// SPDX-License-Identifier: Apache-2.0
// The secret that signs webhooks, as Standard Webhooks spells it: "whsec_" and base64 of 24 to 64 bytes.
#pragma once

#include "base/random.hpp"
#include "base/result.hpp"
#include "base/secret.hpp"

#include <string>
#include <string_view>

namespace heddle {

// The key itself: the decoded bytes. A refusal says what is wrong and never repeats a piece of the text.
Result<Secret> parseWebhookSecret(std::string_view text);

// The text of a new secret of 24 bytes. `random` must be fit for keys (SystemRandom).
[[nodiscard]] std::string newWebhookSecret(Random& random);

}  // namespace heddle
