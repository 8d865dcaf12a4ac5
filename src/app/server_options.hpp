// SPDX-License-Identifier: Apache-2.0
// What the configuration means for the parts of the server.
#pragma once

#include "base/time.hpp"
#include "config/config.hpp"
#include "domain/assistant.hpp"
#include "run/service.hpp"
#include "webhook/dispatcher.hpp"

#include <vector>

namespace heddle::app {

// The assistant that every graph has.
[[nodiscard]] std::vector<Assistant> systemAssistants(const config::Config& config, Timestamp now);
[[nodiscard]] run::ServiceOptions serviceOptions(const config::Config& config);
[[nodiscard]] webhook::Credentials webhookCredentials(const config::Config& config);

}  // namespace heddle::app
