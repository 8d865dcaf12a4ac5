// SPDX-License-Identifier: Apache-2.0
// Which webhook destinations are allowed (langgraph.json `webhooks.url`), as configured.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace heddle {

struct WebhookSettings {
    std::vector<std::string>
        allowed_domains;  // lower case; "*.example.com" matches subdomains only. Empty: any
    std::vector<std::uint16_t> allowed_ports;   // empty: any
    std::vector<std::string> allowed_networks;  // CIDRs whose private or loopback addresses may be dialled
    bool require_https = false;
    bool disable_loopback = false;        // refuses relative URLs and loopback addresses
    std::size_t max_url_length = 65'536;  // characters
    bool stateless_values = false;
    std::vector<std::int64_t> retry_schedule_s = {5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400};

    // From the server's own situation, not from langgraph.json:
    bool loopback_only = true;  // the server listens only on loopback
    bool dev = false;
};

}  // namespace heddle
