// SPDX-License-Identifier: Apache-2.0
// What goes on the wire for one attempt, addresses and time limit aside. Pure.
#pragma once

#include "base/secret.hpp"
#include "domain/delivery.hpp"
#include "http/client.hpp"
#include "webhook/url.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace heddle::webhook {

using ConfiguredHeaders = std::vector<std::pair<std::string, Secret>>;

// User-Agent, Content-Type and, from the URL's userinfo, Authorization; then the configured headers, which
// replace ours, except those that frame the message or say whom it is for (Host, Content-Length, Connection,
// …). The body is the delivery's, stamped with its first attempt's time: the same bytes at every attempt.
http::ClientRequest buildRequest(const Url& url, const Delivery& delivery,
                                 const ConfiguredHeaders& configured, const std::string& user_agent);

}  // namespace heddle::webhook
