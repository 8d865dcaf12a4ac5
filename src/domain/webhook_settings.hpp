// SPDX-License-Identifier: Apache-2.0
// How webhooks are sent and which destinations are allowed (langgraph.json `webhooks`), as configured.
#pragma once

#include "base/secret.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace heddle {

// Which fields a webhook's body carries.
struct WebhookFields {
    std::vector<std::string> allowed;                // top-level keys; empty: all
    std::size_t body_bytes_max = 8UL * 1024 * 1024;  // above it `values` and `kwargs` give way to a reference
    std::string reference_prefix;                    // before the paths of references: http.mount_prefix
};

struct WebhookTls {
    std::string ca_file;    // PEM bundle, absolute path; empty: the system's
    std::string cert_file;  // the client's certificate chain, PEM; with key_file or not at all
    std::string key_file;
};

// An HTTP proxy that tunnels (CONNECT) to every destination but those of `except`.
struct WebhookProxy {
    enum class Resolve {
        kHere,   // names are resolved and judged here, the proxy is asked for the address
        kProxy,  // the proxy is asked for the name; only literal addresses can be judged here
    };
    std::string host;  // a name or an address
    std::uint16_t port = 3128;
    Secret authorization;             // "Basic …" for Proxy-Authorization; empty: none
    std::vector<std::string> except;  // hosts; "*.example.com" matches subdomains only
    Resolve resolve = Resolve::kHere;
};

struct WebhookSettings {
    std::vector<std::string>
        allowed_domains;  // lower case; "*.example.com" matches subdomains only. Empty: any
    std::vector<std::uint16_t> allowed_ports;   // empty: any
    std::vector<std::string> allowed_networks;  // CIDRs whose private or loopback addresses may be dialled
    bool require_https = false;
    std::string mount_prefix;             // http.mount_prefix: relative URLs are below it
    bool disable_loopback = false;        // refuses relative URLs and loopback addresses
    std::size_t max_url_length = 65'536;  // characters
    bool stateless_values = false;
    std::vector<std::int64_t> retry_schedule_s = {5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400};
    std::int64_t timeout_s = 30;          // one attempt, lookup to last byte
    std::int64_t connect_timeout_s = 10;  // of it: connection, proxy and TLS
    std::optional<double> rate_per_s;     // attempts to one destination; nothing: as fast as it answers
    WebhookFields fields;
    WebhookTls tls;
    std::optional<WebhookProxy> proxy;

    // From the server's own situation, not from langgraph.json:
    bool loopback_only = true;  // the server listens only on loopback
    bool dev = false;
};

}  // namespace heddle
