// SPDX-License-Identifier: Apache-2.0
// What goes on the wire for one attempt, addresses and time limit aside. Pure.
#pragma once

#include "base/secret.hpp"
#include "domain/delivery.hpp"
#include "http/client.hpp"
#include "webhook/url.hpp"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace heddle::webhook {

using ConfiguredHeaders = std::vector<std::pair<std::string, Secret>>;

// What makes attempts differ (Standard Webhooks 1.0): when it is sent, and the proof of it.
struct Stamp {
    std::int64_t timestamp_s = 0;
    std::string signature;  // empty: there is no key
};

// User-Agent and Content-Type; then the configured headers, which replace ours, except those that frame the
// message or say whom it is for (Host, Content-Length, Connection, …); then webhook-id, webhook-timestamp,
// webhook-signature and traceparent. `body`: stamped(delivery).
http::ClientRequest buildRequest(const Url& url, const Delivery& delivery, std::string body,
                                 const ConfiguredHeaders& configured, const std::string& user_agent,
                                 const Stamp& stamp);

}  // namespace heddle::webhook
