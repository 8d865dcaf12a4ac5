// SPDX-License-Identifier: Apache-2.0
// What the configuration means for the parts of the server.
#pragma once

#include "base/time.hpp"
#include "config/config.hpp"
#include "run/service.hpp"
#include "sql/database.hpp"
#include "webhook/dispatcher.hpp"

#include <boost/asio/awaitable.hpp>

namespace heddle::app {

// Stores the assistant that every graph has. Throws std::runtime_error when it cannot.
boost::asio::awaitable<void> storeSystemAssistants(sql::Database& db, const config::Config& config,
                                                   Timestamp now);
[[nodiscard]] run::ServiceOptions serviceOptions(const config::Config& config);
[[nodiscard]] webhook::Credentials webhookCredentials(const config::Config& config);

}  // namespace heddle::app
